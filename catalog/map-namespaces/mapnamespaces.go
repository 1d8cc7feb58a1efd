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
	return fn.New("map-namespaces", "Makes what refers to a namespace refer to its new name; strings that only may refer to it are reported.", transform, fn.Describe(fn.About{
		Kinds: []string{fn.AnyKind},
		Needs: fn.Needs{Rename: "with objects: true", Context: "without mappings"},
	}))
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
	if err := m.edit(o, kind.names, m.name); err != nil {
		return err
	}
	// Most pods have no affinity, and all of these paths lead through it.
	if kind.affinity != nil && o.Has(kind.affinity...) {
		if err := m.edit(o, kind.affinityNames, m.name); err != nil {
			return err
		}
	}
	if err := m.edit(o, kind.accounts, m.account); err != nil {
		return err
	}
	if err := m.texts(o, kind.texts); err != nil {
		return err
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

// edit changes the texts that the paths point at.
func (m *mapper) edit(o *fn.Object, paths []fn.Path, change func(o *fn.Object, text string) string) error {
	for _, p := range paths {
		_, err := o.Edit(p, func(_ fn.Location, value any) (any, bool, error) {
			if text, ok := value.(string); ok {
				return change(o, text), true, nil
			}
			return value, true, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// texts changes what is certain in longer texts and reports what is not.
func (m *mapper) texts(o *fn.Object, paths []fn.Path) error {
	for _, p := range paths {
		_, err := o.Edit(p, func(at fn.Location, value any) (any, bool, error) {
			text, ok := value.(string)
			if !ok {
				return value, true, nil
			}
			text = m.text(o, text)
			m.reportMention(o, at, text)
			return text, true, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
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

// reportUnsure tells of annotations, and of fields of unknown kinds, that name
// an old namespace and may mean it.
func (m *mapper) reportUnsure(o *fn.Object, kind kindPlaces) {
	if annotations, ok := o.Node("metadata", "annotations"); ok {
		for _, key := range annotations.Keys() {
			if text, ok := annotations.GetString(key); ok && key != lastApplied {
				m.reportMention(o, fn.LocationOf("metadata", "annotations", key), text)
			}
		}
	}
	if kind.custom {
		m.walkCustom(o)
	}
}

// lastApplied tells what was and is read by nobody but kubectl apply.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// reportMention reports a text with the name of an old namespace in it.
func (m *mapper) reportMention(o *fn.Object, at fn.Location, text string) {
	if m.Quiet {
		return
	}
	if name, ok := m.mentioned(text); ok {
		m.report(o, at, name)
	}
}

func (m *mapper) report(o *fn.Object, at fn.Location, name string) {
	m.list.ReportOn(o, krm.Warning, at.String(), "may refer to namespace "+name+", which moves; not changed")
}
