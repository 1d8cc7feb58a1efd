package pipeline

import (
	"github.com/velero-krm/velero-krm/runner"
)

// prepare wraps the function of s for one execution: the time limit of each
// call, a record of all calls, and the check of what it returns. done writes
// the record into a report.
func (x *execution) prepare(s *step, selection []*cell) (f runner.Function, done func(*StepReport)) {
	totals := &runner.Totals{}
	f = runner.WithTimeout(s.function, s.timeout())
	f = runner.WithRecord(f, totals, runner.RecordClock(x.program.clock))
	if outside := x.outside(selection); len(outside) > 0 && !s.validator {
		f = &guard{next: f, name: s.name, outside: outside}
	}
	if x.around != nil {
		f = x.around(s.name, f)
	}
	begin := x.program.clock()
	return f, func(r *StepReport) {
		_, _, sum := totals.Sum()
		r.Stderr = sum.Stderr
		r.Elapsed = x.program.clock().Sub(begin)
	}
}
