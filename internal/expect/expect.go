package expect

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// Object is what is expected of one object.
type Object struct {
	// Object names it, as [krm.Identity.String] does.
	Object string `yaml:"object"`
	// Effects come one after the other; none means that it stays as it is.
	Effects []Effect `yaml:"effects"`
}

// Effect is what one action does to one object.
type Effect struct {
	// Action is the name of the action.
	Action string `yaml:"action"`
	// Phase says when it runs.
	Phase pipeline.Phase `yaml:"phase"`
	// Fields are values by path, as spec.containers[name=web].image,
	// metadata.annotations["a/b"] or spec.triggers[1]; nil for a field that is not
	// there afterwards.
	Fields map[string]any `yaml:"fields"`
	// Gone is true when the object is not there afterwards.
	Gone bool `yaml:"gone"`
	// Additional are the items that Velero is asked to take along, as
	// secrets/shop/web.
	Additional []string `yaml:"additional"`
	// Mended says how the effect differs from the original, on purpose.
	Mended string `yaml:"mended"`
}

// Read returns the expectations of a YAML list, by the names of the objects.
// Unknown keys and an object that is there twice are errors.
func Read(r io.Reader) (map[string]Object, error) {
	decoder := yaml.NewDecoder(r)
	decoder.KnownFields(true)
	var list []Object
	if err := decoder.Decode(&list); err != nil {
		return nil, fmt.Errorf("decode expectations: %w", err)
	}
	table := make(map[string]Object, len(list))
	for _, o := range list {
		if _, twice := table[o.Object]; twice {
			return nil, fmt.Errorf("decode expectations: %s is there twice", o.Object)
		}
		table[o.Object] = o
	}
	return table, nil
}

// After returns what the effects of one phase make of an object, nil when it is
// gone. The item stays as it is.
func (o Object) After(phase pipeline.Phase, item *krm.Item) (*krm.Item, error) {
	object := item.Object()
	for _, effect := range o.Effects {
		if effect.Phase != phase {
			continue
		}
		if effect.Gone {
			return nil, nil //nolint:nilnil // documented: it is gone
		}
		if err := effect.apply(object); err != nil {
			return nil, fmt.Errorf("apply %s to %s: %w", effect.Action, o.Object, err)
		}
	}
	return krm.FromObject(object)
}

// Additional returns the items that the object takes along in one phase, each
// once, in the order of the effects.
func (o Object) Additional(phase pipeline.Phase) []string {
	var items []string
	for _, effect := range o.Effects {
		for _, item := range effect.Additional {
			if effect.Phase == phase && !slices.Contains(items, item) {
				items = append(items, item)
			}
		}
	}
	return items
}

// apply sets and removes fields. What is removed comes last, as a list loses
// elements by it.
func (e Effect) apply(object map[string]any) error {
	var errs []error
	paths := slices.Sorted(maps.Keys(e.Fields))
	slices.SortStableFunc(paths, func(a, b string) int {
		return strings.Compare(fmt.Sprint(e.Fields[a] == nil), fmt.Sprint(e.Fields[b] == nil))
	})
	for _, path := range paths {
		errs = append(errs, put(object, path, e.Fields[path]))
	}
	return errors.Join(errs...)
}
