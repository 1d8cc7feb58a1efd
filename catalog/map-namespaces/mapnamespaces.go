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
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function.
type Config struct {
	Mappings map[string]string `json:"mappings" doc:"new name for each old namespace; default the namespaceMapping of the Restore, for a step with context: true"`
	Objects  bool              `json:"objects" doc:"also move the objects themselves, metadata.namespace and Namespaces, which needs allow: [Rename]; default false, as Velero does that"`
	Quiet    bool              `json:"quiet" doc:"do not report strings that may name a namespace; default false"`
}

// Validate checks that running the function again moves no reference twice.
func (c *Config) Validate() error { return validate("mappings", c.Mappings) }

func validate(field string, table map[string]string) error {
	errs := []error{mapping.Check(field, table)}
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
	return fn.New("map-namespaces", "Makes what refers to a namespace refer to its new name; strings that only may refer to it are reported.", transform)
}

var errNoMapping = errors.New("there is no namespace mapping: set mappings, or give the step context: true")

func transform(_ context.Context, c Config, list *fn.List) error {
	table := c.Mappings
	if len(table) == 0 {
		run, ok := runcontext.Of(list)
		if !ok {
			return errNoMapping
		}
		table = run.NamespaceMapping()
		if err := validate("namespaceMapping", table); err != nil {
			return err
		}
	}
	if len(table) == 0 {
		return nil
	}
	m := newMapper(c, list, table)
	for o := range list.All() {
		if runcontext.Is(o) {
			continue
		}
		if err := m.object(o); err != nil {
			list.Fail(o, err)
		}
	}
	m.namespaces.Report(list, "references to namespaces")
	return nil
}

// mapper changes the references of objects, one after the other.
type mapper struct {
	Config
	list       *fn.List
	namespaces *mapping.Table
	places     *places
}

func newMapper(c Config, list *fn.List, table map[string]string) *mapper {
	return &mapper{Config: c, list: list, namespaces: mapping.New(table), places: newPlaces()}
}

func (m *mapper) object(o *fn.Object) error {
	if m.Objects {
		if err := m.move(o); err != nil {
			return err
		}
	}
	kind := m.places.of(o.Identity())
	for _, p := range kind.names {
		if err := m.edit(o, p, m.name); err != nil {
			return err
		}
	}
	for _, p := range kind.accounts {
		if err := m.edit(o, p, m.account); err != nil {
			return err
		}
	}
	for _, p := range kind.texts {
		if err := m.edit(o, p, m.text); err != nil {
			return err
		}
	}
	if !m.Quiet {
		m.reportUnsure(o, kind)
	}
	return nil
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

// edit changes the texts that p points at.
func (m *mapper) edit(o *fn.Object, p fn.Path, change func(o *fn.Object, text string) string) error {
	_, err := o.Edit(p, func(_ fn.Location, value any) (any, bool, error) {
		if text, ok := value.(string); ok {
			return change(o, text), true, nil
		}
		return value, true, nil
	})
	return err
}

// name is a field that is the name of a namespace and nothing else.
func (m *mapper) name(o *fn.Object, name string) string {
	to, ok := m.namespaces.Lookup(name)
	if !ok {
		return name
	}
	m.namespaces.Count(name, o)
	return to
}

// reportUnsure tells of strings that name an old namespace and may mean it.
func (m *mapper) reportUnsure(o *fn.Object, kind kindPlaces) {
	report := func(at fn.Location, name string) {
		m.list.ReportOn(o, krm.Warning, at.String(), "may refer to namespace "+name+", which moves; not changed")
	}
	for _, p := range kind.unsure() {
		_, err := o.Edit(p, func(at fn.Location, value any) (any, bool, error) {
			if text, ok := value.(string); ok && !ignored(at) {
				if name, ok := m.mentioned(text); ok {
					report(at, name)
				}
			}
			return value, true, nil
		})
		if err != nil {
			return
		}
	}
	if kind.custom {
		m.walkCustom(o, report)
	}
}
