package starlark

import (
	"context"
	"errors"
	"fmt"

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
	s := script{list: list, objects: make(map[*starlark.Dict]*origin, len(list.Objects)), speaker: newSpeaker(c.Source, list)}
	resources := s.resourceList(c.whole)
	thread := &starlark.Thread{Name: scriptName, Print: s.speaker.print}
	watchThread(ctx, thread, len(list.Objects))
	context := starlarkstruct.FromStringDict(starlarkstruct.Default, starlark.StringDict{"resource_list": resources, keyParams: toStarlark(c.params())})
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

// maxKept is the length of a list, that of the batches that a pipeline makes,
// up to which decoded objects are kept beside the dicts made from them. Of
// 10,000 objects of 1.4 KB they take 8 KB each, a fifth of all; to decode them
// again at the end takes a tenth of the time (2026-11-22).
const maxKept = 500

// origin is what a dict of a script was made from.
type origin struct {
	object *fn.Object
	kept   map[string]any // nil in a long list
	seen   bool
}

// fields returns the object that the dict was made from, nil for a new one.
func (o *origin) fields() map[string]any {
	if o.kept != nil || o.object == nil {
		return o.kept
	}
	return o.object.Item().Object()
}

// script is one run.
type script struct {
	list    *fn.List
	objects map[*starlark.Dict]*origin
	speaker *speaker
}

// resourceList is what the script sees and changes.
func (s *script) resourceList(config map[string]any) *starlark.Dict {
	items := make([]starlark.Value, len(s.list.Objects))
	for i, o := range s.list.Objects {
		fields := o.Item().Object()
		d := toDict(fields)
		from := &origin{object: o}
		if len(items) <= maxKept {
			from.kept = fields
		}
		s.objects[d] = from
		items[i] = d
	}
	resources := starlark.NewDict(4)
	for _, e := range []starlark.Tuple{
		{starlark.String("apiVersion"), starlark.String("config.kubernetes.io/v1")},
		{starlark.String("kind"), starlark.String("ResourceList")},
		{starlark.String(keyItems), starlark.NewList(items)},
		{starlark.String("functionConfig"), toStarlark(config)},
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
		object, err := s.object(items.Index(i))
		if err != nil {
			return fmt.Errorf("run script: items[%d]: %w", i, err)
		}
		kept = append(kept, object)
	}
	s.list.Objects = kept
	return nil
}

// object returns what stands for one element of items.
func (s *script) object(v starlark.Value) (*fn.Object, error) {
	d, ok := v.(*starlark.Dict)
	if !ok {
		return nil, errors.New("is no object but a " + v.Type())
	}
	from := s.objects[d]
	if from == nil {
		from = &origin{}
	} else if from.seen {
		return nil, errors.New("is there twice")
	}
	from.seen = true
	fields := from.fields()
	if from.object != nil && unchanged(d, fields) {
		return s.list.Add(from.object.Item()), nil
	}
	item, err := toItem(d, fields)
	if err != nil && from.object != nil {
		// The object that it came from fails, by name.
		s.list.Fail(from.object, fmt.Errorf("what the script made of it: %w", err))
		return from.object, nil
	}
	if err != nil {
		return nil, err
	}
	if from.object != nil && from.object.Item().Equal(item) {
		item = from.object.Item()
	}
	return s.list.Add(item), nil
}

func toItem(d *starlark.Dict, was map[string]any) (*krm.Item, error) {
	c := converter{}
	fields, err := c.object(d, was)
	if err != nil {
		return nil, err
	}
	item, err := krm.FromObject(fields)
	if err != nil {
		return nil, fmt.Errorf("is no Kubernetes object: %w", err)
	}
	return item, nil
}
