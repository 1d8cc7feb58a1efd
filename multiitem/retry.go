package multiitem

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// runState is one run of a [Runner]: what has an answer, and whom to suspect.
type runState struct {
	runner *Runner
	job    Job
	proc   *Process
	action string // name

	calls     int         // that have begun
	single    int         // the index that the call under way is for, -1: many
	swept     bool        // only suspects are left
	suspects  []int       // that are still to be sent alone, ascending
	fromEnd   bool        // the end of suspects to take the next from
	alone     map[int]int // calls for it alone that an item was left unanswered by
	fruitless int         // calls in a row that failed without an answer
	idle      int         // those of them that found nobody to blame
	stalls    int         // the same for stalls
	starts    int         // calls in a row that failed before items were asked for
	wholes    int         // calls with the whole list that failed
	broken    int         // violations of single answers

	mu       sync.Mutex // the sender reads what the receiver writes
	answered indexSet
	left     map[int]int // calls that an item was left unanswered by
	low      int         // every index below has an answer
	end      int         // length of the list, -1 as long as it is unknown
	fruits   int         // answers of the action in this call
	created  map[ResourceIdentifier]struct{}
	summary  Summary
}

func newRunState(r *Runner, job Job) *runState {
	return &runState{
		runner: r, job: job, single: -1, end: -1,
		left: make(map[int]int), alone: make(map[int]int),
		created: make(map[ResourceIdentifier]struct{}),
		summary: Summary{Statuses: make(map[Status]int)},
	}
}

// call does the next call: for a suspect alone, or for all that is left.
func (st *runState) call(ctx context.Context) (*Closing, error) {
	p, err := st.process(ctx)
	if err != nil {
		return nil, err
	}
	st.calls++
	st.summary.Calls++
	job := st.job
	job.Sink = (*runSink)(st)
	job.Run.Attempt = st.calls
	var from feed = &runFeed{runState: st}
	st.single = st.suspect()
	if st.single >= 0 {
		job.Run.TotalItems = 1
		from = &singleFeed{source: job.Source, index: st.single}
	}
	var ignored func(*CallError)
	if st.broken >= maxViolations {
		ignored = st.note
	}
	return p.Client.execute(ctx, job, from, ignored)
}

// suspect returns the item to send alone, -1 when there is none. Suspects come
// last: one that is to blame often has others of its kind beside it in the
// list, all of them to blame, and what is not suspected must not wait for them,
// nor be given up with them. For the same reason they are taken from the other
// end after each that was to blame.
func (st *runState) suspect() int {
	if !st.swept {
		return -1
	}
	if st.single >= 0 && !st.has(st.single) {
		return st.single
	}
	if len(st.suspects) == 0 {
		return -1
	}
	i := 0
	if st.fromEnd {
		i = len(st.suspects) - 1
	}
	index := st.suspects[i]
	st.suspects = slices.Delete(st.suspects, i, i+1)
	return index
}

// sweep notes that all that is not suspected has its answer.
func (st *runState) sweep() {
	if st.swept {
		return
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.swept = true
	st.suspects = slices.Sorted(maps.Keys(st.left))
}

// has reports whether an item has its answer.
func (st *runState) has(index int) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.answered.has(index)
}

// close takes what the action told at the end of a call that succeeded.
func (st *runState) close(ctx context.Context, c *Closing) error {
	st.starts = 0
	st.sweep()
	st.summary.WholeList = st.summary.WholeList || c.WholeList
	st.summary.Records = mergeRecords(st.summary.Records, c.Records)
	if c.NothingToDo && st.any() {
		e := &CallError{Action: st.action, Reason: ErrMalformed, Detail: "nothing to do in a run of which it had answered items", Index: -1, Started: true}
		st.note(e)
		return st.failRest(ctx, e)
	}
	st.summary.NothingToDo = c.NothingToDo
	return nil
}

// done reports whether every item has its answer.
func (st *runState) done() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.summary.NothingToDo || st.end >= 0 && st.answered.n >= st.end
}

// note keeps a failure for the summary.
func (st *runState) note(e *CallError) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(st.summary.Failures) < maxFailures {
		st.summary.Failures = append(st.summary.Failures, e)
	}
}

// settle decides what follows a failed call. An error ends the run.
func (st *runState) settle(ctx context.Context, e *CallError) error {
	st.note(e)
	st.runner.log.Warn("call of multi-item action failed", "action", e.Action, "error", e, "unanswered", len(e.Unanswered))
	if !errors.Is(e, ErrPanicked) && !errors.Is(e, ErrMissing) && !errors.Is(e, ErrAction) {
		st.stop(true)
	}
	st.count(e)
	switch {
	case !e.retriable() && !e.Started && !st.any():
		return e
	case !e.retriable():
		return st.giveUp(ctx, e)
	case !e.Started && st.starts >= maxStarts && !st.any():
		return e
	case !e.Started && st.starts >= maxStarts,
		st.fruitless >= maxFruitless, st.idle >= maxIdle, st.stalls >= maxStalls:
		return st.failRest(ctx, fmt.Errorf("%w: %w", ErrGaveUp, e))
	case e.WholeList:
		return st.settleWhole(ctx, e)
	}
	if err := st.blame(ctx, e); err != nil {
		return err
	}
	if st.done() && st.single < 0 {
		st.summary.Unclosed = e
	}
	return nil
}

// count keeps how often calls fail in a row.
func (st *runState) count(e *CallError) {
	st.mu.Lock()
	fruits := st.fruits
	st.fruits = 0
	st.mu.Unlock()
	st.fruitless++
	st.idle++
	if errors.Is(e, ErrStalled) {
		st.stalls++
	}
	if fruits > 0 {
		st.fruitless, st.idle, st.stalls = 0, 0, 0
	}
	st.starts++
	if e.Started {
		st.starts = 0
	}
	if errors.Is(e, ErrAnsweredTwice) || errors.Is(e, ErrUnknownIndex) {
		st.broken++
	}
}

// any reports whether any item has an answer.
func (st *runState) any() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.answered.n > 0
}

// settleWhole sends a whole list once more, then fails it: part of it alone
// would give another result.
func (st *runState) settleWhole(ctx context.Context, e *CallError) error {
	st.wholes++
	st.summary.WholeList = true
	if st.wholes < resends {
		return nil
	}
	return st.failRest(ctx, e)
}

// blame keeps which items a call left unanswered, and fails the one that was
// sent alone often enough. A second answer for an item is not the doing of
// those that wait for their first.
func (st *runState) blame(ctx context.Context, e *CallError) error {
	if errors.Is(e, ErrAnsweredTwice) {
		return nil
	}
	st.mu.Lock()
	for _, i := range e.Unanswered {
		st.left[i]++
	}
	st.mu.Unlock()
	if len(e.Unanswered) != 1 || st.single < 0 {
		return nil
	}
	i := e.Unanswered[0]
	st.alone[i]++
	limit := singles
	if errors.Is(e, ErrStalled) {
		limit = 1 // each costs a whole timeout
	}
	if st.alone[i] < limit {
		return nil
	}
	st.fromEnd, st.idle = !st.fromEnd, 0
	return st.fail(ctx, i, e)
}

// fail answers for one item.
func (st *runState) fail(ctx context.Context, index int, cause error) error {
	it, err := st.job.Source.Load(ctx, index)
	if err != nil {
		return err
	}
	failed := &ItemError{Action: st.action, Item: it.ID, Index: index, Err: cause}
	return st.take(ctx, failed.answer())
}

// giveUp fails what an action left that gave up. When that is nothing, no item
// tells of it.
func (st *runState) giveUp(ctx context.Context, e *CallError) error {
	failed := st.summary.Statuses[Failed]
	if err := st.failRest(ctx, e); err != nil {
		return err
	}
	if st.summary.Statuses[Failed] == failed {
		st.summary.Unclosed = e
	}
	return nil
}

// failRest answers for every item that has no answer.
func (st *runState) failRest(ctx context.Context, cause error) error {
	rest := &runFeed{runState: st, everything: true}
	for {
		if ctx.Err() != nil {
			return fmt.Errorf("fail what is left: %w", context.Cause(ctx))
		}
		i, it, err := rest.next(ctx)
		if errors.Is(err, ErrEnd) {
			return nil
		}
		if err != nil {
			return err
		}
		failed := &ItemError{Action: st.action, Item: it.ID, Index: i, Err: cause}
		if err := st.take(ctx, failed.answer()); err != nil {
			return err
		}
	}
}

// take gives an answer to the Sink and keeps that it was given.
func (st *runState) take(ctx context.Context, a Answer) error {
	if err := st.job.Sink.Answer(ctx, a); err != nil {
		return err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	delete(st.left, a.Index)
	st.answered.add(a.Index)
	for st.answered.has(st.low) {
		st.low++
	}
	st.summary.Statuses[a.Status]++
	if a.Err == nil {
		st.fruits++
	}
	return nil
}

// runSink is the Sink of the calls of a run.
type runSink runState

var _ Sink = (*runSink)(nil)

func (s *runSink) Answer(ctx context.Context, a Answer) error {
	return (*runState)(s).take(ctx, a)
}

// Created keeps the first object of a name: a call that is repeated may create
// it again.
func (s *runSink) Created(ctx context.Context, c Created) error {
	if _, twice := s.created[c.ID]; twice {
		s.summary.Duplicates++
		return nil
	}
	if err := s.job.Sink.Created(ctx, c); err != nil {
		return err
	}
	s.created[c.ID] = struct{}{}
	s.summary.Created++
	return nil
}

// runFeed gives what has no answer, without suspects unless they are asked for.
type runFeed struct {
	*runState
	everything bool
	at         int
}

func (f *runFeed) next(ctx context.Context) (int, *Item, error) {
	f.at = f.pending(f.at, f.everything)
	it, err := f.job.Source.Load(ctx, f.at)
	if errors.Is(err, ErrEnd) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.end = f.at
	}
	if err != nil {
		return 0, nil, err
	}
	f.at++
	return f.at - 1, it, nil
}

// pending returns the first index from at on that has no answer.
func (st *runState) pending(at int, everything bool) int {
	st.mu.Lock()
	defer st.mu.Unlock()
	at = max(at, st.low)
	for st.answered.has(at) || !everything && st.left[at] >= resends {
		at++
	}
	return at
}

// singleFeed gives one item.
type singleFeed struct {
	source Source
	index  int
	given  bool
}

func (f *singleFeed) next(ctx context.Context) (int, *Item, error) {
	if f.given {
		return 0, nil, ErrEnd
	}
	f.given = true
	it, err := f.source.Load(ctx, f.index)
	return f.index, it, err
}

// mergeRecords adds records to those of earlier calls; those of one step become
// one.
func mergeRecords(all, more []Record) []Record {
	for _, r := range more {
		i := slices.IndexFunc(all, func(o Record) bool {
			return o.Step == r.Step && o.Function == r.Function && o.Digest == r.Digest
		})
		if i < 0 {
			r.Counts, r.Durations = maps.Clone(r.Counts), maps.Clone(r.Durations)
			all = append(all, r)
			continue
		}
		all[i] = addRecord(all[i], r)
	}
	return all
}

func addRecord(a, b Record) Record {
	a.Calls += b.Calls
	a.Counts = addMap(a.Counts, b.Counts)
	a.Durations = addMap(a.Durations, b.Durations)
	room := max(maxResults-len(a.Results), 0)
	a.Results = append(slices.Clip(a.Results), b.Results[:min(room, len(b.Results))]...)
	if b.StderrTail != "" {
		a.StderrTail = b.StderrTail
	}
	return a
}

func addMap[V ~int | ~int64](a, b map[string]V) map[string]V {
	if a == nil {
		return maps.Clone(b)
	}
	for k, v := range b {
		a[k] += v
	}
	return a
}
