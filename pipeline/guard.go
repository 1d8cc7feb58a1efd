package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// guard refuses output that holds an object of the list which is outside the
// step's selection. As a wrapper it lets the runner bisect down to the object
// that makes the function do it.
type guard struct {
	next runner.Function
	name string
	// outside has the objects that the step does not select.
	outside map[krm.Identity]bool
}

var _ runner.Function = (*guard)(nil)

// Run runs the wrapped function and looks at what it returns.
func (g *guard) Run(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
	out, err := g.next.Run(ctx, in)
	if err != nil {
		return out, err
	}
	for _, it := range out.Items {
		if id := it.Identity(); g.outside[id] && !holds(in.Items, id) {
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

// holds reports whether an object was given to the call after all: the same
// object may be in the list twice, and the context may be one of the list.
func holds(items []*krm.Item, id krm.Identity) bool {
	return slices.ContainsFunc(items, func(it *krm.Item) bool { return it.Identity() == id })
}

// outside returns the identities of the objects that are not in selection:
// those that other steps work on, and failed ones, which stay as they came.
// Objects without a name are left out: nothing can be taken for them.
func (x *execution) outside(selection []*cell) map[krm.Identity]bool {
	selected := make(map[*cell]bool, len(selection))
	for _, c := range selection {
		selected[c] = true
	}
	outside := make(map[krm.Identity]bool, len(x.cells)-len(selection))
	for _, c := range x.cells {
		var id krm.Identity
		switch {
		case c.active() && !selected[c]:
			id = c.item.Identity()
		case c.status == runner.Failed && c.in != nil:
			id = c.in.Identity()
		}
		if id.Name != "" {
			outside[id] = true
		}
	}
	return outside
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
	} {
		if errors.Is(err, h.err) {
			return h.hint
		}
	}
	return ""
}
