package multiitem

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

const (
	// resends is how often an item is sent together with others: once more than
	// the first time, as processes also die of what no item is to blame for.
	resends = 2
	// singles is how often an item is sent alone before it is to blame: a
	// process that is killed from outside while it works on one item must not
	// be taken for that item's doing.
	singles = 2
	// maxFruitless is after how many failed calls in a row, none of which gave
	// an answer, a run gives up: when 128 suspects one after the other were to
	// blame. A process starts in 32 ms (measured 2026 on two cores), so that takes
	// some 10 s.
	maxFruitless = 256
	// maxIdle is the same for calls that did not find out an item to blame
	// either: whatever is wrong, it is not the items.
	maxIdle = 32
	// maxStalls is the same as maxFruitless for calls that stalled, each of which costs a whole
	// progress timeout.
	maxStalls = 8
	// maxStarts is how often a process may fail before it asked for items.
	maxStarts = 3
	// maxViolations is how many answers for items that were not sent, or sent
	// and answered, cost the plugin its process. Those after are not looked at.
	maxViolations = 4
	// maxFailures bounds Summary.Failures.
	maxFailures = 100
)

// Process is one running plugin process.
type Process struct {
	// Client of the action in it.
	Client *Client
	// Stop ends the process, or releases it to whom it is shared with; nil does
	// nothing. failed tells that it died, stalled or broke the protocol: it
	// must be killed then, not asked to exit.
	Stop func(failed bool)
}

// Start starts a plugin process, or returns one that runs. The [Runner] stops
// each process once and asks for another when the first has failed.
type Start func(ctx context.Context) (*Process, error)

// Runner runs jobs on an action and survives its process.
//
// When a call fails because the process died, stalled, panicked or broke the
// protocol, the items that it left unanswered are sent to a new process. Those
// that were unanswered twice are sent when all others are done, one call each;
// one that fails its own call twice fails by name, the others go through. Answers that were taken
// are never asked for again. A whole list, of which no answer is taken before
// the call succeeds, is sent a second time and then fails as a whole.
//
// A Runner is safe for concurrent use; each run has a process of its own.
type Runner struct {
	start Start
	log   *slog.Logger
}

// RunnerOption changes how a [Runner] works.
type RunnerOption func(*Runner)

// WithRunnerLogger makes a runner tell of processes that it replaces. The
// default discards.
func WithRunnerLogger(log *slog.Logger) RunnerOption {
	return func(r *Runner) { r.log = log }
}

// NewRunner returns a runner that gets its processes from start.
func NewRunner(start Start, opts ...RunnerOption) *Runner {
	r := &Runner{start: start, log: slog.New(slog.DiscardHandler)}
	for _, o := range opts {
		o(r)
	}
	return r
}

// Summary tells how a run went.
type Summary struct {
	// Calls of Execute; 1 when nothing went wrong.
	Calls int
	// Starts of a process; 1 when nothing went wrong.
	Starts int
	// Statuses counts answers, those of items that failed without one included.
	Statuses map[Status]int
	// Created counts the objects that the Sink got.
	Created int
	// Duplicates counts created objects that were dropped, because one of the
	// same name had been taken before.
	Duplicates int
	// Records of all calls, those of one step added up.
	Records []Record
	// Failures are the calls that failed and the answers that were not looked
	// at, in order; at most 100.
	Failures []*CallError
	// NothingToDo is true when the action declined: the Sink was not used.
	NothingToDo bool
	// WholeList is true when the action got the whole list at once.
	WholeList bool
	// Unclosed is set when all items were answered but the last call failed
	// before it was closed: objects that were to be created at its end may be
	// missing, and its records are.
	Unclosed error
}

// Run gives every item of the job's Source to the action and every answer to
// its Sink. When it returns nil, the Sink got exactly one answer for each item,
// [Failed] with Answer.Err for those that could not be processed, unless
// Summary.NothingToDo.
//
// # Errors
//
//   - *[CallError] when the action refused the run, or its process failed
//     whenever it was started: no item was sent. Of the first kind is what the
//     action returns before it asks for items.
//   - the cause of ctx when that has ended.
//   - the error of Start for the first process, of Source or of Sink.
//
// The Summary is never nil.
func (r *Runner) Run(ctx context.Context, job Job) (*Summary, error) {
	st := newRunState(r, job)
	defer func() { st.stop(false) }()
	for {
		closing, err := st.call(ctx)
		if failed, ok := errors.AsType[*CallError](err); ok {
			err = st.settle(ctx, failed)
		} else if err == nil {
			err = st.close(ctx, closing)
		}
		if err != nil {
			return &st.summary, err
		}
		if st.done() {
			return &st.summary, nil
		}
	}
}

// process returns the process to use, which it starts when there is none.
func (st *runState) process(ctx context.Context) (*Process, error) {
	if st.proc != nil {
		return st.proc, nil
	}
	p, err := st.runner.start(ctx)
	if err == nil {
		st.summary.Starts++
		st.proc, st.action = p, p.Client.Name()
		return p, nil
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("start plugin process: %w", context.Cause(ctx))
	}
	if st.summary.Starts == 0 {
		return nil, fmt.Errorf("start plugin process: %w", err)
	}
	return nil, &CallError{Action: st.action, Reason: ErrDied, Detail: "start it again: " + err.Error(), Index: -1, Err: err}
}

// stop gives the process back.
func (st *runState) stop(failed bool) {
	if st.proc != nil && st.proc.Stop != nil {
		st.proc.Stop(failed)
	}
	st.proc = nil
}
