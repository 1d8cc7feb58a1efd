package runner

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/velero-krm/velero-krm/krm"
)

// How long Transform goes on with a function that fails. Finding that a
// function fails on everything must not cost a call per object: 8 processes
// of a kyaml function cost 60 ms (docs/rationale.md, Measurements), 8 time-outs of
// 30 s each would cost 4 minutes.
const (
	maxSingleFailures = 8  // objects of a kind that fail alone while none succeeded
	maxSingleTimeouts = 3  // the same for time-outs
	maxTimeouts       = 32 // calls that timed out, before these are not halved any more
	tryAllItems       = 32 // lists up to this long are tried to the end
)

// trial is what is known about how the function does. Objects of one kind are
// alike to most functions, and lists come sorted by kind: what fails on every
// Pod says nothing about the Deployments that follow.
type trial struct {
	kinds []*kind // by item

	mu        sync.Mutex
	halted    *FunctionError // why no further call is made; nil: go on
	last      *FunctionError // of an object that failed alone
	proven    bool           // some call succeeded
	singles   int            // objects that failed alone
	slow      int            // those of them that timed out
	timeouts  int            // calls that timed out
	postponed []int          // items of kinds that were given up
}

// kind is what is known about the objects of one kind. trial.mu guards it.
type kind struct {
	proven        bool // a call with one of them succeeded
	singles, slow int  // as in trial
	last          *FunctionError
}

func newTrial(items []*krm.Item) *trial {
	t := &trial{kinds: make([]*kind, len(items))}
	byName := make(map[[2]string]*kind)
	for i, it := range items {
		id := it.Identity()
		name := [2]string{id.Group(), id.Kind}
		if byName[name] == nil {
			byName[name] = new(kind)
		}
		t.kinds[i] = byName[name]
	}
	return t
}

func (t *trial) haltedBy() *FunctionError {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.halted
}

// prove takes down a call that succeeded.
func (t *trial) prove(idx []int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.proven = true
	for _, i := range idx {
		t.kinds[i].proven = true
	}
}

// note takes down a call that failed.
func (t *trial) note(idx []int, err *FunctionError) {
	t.mu.Lock()
	defer t.mu.Unlock()
	timedOut := errors.Is(err, ErrTimeout)
	if timedOut {
		t.timeouts++
	}
	if err.Systemic {
		t.halted = err
		return
	}
	if len(idx) != 1 {
		return
	}
	k := t.kinds[idx[0]]
	t.last, k.last = err, err
	t.singles++
	k.singles++
	if timedOut {
		t.slow++
		k.slow++
	}
}

// givenUp reports whether the function is taken to fail on everything of a
// kind. Once it failed on many objects, one of each further kind is enough, as
// long as it succeeded on nothing at all. t.mu must be held.
func (t *trial) givenUp(k *kind) bool {
	switch {
	case k.proven:
		return false
	case k.slow >= maxSingleTimeouts, !t.proven && t.slow >= maxSingleTimeouts:
		return true
	case len(t.kinds) <= tryAllItems:
		return false
	case k.singles >= maxSingleFailures:
		return true
	}
	return !t.proven && t.singles >= maxSingleFailures && k.singles > 0
}

// postpone returns the items of idx but for those of kinds that are given up:
// they wait until all else is done.
func (t *trial) postpone(idx []int) []int {
	t.mu.Lock()
	defer t.mu.Unlock()
	var rest []int
	for _, i := range idx {
		if t.givenUp(t.kinds[i]) {
			t.postponed = append(t.postponed, i)
		} else {
			rest = append(rest, i)
		}
	}
	return rest
}

// takeUp returns the postponed items that are to be tried after all: a call
// that ran meanwhile has succeeded.
func (t *trial) takeUp() []int {
	t.mu.Lock()
	defer t.mu.Unlock()
	var again, still []int
	for _, i := range t.postponed {
		if t.givenUp(t.kinds[i]) {
			still = append(still, i)
		} else {
			again = append(again, i)
		}
	}
	t.postponed = still
	slices.Sort(again)
	return again
}

// unproven returns those of idx of whose kind nothing is known yet.
func (t *trial) unproven(idx []int) []int {
	t.mu.Lock()
	defer t.mu.Unlock()
	var unproven []int
	for _, i := range idx {
		if k := t.kinds[i]; !k.proven && !t.givenUp(k) {
			unproven = append(unproven, i)
		}
	}
	return unproven
}

// ifTooSlow returns err; or, when it is a time-out and there were so many
// that finding out which objects cause them costs too much, the error of all
// objects of the call.
func (t *trial) ifTooSlow(err *FunctionError) *FunctionError {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.timeouts <= maxTimeouts || !errors.Is(err, ErrTimeout) {
		return err
	}
	return notTried(err, fmt.Sprintf("the call for it and others is one of %d that took too long", t.timeouts))
}

// failPostponed fails what is postponed for good.
func (e *engine) failPostponed() {
	for _, i := range e.postponed {
		last, tried := e.kinds[i].last, e.kinds[i].singles
		if last == nil {
			last, tried = e.last, e.singles
		}
		e.fail(i, notTried(last, fmt.Sprintf("the function failed on all %d of its kind that it was tried on", tried)))
	}
}

func notTried(last *FunctionError, why string) *FunctionError {
	err := *last
	err.Results = nil
	err.Err = fmt.Errorf("%w: %s: %w", ErrNotTried, why, last.Err)
	return &err
}
