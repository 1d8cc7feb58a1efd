package runner

import (
	"fmt"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner/internal/hint"
)

// settleCollisions finds objects that calls, each of which was right in
// itself, gave the same identity. Failing one restores its old identity, which
// may collide in turn, so it goes on until nothing is left to fail.
func (e *engine) settleCollisions(parts []part) {
	if !e.listChanged(parts) {
		return
	}
	dropEqualAdditions(parts)
	for e.failCollisions(parts) {
	}
}

// listChanged reports whether any identity in the list is new.
func (e *engine) listChanged(parts []part) bool {
	for _, p := range parts {
		if len(p.added) > 0 {
			return true
		}
	}
	for _, o := range e.outcomes {
		if renamed(o) {
			return true
		}
	}
	return false
}

func renamed(o ItemOutcome) bool {
	return o.Out != nil && o.Out != o.In && o.Out.Identity() != o.In.Identity()
}

// dropEqualAdditions keeps one of the equal objects that several calls added:
// a function that adds the same object to every list means one.
func dropEqualAdditions(parts []part) {
	first := make(map[krm.Identity]*krm.Item)
	for i := range parts {
		kept := parts[i].added[:0:0]
		for _, it := range parts[i].added {
			id := it.Identity()
			if id.Name != "" && first[id] != nil && first[id].Equal(it) {
				continue
			}
			if first[id] == nil {
				first[id] = it
			}
			kept = append(kept, it)
		}
		parts[i].added = kept
	}
}

// failCollisions fails what collides now and reports whether it failed any.
func (e *engine) failCollisions(parts []part) bool {
	count := make(map[krm.Key]int, len(e.outcomes))
	for _, o := range e.outcomes {
		if o.Out != nil {
			count[o.Out.Identity().Key()]++
		}
	}
	for _, p := range parts {
		for _, it := range p.added {
			count[it.Identity().Key()]++
		}
	}
	failed := false
	for i, o := range e.outcomes {
		if renamed(o) && collides(count, o.Out) {
			e.fail(i, e.duplicate(o.Out.Identity(), "another object is it too"))
			failed = true
		}
	}
	for i := range parts {
		failed = e.failAddition(&parts[i], count) || failed
	}
	return failed
}

// failAddition fails the items of a call that added what is there already:
// half of what the call did is not used.
func (e *engine) failAddition(p *part, count map[krm.Key]int) bool {
	for _, it := range p.added {
		if !collides(count, it) {
			continue
		}
		p.added = nil
		for _, i := range p.items {
			if e.outcomes[i].Status != Failed {
				e.fail(i, e.duplicate(it.Identity(), "it was added although it is there already, perhaps by the call for other objects"))
			}
		}
		return true
	}
	return false
}

func (e *engine) duplicate(id krm.Identity, why string) *FunctionError {
	return &FunctionError{
		Function: e.opts.Name,
		Hint:     hint.List,
		Err:      fmt.Errorf("%w: %s: %s", ErrDuplicate, id, why),
	}
}
