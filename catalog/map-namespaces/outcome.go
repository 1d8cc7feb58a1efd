package mapnamespaces

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// outcome is what becomes of the texts of one object that were found.
type outcome struct {
	m      *mapper
	o      *fn.Object
	unsure map[string]*mention // by namespace
}

// mention is a namespace that fields may refer to, the first of these, in the
// order of keys and elements, and how many there are.
type mention struct {
	namespace string
	first     []any
	fields    int
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
		m = &mention{namespace: namespace, first: at}
		out.unsure[namespace] = m
	}
	m.fields++
	if slices.CompareFunc(at, m.first, compareElems) < 0 {
		m.first = at
	}
}

// compareElems orders the keys or elements of one mapping or list. Where a key
// is there twice, it may have been both.
func compareElems(a, b any) int {
	ka, _ := a.(string)
	kb, _ := b.(string)
	ia, _ := a.(int)
	ib, _ := b.(int)
	return cmp.Or(cmp.Compare(ka, kb), cmp.Compare(ia, ib))
}

// report tells of each namespace once, however many fields may refer to it.
func (out *outcome) report() {
	sorted := slices.SortedFunc(maps.Values(out.unsure), func(a, b *mention) int {
		return cmp.Or(slices.CompareFunc(a.first, b.first, compareElems), cmp.Compare(a.namespace, b.namespace))
	})
	for _, m := range sorted {
		message := "may refer to namespace " + m.namespace + ", which moves; not changed"
		if m.fields > 1 {
			message += fmt.Sprintf(" (nor in other fields: %d)", m.fields-1)
		}
		out.m.list.ReportOn(out.o, krm.Warning, fn.FieldPath(m.first...), message)
	}
}
