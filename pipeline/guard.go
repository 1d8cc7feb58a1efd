package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// guard refuses output that holds an object of the list that this call was
// not given: one outside the selection, or in another batch. As a wrapper it
// lets the runner bisect down to the object that makes the function do it.
type guard struct {
	next runner.Function
	name string
	list map[krm.Identity]bool
}

var _ runner.Function = (*guard)(nil)

// Run runs the wrapped function and looks at what it returns.
func (g *guard) Run(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
	out, err := g.next.Run(ctx, in)
	if err != nil {
		return out, err
	}
	given := make(map[krm.Identity]bool, len(in.Items))
	for _, it := range in.Items {
		given[it.Identity()] = true
	}
	for _, it := range out.Items {
		if id := it.Identity(); id.Name != "" && !given[id] && g.list[id] {
			return nil, &runner.FunctionError{
				Function: g.name,
				Results:  out.Results,
				Err:      fmt.Errorf("%w: %s", ErrOutsideSelection, id),
				Hint:     "select that object too, or make the function leave it alone",
			}
		}
	}
	return out, nil
}

// identities returns those of all objects that are in the list now, and of
// failed ones, which stay as they came.
func (x *execution) identities() map[krm.Identity]bool {
	list := make(map[krm.Identity]bool, len(x.cells))
	for _, c := range x.cells {
		if c.active() {
			list[c.item.Identity()] = true
		}
		if c.status == runner.Failed && c.in != nil {
			list[c.in.Identity()] = true
		}
	}
	return list
}

// collision reports that the step created an object twice, or gave a new or
// renamed object an identity that another one has. Calls cannot see it when
// the two come from different batches.
func (x *execution) collision(selection []*cell, outcome *runner.Outcome) error {
	moved := len(outcome.Added) > 0
	for _, o := range outcome.Items {
		moved = moved || o.Status == runner.Changed && o.In.Identity() != o.Out.Identity()
	}
	if !moved {
		return nil
	}
	taken := map[krm.Identity]int{}
	inStep := make(map[*cell]bool, len(selection))
	for _, c := range selection {
		inStep[c] = true
	}
	for _, c := range x.cells {
		if c.active() && !inStep[c] {
			taken[c.item.Identity()]++
		}
	}
	var movers []*krm.Item
	for _, o := range outcome.Items {
		switch {
		case o.Status == runner.Removed:
		case o.Out.Identity() != o.In.Identity():
			movers = append(movers, o.Out)
		default:
			taken[o.Out.Identity()]++
		}
	}
	for _, it := range append(movers, outcome.Added...) {
		id := it.Identity()
		if id.Name == "" {
			continue // generateName: each becomes an object of its own
		}
		if taken[id]++; taken[id] > 1 {
			return fmt.Errorf("%w: %s", ErrCollision, id)
		}
	}
	return nil
}

// settle fails objects that moved to an identity that a failed object, going
// back to what it came as, needs again. Each round that goes on fails one
// object at least, so it ends.
func (x *execution) settle() {
	for again := len(x.mover) > 0; again; {
		again = false
		back := map[krm.Identity]bool{}
		for _, c := range x.cells {
			if c.status == runner.Failed && c.in != nil {
				back[c.in.Identity()] = true
			}
		}
		for c, step := range x.mover {
			if c.active() && c.moved() && back[c.item.Identity()] {
				c.fail(step, fmt.Errorf("%w: %s", ErrCollision, c.item.Identity()), "repair the failure of that object first")
				again = true
			}
		}
	}
}

// permissionHint says what to do about output that the step does not permit.
func permissionHint(err error) string {
	for _, h := range []struct {
		err  error
		hint string
	}{
		{runner.ErrRemoved, "if it should, add Delete to the step's allow"},
		{runner.ErrRenamed, "if it should, add Rename to the step's allow"},
		{runner.ErrCreated, "if it should, add Create to the step's allow"},
		{runner.ErrDuplicate, "make the function return each object once"},
		{ErrCollision, "give the objects different names; a function that creates one object for the whole list needs scope List"},
	} {
		if errors.Is(err, h.err) {
			return h.hint
		}
	}
	return ""
}
