package starlark

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// The kind that configures the function of the same name in the public
// catalogue.
const (
	runAPIVersion = "fn.kpt.dev/v1alpha1"
	runKind       = "StarlarkRun"
)

// Function returns the function.
func Function() fn.Function {
	return fn.New("starlark", "Runs a Starlark script over the list, with the config of the public catalogue's function (StarlarkRun).", transform,
		fn.AcceptConfig(runAPIVersion, runKind),
		fn.Describe(fn.About{Kinds: []string{fn.AnyKind}, Needs: fn.Needs{
			Create:  "with a script that adds objects",
			Delete:  "with a script that removes objects",
			Rename:  "with a script that changes apiVersion, kind, namespace or name",
			Context: "with a script that reads the RunContext among the items",
			List:    "with a script for which it matters which objects come together",
		}}), fn.KeepConfig())
}

const keyItems = "items"

func transform(ctx context.Context, c Config, list *fn.List) error {
	s := script{
		list: list, reader: newReader(len(list.Objects)), speaker: newSpeaker(c.Source, list),
		origins: make(map[*starlark.Dict]*fn.Object, len(list.Objects)),
	}
	s.writer.tells = s.speaker.tells
	resources := s.resourceList(c.whole)
	params, err := s.reader.encoded(c.params())
	if err != nil {
		return fmt.Errorf("read params: %w", err)
	}
	thread := &starlark.Thread{Name: scriptName, Print: s.speaker.print, Load: newLoader()}
	watchThread(ctx, thread, len(list.Objects))
	context := starlarkstruct.FromStringDict(starlarkstruct.Default, starlark.StringDict{"resource_list": resources, keyParams: params})
	if _, err := c.program.Init(thread, predeclared(context)); err != nil {
		return s.speaker.explain(err)
	}
	return s.collect(resources)
}

// params are the parameters as an empty map when there are none.
func (c Config) params() map[string]any {
	if c.Params == nil {
		return map[string]any{}
	}
	return c.Params
}

// script is one run.
type script struct {
	list *fn.List
	// origins are the objects that dicts were made from; nil for a dict that is in
	// the result already.
	origins map[*starlark.Dict]*fn.Object
	reader  reader
	writer  writer
	speaker *speaker
}

// resourceList is what the script sees and changes.
func (s *script) resourceList(config *krm.Item) *starlark.Dict {
	items := make([]starlark.Value, len(s.list.Objects))
	for i, o := range s.list.Objects {
		d := s.reader.object(o.Item().Raw())
		s.origins[d] = o
		items[i] = d
	}
	resources := starlark.NewDict(4)
	for _, e := range []starlark.Tuple{
		{starlark.String("apiVersion"), starlark.String("config.kubernetes.io/v1")},
		{starlark.String("kind"), starlark.String("ResourceList")},
		{starlark.String(keyItems), starlark.NewList(items)},
		{starlark.String("functionConfig"), s.reader.object(config.Raw())},
	} {
		//nolint:errcheck // fails for a frozen dict and a key that is no string
		resources.SetKey(e[0], e[1])
	}
	return resources
}

// collect makes the list what the script made of it.
func (s *script) collect(resources *starlark.Dict) error {
	if _, found, _ := resources.Get(starlark.String("results")); found {
		return errors.New("run script: results are not read: use print or fail")
	}
	value, _, err := resources.Get(starlark.String(keyItems))
	if err != nil {
		return fmt.Errorf("run script: read items: %w", err)
	}
	items, ok := value.(*starlark.List)
	if !ok {
		return errors.New(`run script: ctx.resource_list["items"] is no list any more`)
	}
	kept := make([]*fn.Object, 0, items.Len())
	for i := range items.Len() {
		object, err := s.object(i, items.Index(i))
		if err != nil {
			return fmt.Errorf("run script: %w", err)
		}
		kept = append(kept, object)
	}
	s.list.Objects = kept
	return nil
}

// object returns what stands for the i-th element of items.
func (s *script) object(i int, v starlark.Value) (*fn.Object, error) {
	d, ok := v.(*starlark.Dict)
	if !ok {
		return nil, fmt.Errorf("items[%d]: is no object but a %s", i, v.Type())
	}
	object, known := s.origins[d]
	if known && object == nil {
		return nil, fmt.Errorf("items[%d]: is there twice", i)
	}
	s.origins[d] = nil
	item, err := s.itemOf(object, d)
	switch {
	case err != nil && object != nil:
		// It is the call that fails, not this object alone: what the script made of
		// others may go with it, as a new name and what refers to it.
		return nil, fmt.Errorf("what the script made of %s: %w", object.Identity(), err)
	case err != nil:
		return nil, fmt.Errorf("items[%d]: %w", i, err)
	}
	return s.list.Add(item), nil
}

// itemOf returns the item that a dict stands for: that of the object which it
// was made from when it is still the same. object is nil for a new one.
func (s *script) itemOf(object *fn.Object, d *starlark.Dict) (*krm.Item, error) {
	var raw []byte
	var err error
	if object == nil {
		raw, err = s.writer.write(d)
	} else {
		var changed bool
		if raw, changed, err = s.writer.rewrite(object.Item().Raw(), d); err == nil && !changed {
			return object.Item(), nil
		}
	}
	if err != nil {
		return nil, err
	}
	item, err := krm.NewItem(slices.Clone(raw))
	if err != nil {
		return nil, fmt.Errorf("is no Kubernetes object: %w", err)
	}
	return item, nil
}
