package fn

import (
	"context"
	"fmt"
	"iter"

	"github.com/velero-krm/velero-krm/krm"
)

// List is what a function works on. It belongs to one call and one goroutine.
type List struct {
	// Objects may be reordered, appended to and cut. Dropped objects stay in
	// it until the function returns.
	Objects []*Object

	// ctx is here because an iteration must end when the call's context does,
	// and range has no place for it.
	ctx     context.Context
	results []krm.Result
}

func newList(ctx context.Context, in *krm.ResourceList) *List {
	// One allocation for all objects: most of them are never looked at.
	objects := make([]Object, len(in.Items))
	l := &List{ctx: ctx, Objects: make([]*Object, len(in.Items))}
	for i, item := range in.Items {
		objects[i].item = item
		l.Objects[i] = &objects[i]
	}
	return l
}

// All yields the objects that were not dropped, those added during the
// iteration excluded. It ends early when the context of the call ends; the
// call then fails and what was done is discarded. An object that was decoded
// is encoded again when the iteration goes on, so that a list of any length
// has one decoded object; looking into it once more decodes it once more.
func (l *List) All() iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for _, o := range l.Objects {
			if l.ctx.Err() != nil {
				return
			}
			if o.dropped {
				continue
			}
			if !yield(o) {
				return
			}
			o.release()
		}
	}
}

// Of yields, as [List.All] does, the objects of one kind in any version.
func (l *List) Of(group, kind string) iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for o := range l.All() {
			if o.Is(group, kind) && !yield(o) {
				return
			}
		}
	}
}

// Drop takes o out of what the function returns. It may be called during an
// iteration and costs nothing. A pipeline permits it only to steps that are
// allowed to delete.
func (l *List) Drop(o *Object) { o.dropped = true }

// Add appends an object that exists as an item. A pipeline permits it only to
// steps that are allowed to create.
func (l *List) Add(item *krm.Item) *Object {
	o := &Object{item: item}
	l.Objects = append(l.Objects, o)
	return o
}

// AddMap appends a new object made from its fields, which are kept. What is
// no KRM object makes the function fail when it returns.
func (l *List) AddMap(fields map[string]any) *Object {
	o := &Object{fields: fields, live: true}
	l.Objects = append(l.Objects, o)
	return o
}

// Report adds a result.
func (l *List) Report(r krm.Result) { l.results = append(l.results, r) }

// ReportOn adds a result about one field of an object; path may be empty. The
// message must not hold values that may be secret.
func (l *List) ReportOn(o *Object, severity krm.Severity, path, message string) {
	r := krm.Result{Message: message, Severity: severity, ResourceRef: krm.RefTo(o.Identity())}
	if path != "" {
		r.Field = &krm.Field{Path: path}
	}
	l.Report(r)
}

// Fail adds a result of severity error about o: this object could not be
// transformed. The others of the batch, or with scope List of the whole list, are
// tried again without it: fail with it those that would come out wrong then.
func (l *List) Fail(o *Object, err error) {
	path, message := "", err.Error()
	if te, ok := err.(*TypeError); ok { //nolint:errorlint // of a wrapped one the rest of the message is needed
		path, message = te.Path, te.reason()
	}
	l.ReportOn(o, krm.Error, path, message)
}

// requestSaying is the message of a result that asks for an additional item.
const requestSaying = "additional item %s"

// RequestItems asks Velero for additional items: objects that go into the
// backup, or are restored, together with o. It adds a result of severity info
// for each, with the tag [krm.AdditionalItemTag]. What cannot be the name of an
// object fails o. A validator must not ask, and what o is not backed up or
// restored with, because it is dropped or fails, is not asked for.
func (l *List) RequestItems(o *Object, items ...krm.AdditionalItem) {
	for _, item := range items {
		if err := item.Check(); err != nil {
			l.Fail(o, err)
			continue
		}
		l.Report(krm.Result{
			Message: fmt.Sprintf(requestSaying, item), Severity: krm.Info, ResourceRef: krm.RefTo(o.Identity()),
			Tags: map[string]string{krm.AdditionalItemTag: item.String()},
		})
	}
}

// finish turns the list back into what goes over the wire.
func (l *List) finish(function string, in *krm.ResourceList, err error) (*krm.ResourceList, error) {
	if cause := context.Cause(l.ctx); cause != nil {
		return nil, &RunError{Function: function, Results: l.results, Err: cause}
	}
	if err != nil {
		return nil, &RunError{Function: function, Results: l.results, Err: err}
	}
	out := &krm.ResourceList{Items: make([]*krm.Item, 0, len(l.Objects))}
	out.Results = append(append(out.Results, in.Results...), l.results...)
	for i, o := range l.Objects {
		if o.dropped {
			continue
		}
		item, err := o.finish()
		if err != nil {
			return nil, &RunError{Function: function, Results: l.results, Err: fmt.Errorf("encode object %d (%s): %w", i, o.Identity(), err)}
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}
