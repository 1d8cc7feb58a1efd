package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// guard refuses output that holds an object of the list which is outside the
// step's selection. As a wrapper it lets the runner bisect down to the object
// that makes the function do it.
type guard struct {
	next runner.Function
	name string
	// outside has the objects that the step does not select, whatever their
	// version: the API server knows one object of the name.
	outside map[krm.Key]bool
}

var _ runner.Function = (*guard)(nil)

// Run runs the wrapped function and looks at what it returns.
func (g *guard) Run(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
	out, err := g.next.Run(ctx, in)
	if err != nil {
		return out, err
	}
	var given map[krm.Key]bool // made when it is needed, which is hardly ever
	for _, it := range out.Items {
		id := it.Identity()
		if !g.outside[id.Key()] {
			continue
		}
		if given == nil {
			given = keys(in.Items)
		}
		if !given[id.Key()] {
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

// keys are those of objects that were given to the call: one of them may
// be outside the selection all the same, when the same object is in the list
// twice or the context is one of the list.
func keys(items []*krm.Item) map[krm.Key]bool {
	ids := make(map[krm.Key]bool, len(items))
	for _, it := range items {
		ids[it.Identity().Key()] = true
	}
	return ids
}

// outside returns the keys of the objects that are not in selection:
// those that other steps work on, and failed ones, which stay as they came.
// Objects without a name are left out: nothing can be taken for them.
func (x *execution) outside(selection []*cell) map[krm.Key]bool {
	selected := make(map[*cell]bool, len(selection))
	for _, c := range selection {
		selected[c] = true
	}
	outside := make(map[krm.Key]bool, len(x.cells)-len(selection))
	for _, c := range x.cells {
		var id krm.Identity
		switch {
		case c.active() && !selected[c]:
			id = c.item.Identity()
		case c.status == runner.Failed && c.in != nil:
			id = c.in.Identity()
		}
		if id.Name != "" {
			outside[id.Key()] = true
		}
	}
	return outside
}

// settle follows up what failed, until nothing more does. An object that came
// goes back to where it came from: one that moved there fails. One that a step
// created is gone: it may be what the step made of the objects that it removed,
// so these fail, too, and stay in the list as they came.
func (x *execution) settle() {
	var failed []*cell
	for _, c := range x.cells {
		if c.status == runner.Failed {
			failed = append(failed, c)
		}
	}
	if len(failed) == 0 {
		return
	}
	moved, removed := x.moved(), x.removed()
	for len(failed) > 0 {
		c := failed[len(failed)-1]
		failed = failed[:len(failed)-1]
		if c.in == nil {
			failed = append(failed, x.failRemoved(removed[c.addedBy], c)...)
			continue
		}
		id := c.in.Identity()
		for _, c := range moved[id.Key()] {
			if c.active() {
				c.fail(x.mover[c], fmt.Errorf("%w: %s", ErrCollision, id), "repair the failure of that object first")
				failed = append(failed, c)
			}
		}
	}
}

// failRemoved fails those of removed that did not yet, and returns them.
func (x *execution) failRemoved(removed []*cell, created *cell) (failed []*cell) {
	for _, c := range removed {
		if c.status == runner.Removed {
			c.fail(c.step, fmt.Errorf("%w: %s", ErrReplacement, created.item.Identity()), "repair the failure of that object first")
			failed = append(failed, c)
		}
	}
	return failed
}

// moved returns the objects that are where they did not come from, by where
// they are. Those without a name get theirs later.
func (x *execution) moved() map[krm.Key][]*cell {
	moved := map[krm.Key][]*cell{}
	for _, c := range x.cells {
		if c.active() && c.moved() && c.item.Identity().Name != "" {
			key := c.item.Identity().Key()
			moved[key] = append(moved[key], c)
		}
	}
	return moved
}

// removed returns the objects that are removed, by the step that did it.
func (x *execution) removed() map[string][]*cell {
	removed := map[string][]*cell{}
	for _, c := range x.cells {
		if c.status == runner.Removed {
			removed[c.step] = append(removed[c.step], c)
		}
	}
	return removed
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
