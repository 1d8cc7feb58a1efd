package mapnamespaces

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/velero-krm/velero-krm/catalog/internal/mapping"
	"github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/catalog/internal/syntax"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/internal/jsontext"
)

// Config of the function.
type Config struct {
	Mappings map[string]string `json:"mappings" doc:"new name for each old namespace; default the namespaceMapping of the Restore, for a step with context: true"`
	Objects  bool              `json:"objects" doc:"also move the objects themselves, metadata.namespace and Namespaces, which needs allow: [Rename]; default false, as Velero does that"`
	Quiet    bool              `json:"quiet" doc:"do not report strings that may name a namespace; default false"`
}

// Validate checks that running the function again moves no reference twice.
func (c *Config) Validate() error {
	return errors.Join(mapping.Check("mappings", c.Mappings), validate("mappings", c.Mappings))
}

// validate checks that a table is one of namespaces.
func validate(field string, table map[string]string) error {
	var errs []error
	for _, from := range slices.Sorted(maps.Keys(table)) {
		for _, name := range []string{from, table[from]} {
			if name != "" && !syntax.Namespace(name) {
				errs = append(errs, fn.Invalid(fn.FieldPath(field, from), "is no pair of namespaces", "lower case letters, digits and '-', at most 63"))
				break
			}
		}
	}
	return errors.Join(errs...)
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("map-namespaces", "Makes what refers to a namespace refer to its new name; strings that only may refer to it are reported.", transform, fn.Describe(fn.About{
		Kinds:   []string{fn.AnyKind},
		Needs:   fn.Needs{Rename: "with objects: true", Context: "without mappings"},
		Follows: "references to namespaces",
	}), fn.Says(append(mapping.Sayings("references to namespaces"), mapping.SaidOfChain)...))
}

var errNoMapping = errors.New("there is no namespace mapping: set mappings, or give the step context: true")

func transform(_ context.Context, c Config, list *fn.List) error {
	run, ok := runcontext.Of(list)
	restore := run.NamespaceMapping()
	table := c.Mappings
	if len(table) == 0 {
		if !ok {
			return errNoMapping
		}
		table = restore
		if err := errors.Join(mapping.CheckNames("namespaceMapping", table), validate("namespaceMapping", table)); err != nil {
			return err
		}
	}
	if len(table) == 0 {
		return nil
	}
	m := newMapper(c, list, table)
	m.restore = restore
	for o := range list.All() {
		if runcontext.Is(o) {
			continue
		}
		if err := m.object(o); err != nil {
			list.Fail(o, err)
		}
	}
	m.namespaces.Report(list, "references to namespaces")
	m.namespaces.WarnOfChain(list)
	return nil
}

// mapper changes the references of objects, one after the other.
type mapper struct {
	Config
	list       *fn.List
	namespaces *mapping.Table
	old        *oldNames
	// restore is the mapping of the Restore, as far as it is known.
	restore map[string]string
}

func newMapper(c Config, list *fn.List, table map[string]string) *mapper {
	return &mapper{Config: c, list: list, namespaces: mapping.New(table), old: newOldNames(table)}
}

func (m *mapper) object(o *fn.Object) error {
	if m.Objects {
		if err := m.move(o); err != nil {
			return err
		}
	}
	item := o.Item()
	least := 1
	if m.old.has(item.Identity().Namespace) {
		least = 2 // the object's own namespace is Velero's to change
	}
	if !m.old.atLeast(least, item.Raw()) {
		return nil
	}
	w := walker{m: m, id: item.Identity(), known: isKnown(item.Identity()), json: jsontext.Reader{Data: item.Raw()}}
	w.value(frame{})
	return w.settle(o)
}

// move gives the object itself its new namespace or, to a Namespace, its name.
func (m *mapper) move(o *fn.Object) error {
	if o.Is("", "Namespace") {
		_, err := m.namespaces.Move(o.Root(), "metadata", "name")
		return err
	}
	_, err := m.namespaces.Move(o.Root(), "metadata", "namespace")
	return err
}
