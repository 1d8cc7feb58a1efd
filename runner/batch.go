package runner

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/velero-krm/velero-krm/krm"
)

// How many runs there are, each without the objects that the ones before blame,
// before the rest is halved or, where it must stay together, fails.
const (
	blameRounds     = 4
	wholeListRounds = 8
)

// engine is one Transform.
type engine struct {
	f        Function
	opts     TransformOptions
	items    []*krm.Item
	context  []*krm.Item // opts.Context with its mark
	contexts map[krm.Identity]int
	bare     *krm.Item // has no annotations

	// outcomes has one entry per item. Only the call that an item is part of
	// writes its entry.
	outcomes []ItemOutcome

	calls       atomic.Int64
	interrupted atomic.Bool // ctx ended before all was done

	*trial
}

func newEngine(f Function, items []*krm.Item, opts TransformOptions) *engine {
	e := &engine{
		f: f, opts: opts, items: items,
		context:  markContext(opts.Context),
		contexts: make(map[krm.Identity]int, len(opts.Context)),
		bare:     bareItem(),
		outcomes: make([]ItemOutcome, len(items)),
		trial:    newTrial(items),
	}
	for _, it := range opts.Context {
		e.contexts[it.Identity()]++
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
	all := make([]int, len(e.items))
	for i := range all {
		all[i] = i
	}
	parts := e.runSome(ctx, e.cut(all))
	for again := e.takeUp(); len(again) > 0 && !e.interrupted.Load(); again = e.takeUp() {
		parts = append(parts, e.runSome(ctx, e.cut(again))...)
	}
	e.failPostponed()
	slices.SortStableFunc(parts, func(a, b part) int { return a.items[0] - b.items[0] })
	return parts
}

func (e *engine) runSome(ctx context.Context, batches [][]int) []part {
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
	return slices.Concat(parts...)
}

// idBytes are about what the id adds to an item.
const idBytes = len(IDAnnotation) + 30

// cut cuts the items idx into batches.
func (e *engine) cut(idx []int) [][]int {
	if e.opts.WholeList {
		return [][]int{idx}
	}
	var batches [][]int
	start, bytes := 0, 0
	for i, at := range idx {
		size := len(e.items[at].Raw()) + idBytes
		if i > start && (i-start >= e.opts.MaxBatchItems || bytes+size > e.opts.MaxBatchBytes) {
			batches = append(batches, idx[start:i:i])
			start, bytes = i, 0
		}
		bytes += size
	}
	return append(batches, idx[start:])
}

// process decides what becomes of the items idx. rounds counts how often
// objects to blame were taken out of the list since it was last halved.
func (e *engine) process(ctx context.Context, idx []int, rounds int) []part {
	if ctx.Err() != nil {
		e.interrupted.Store(true)
	}
	if e.interrupted.Load() {
		return nil
	}
	if halted := e.haltedBy(); halted != nil {
		e.failAll(idx, halted)
		return nil
	}
	if idx = e.postpone(idx); len(idx) == 0 {
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
	e.note(idx, v.err)
	results := v.err.Results
	if len(idx) > 1 && !e.opts.WholeList {
		v.err = e.ifTooSlow(v.err)
	}
	if len(idx) == 1 || v.err.Systemic || errors.Is(v.err, ErrNotTried) || e.failsWhole(v, rounds) {
		e.failWith(idx, v)
		return []part{{items: idx, results: results}}
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
		judged := e.accept(rest, verdict{results: v.err.Results})
		judged.items = idx
		return []part{judged}
	}
	if rounds+1 >= blameRounds && len(rest) > 1 && !e.opts.WholeList {
		return append(parts, e.divide(ctx, rest)...)
	}
	return append(parts, e.process(ctx, rest, rounds+1)...)
}

// divide processes idx in two halves. As long as nothing is known of a kind,
// it first tries objects of it alone, here and there: either one succeeds, and
// its outcome counts, or the function fails on everything of that kind.
func (e *engine) divide(ctx context.Context, idx []int) []part {
	var parts []part
	rest := idx
	for probe := 0; len(rest) > 1; probe++ {
		unproven := e.unproven(rest)
		if len(unproven) == 0 {
			break
		}
		one := unproven[probe*618*len(unproven)/1000%len(unproven)]
		parts = append(parts, e.process(ctx, []int{one}, 0)...)
		rest = slices.DeleteFunc(slices.Clone(rest), func(i int) bool { return i == one })
	}
	half := len(rest) / 2
	parts = append(parts, e.process(ctx, rest[:half:half], 0)...)
	return append(parts, e.process(ctx, rest[half:], 0)...)
}

func (e *engine) accept(idx []int, v verdict) part {
	e.prove(idx)
	for pos, i := range idx {
		if e.keep(i); v.outcomes != nil {
			e.outcomes[i] = v.outcomes[pos]
		}
	}
	return part{items: idx, results: v.results, added: v.added}
}

// failWith fails all of idx: each with the error that blames it, or else
// with that of the call.
func (e *engine) failWith(idx []int, v verdict) {
	if e.opts.WholeList && len(idx) > 1 && !v.err.Systemic {
		v = e.failWhole(v)
	}
	for pos, i := range idx {
		switch err := v.blame[pos]; {
		case err != nil:
			e.fail(i, err)
		case v.onlyBlamed:
			e.keep(i)
		default:
			e.fail(i, v.err)
		}
	}
}

func (e *engine) failAll(idx []int, err *FunctionError) {
	for _, i := range idx {
		e.fail(i, err)
	}
}

func (e *engine) keep(i int) {
	e.outcomes[i] = ItemOutcome{Status: Unchanged, In: e.items[i], Out: e.items[i]}
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
	for i := range e.outcomes {
		if e.outcomes[i].Status == "" { // its call never came back
			e.fail(i, &FunctionError{Function: e.opts.Name, Err: ErrNoAnswer})
		}
	}
	e.settleCollisions(parts)
	out := &Outcome{Items: e.outcomes, Calls: int(e.calls.Load())}
	for _, p := range parts {
		out.Results = append(out.Results, p.results...)
		out.Added = append(out.Added, p.added...)
	}
	return out
}
