package starlark

import (
	"context"
	"runtime"
	"runtime/metrics"

	"go.starlark.net/starlark"
)

const (
	// baseSteps and stepsPerObject bound the work of a script: a second or so for
	// the first, a hundredth for each object. A step of the interpreter takes 15 to
	// 35 ns, one that a function of a module spends up to 135, most of them below
	// 60, and two to three times that where all cores are busy (BenchmarkSteps,
	// 2026-11-22).
	baseSteps      = 10_000_000
	stepsPerObject = 100_000
	// maxMemory is how much the memory of the process may grow while a script
	// runs, in bytes; objects of one call are some megabytes. Half of it may be in
	// use, the rest is for what was not collected yet.
	maxMemory = 512 << 20
	// watchEvery is the number of steps between two looks at the memory: a text
	// that doubles itself does so three times in them.
	watchEvery = 16
	// maxCalls bounds recursion, which Go would let use 1 GB of stack.
	maxCalls = 1000
)

// heapMetric is the memory that objects of Go hold.
const heapMetric = "/memory/classes/heap/objects:bytes"

// watchKey is where a thread has its watch.
const watchKey = "watch"

const (
	reasonSteps = "it takes too many steps"
	reasonEnded = "the call ended"
)

// spend counts the work of a function that a script calls as steps of the
// script, before the work is done: nothing else looks before it returns.
func spend(thread *starlark.Thread, steps uint64) error {
	thread.Steps += steps
	w, ok := thread.Local(watchKey).(*watch)
	switch {
	case !ok:
		return nil
	case thread.Steps >= w.limit:
		return cancelled(reasonSteps)
	case w.ctx.Err() != nil:
		return cancelled(reasonEnded)
	}
	return nil
}

// cancelled is the error of a function in which a script was ended, its text
// why. The interpreter has a text of its own for what ends between functions.
type cancelled string

func (c cancelled) Error() string { return string(c) }

// watch ends a script that runs too long, grows too large or whose call ended.
type watch struct {
	ctx    context.Context //nolint:containedctx // the thread has no other way to see it
	limit  uint64
	sample []metrics.Sample
	// heap is where the memory is collected, used what may be left of it then.
	heap, used uint64
}

func newSample() metrics.Sample { return metrics.Sample{Name: heapMetric} }

func watchThread(ctx context.Context, thread *starlark.Thread, objects int) {
	w := &watch{ctx: ctx, limit: baseSteps + uint64(objects)*stepsPerObject, sample: []metrics.Sample{newSample()}}
	now := w.memory()
	w.heap, w.used = now+maxMemory, now+maxMemory/2
	thread.OnMaxSteps = w.look
	thread.SetLocal(watchKey, w)
	thread.SetMaxExecutionSteps(watchEvery)
}

func (w *watch) look(thread *starlark.Thread) {
	steps := thread.ExecutionSteps()
	switch {
	case steps >= w.limit:
		thread.Cancel(reasonSteps)
	case thread.CallStackDepth() > maxCalls:
		thread.Cancel("its functions call each other too deeply")
	case w.tooLarge():
		thread.Cancel("it takes too much memory")
	case w.ctx.Err() != nil:
		thread.Cancel(reasonEnded)
	}
	thread.SetMaxExecutionSteps(steps + watchEvery)
}

// tooLarge tells what a script holds from what it, or another call in the
// process, left to be collected: with a large list that alone may be more than
// a script may take. No collection is for less than half of that, so that a
// script near its bound does not make one after the other.
func (w *watch) tooLarge() bool {
	if w.memory() <= w.heap {
		return false
	}
	runtime.GC()
	return w.memory() > w.used
}

func (w *watch) memory() uint64 {
	metrics.Read(w.sample)
	if w.sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return w.sample[0].Value.Uint64()
}
