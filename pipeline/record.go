package pipeline

import (
	"github.com/velero-krm/velero-krm/runner"
)

// prepare wraps the function of s for one execution: the time limit of each
// call, the check of what it returns, and a record of all calls. done writes
// the record into a report.
func (x *execution) prepare(s *step, selection []*cell) (f runner.Function, done func(*StepReport)) {
	f = runner.WithTimeout(s.function, s.timeout())
	if outside := x.outside(selection); len(outside) > 0 && !s.validator {
		f = &guard{next: f, name: s.name, outside: outside}
	}
	return f, func(*StepReport) {}
}
