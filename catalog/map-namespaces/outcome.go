package mapnamespaces

import (
	"cmp"
	"maps"
	"slices"

	"github.com/velero-krm/velero-krm/catalog/internal/mapping"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// outcome is what becomes of the texts of one object that were found.
type outcome struct {
	m      *mapper
	o      *fn.Object
	unsure map[string]*mention // by namespace
}

// mention is a namespace that fields may refer to.
type mention struct {
	namespace string
	fields    mapping.Fields
}

// settle changes what surely names an old namespace, and tells of the rest.
func (w *walker) settle(o *fn.Object) error {
	out := outcome{m: w.m, o: o, unsure: map[string]*mention{}}
	for _, h := range w.hits {
		now, changed, unsure := w.m.rewrite(h.text, h.place)
		if changed != nil && !w.left(h.at, h.text) {
			if err := out.edit(h, now, changed); err != nil {
				return err
			}
		}
		if unsure != "" && !w.m.Quiet {
			out.mention(unsure, h.at)
		}
	}
	out.report()
	return nil
}

func (out *outcome) edit(h hit, now string, namespaces []string) error {
	// A key that is there twice counts by its last value alone.
	count, err := out.o.Edit(fn.LocationOf(h.at...).Path(), func(_ fn.Location, value any) (any, bool, error) {
		if value == h.text {
			return now, true, nil
		}
		return value, true, nil
	})
	if err != nil || count == 0 {
		return err
	}
	for _, name := range namespaces {
		out.m.namespaces.Count(name, out.o)
	}
	return nil
}

func (out *outcome) mention(namespace string, at []any) {
	m := out.unsure[namespace]
	if m == nil {
		m = &mention{namespace: namespace}
		out.unsure[namespace] = m
	}
	m.fields.Add(at)
}

// report tells of each namespace once, however many fields may refer to it.
func (out *outcome) report() {
	sorted := slices.SortedFunc(maps.Values(out.unsure), func(a, b *mention) int {
		return cmp.Or(mapping.CompareFields(a.fields.First(), b.fields.First()), cmp.Compare(a.namespace, b.namespace))
	})
	for _, m := range sorted {
		message := "may refer to namespace " + m.namespace + ", which moves; not changed" + m.fields.Others()
		out.m.list.ReportOn(out.o, krm.Warning, fn.FieldPath(m.fields.First()...), message)
	}
}
