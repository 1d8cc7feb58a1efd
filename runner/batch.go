package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/velero-krm/velero-krm/krm"
)

// How long Transform goes on with a function that fails. Finding that a
// function fails on everything must not cost a call per object: 8 processes
// of a kyaml function cost 60 ms (krm-contract.md section 5.2), 8 time-outs of
// 30 s each would cost 4 minutes.
const (
	maxSingleFailures = 8  // objects that fail alone while none succeeded
	maxSingleTimeouts = 3  // the same for time-outs
	maxTimeouts       = 32 // calls that timed out, before these are not halved any more
	tryAllItems       = 32 // lists up to this long are tried to the end
	blameRounds       = 4  // runs without the objects to blame, before the rest is halved
)

// engine is one Transform.
type engine struct {
	f        Function
	opts     TransformOptions
	items    []*krm.Item
	tagged   []*krm.Item // items with their id
	context  []*krm.Item // opts.Context with its mark
	contexts map[krm.Identity]int
	bare     *krm.Item // has no annotations

	// outcomes has one entry per item. Only the call that an item is part of
	// writes its entry.
	outcomes []ItemOutcome

	calls       atomic.Int64
	successes   atomic.Int64
	interrupted atomic.Bool // ctx ended before all was done

	mu       sync.Mutex
	halted   *FunctionError // why no further call is made; nil: go on
	singles  int            // objects that failed alone
	timeouts int            // calls that timed out
	slow     int            // objects that timed out alone
}

func newEngine(f Function, items []*krm.Item, opts TransformOptions) *engine {
	e := &engine{
		f: f, opts: opts, items: items,
		tagged:   tagItems(items),
		context:  markContext(opts.Context),
		contexts: make(map[krm.Identity]int, len(opts.Context)),
		bare:     bareItem(),
		outcomes: make([]ItemOutcome, len(items)),
	}
	for _, it := range opts.Context {
		e.contexts[it.Identity()]++
	}
	for i, it := range items {
		e.outcomes[i] = ItemOutcome{Status: Unchanged, In: it, Out: it}
	}
	return e
}

// part is a call whose results count.
type part struct {
	items   []int // indexes of the items it was about
	results []krm.Result
	added   []*krm.Item
}

// runBatches runs all batches, some at once, and returns their parts in the
// order of the items.
func (e *engine) runBatches(ctx context.Context) []part {
	batches := e.cut()
	parts := make([][]part, len(batches))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(e.opts.MaxConcurrency, len(batches)) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(batches) {
					return
				}
				parts[i] = e.process(ctx, batches[i], 0)
			}
		})
	}
	wg.Wait()
	all := slices.Concat(parts...)
	slices.SortStableFunc(all, func(a, b part) int { return a.items[0] - b.items[0] })
	return all
}

// cut returns the indexes of the items of each batch.
func (e *engine) cut() [][]int {
	all := make([]int, len(e.items))
	for i := range all {
		all[i] = i
	}
	if e.opts.WholeList {
		return [][]int{all}
	}
	var batches [][]int
	start, bytes := 0, 0
	for i, it := range e.tagged {
		size := len(it.Raw())
		if i > start && (i-start >= e.opts.MaxBatchItems || bytes+size > e.opts.MaxBatchBytes) {
			batches = append(batches, all[start:i:i])
			start, bytes = i, 0
		}
		bytes += size
	}
	return append(batches, all[start:])
}

// process decides what becomes of the items idx. rounds counts how often
// objects to blame were taken out of the list since it was last halved.
func (e *engine) process(ctx context.Context, idx []int, rounds int) []part {
	if ctx.Err() != nil {
		e.interrupted.Store(true)
	}
	if len(idx) == 0 || e.interrupted.Load() {
		return nil
	}
	if halted := e.haltedBy(); halted != nil {
		e.failAll(idx, halted)
		return nil
	}
	v := e.call(ctx, idx)
	if v.err == nil {
		return []part{e.accept(idx, v)}
	}
	if ctx.Err() != nil {
		e.interrupted.Store(true)
		return nil
	}
	e.note(len(idx), v)
	if len(idx) == 1 || e.opts.WholeList || v.err.Systemic || e.tooSlow(v.err) {
		e.failWith(idx, v)
		return []part{{items: idx, results: v.err.Results}}
	}
	if len(v.blame) == 0 {
		return e.divide(ctx, idx)
	}
	return e.withoutBlamed(ctx, idx, v, rounds)
}

// withoutBlamed fails the objects that v blames and goes on with the others.
// A function that names one object per run is not run once per object: after
// some rounds the rest is halved.
func (e *engine) withoutBlamed(ctx context.Context, idx []int, v verdict, rounds int) []part {
	var blamed, rest []int
	for pos, i := range idx {
		if err := v.blame[pos]; err != nil {
			e.fail(i, err)
			blamed = append(blamed, i)
		} else {
			rest = append(rest, i)
		}
	}
	parts := []part{{items: blamed, results: e.resultsAbout(blamed, v.err.Results)}}
	if v.onlyBlamed {
		// A validator has judged all of them; its output is not used anyway.
		e.successes.Add(1)
		return []part{{items: idx, results: v.err.Results}}
	}
	if rounds+1 >= blameRounds && len(rest) > 1 {
		return append(parts, e.divide(ctx, rest)...)
	}
	return append(parts, e.process(ctx, rest, rounds+1)...)
}

// divide processes idx in two halves. While nothing has succeeded yet, it
// first tries objects alone, here and there: either one succeeds, and its
// outcome counts, or the function fails on everything.
func (e *engine) divide(ctx context.Context, idx []int) []part {
	var parts []part
	rest := idx
	for probe := 0; len(rest) > 1 && e.unproven(); probe++ {
		at := probe * 618 * len(rest) / 1000 % len(rest)
		parts = append(parts, e.process(ctx, rest[at:at+1:at+1], 0)...)
		rest = append(append([]int(nil), rest[:at]...), rest[at+1:]...)
	}
	half := len(rest) / 2
	parts = append(parts, e.process(ctx, rest[:half:half], 0)...)
	return append(parts, e.process(ctx, rest[half:], 0)...)
}

// unproven reports whether no call has succeeded so far and trying goes on.
func (e *engine) unproven() bool {
	return e.successes.Load() == 0 && !e.interrupted.Load() && e.haltedBy() == nil
}

func (e *engine) haltedBy() *FunctionError {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.halted
}

// note takes down a call that failed and decides whether to make further ones.
func (e *engine) note(items int, v verdict) {
	e.mu.Lock()
	defer e.mu.Unlock()
	timedOut := errors.Is(v.err, ErrTimeout)
	if timedOut {
		e.timeouts++
	}
	if v.err.Systemic {
		e.halted = v.err
		return
	}
	if items != 1 {
		return
	}
	e.singles++
	if timedOut {
		e.slow++
	}
	if e.halted != nil || e.successes.Load() > 0 {
		return
	}
	if e.slow >= maxSingleTimeouts || (e.singles >= maxSingleFailures && len(e.items) > tryAllItems) {
		e.halted = notTried(v.err, e.singles)
	}
}

func notTried(last *FunctionError, tried int) *FunctionError {
	err := *last
	err.Results = nil
	err.Err = fmt.Errorf("%w it (%d): %w", ErrNotTried, tried, last.Err)
	return &err
}

// tooSlow reports whether err is a time-out and there were so many that
// finding out which objects cause them costs too much.
func (e *engine) tooSlow(err error) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.timeouts > maxTimeouts && errors.Is(err, ErrTimeout)
}

func (e *engine) accept(idx []int, v verdict) part {
	e.successes.Add(1)
	for pos, i := range idx {
		if v.outcomes != nil {
			e.outcomes[i] = v.outcomes[pos]
		}
	}
	return part{items: idx, results: v.results, added: v.added}
}

// failWith fails all of idx: each with the error that blames it, or else
// with that of the call.
func (e *engine) failWith(idx []int, v verdict) {
	for pos, i := range idx {
		switch err := v.blame[pos]; {
		case err != nil:
			e.fail(i, err)
		case !v.onlyBlamed:
			e.fail(i, v.err)
		}
	}
}

func (e *engine) failAll(idx []int, err *FunctionError) {
	for _, i := range idx {
		e.fail(i, err)
	}
}

func (e *engine) fail(i int, err *FunctionError) {
	in := e.items[i]
	e.outcomes[i] = ItemOutcome{Status: Failed, In: in, Out: in, Err: err}
}

// resultsAbout returns the results that name one of the items.
func (e *engine) resultsAbout(idx []int, results []krm.Result) []krm.Result {
	if len(results) == 0 {
		return nil
	}
	named := make(map[krm.Identity]bool, len(idx))
	for _, i := range idx {
		named[e.items[i].Identity()] = true
	}
	var about []krm.Result
	for _, r := range results {
		if r.ResourceRef != nil && named[refIdentity(r.ResourceRef)] {
			about = append(about, r)
		}
	}
	return about
}

// outcome puts the parts together.
func (e *engine) outcome(parts []part) *Outcome {
	e.settleCollisions(parts)
	out := &Outcome{Items: e.outcomes, Calls: int(e.calls.Load())}
	for _, p := range parts {
		out.Results = append(out.Results, p.results...)
		out.Added = append(out.Added, p.added...)
	}
	return out
}
