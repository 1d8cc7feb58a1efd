package rename

import (
	"maps"
	"slices"

	"github.com/velero-krm/velero-krm/catalog/internal/mapping"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// walker renames in one decoded object, which is its own.
type walker struct {
	r  *renamer
	o  *fn.Object
	id krm.Identity
	at []any
	// custom is true where every field is looked at, because what the kind has
	// is not known.
	custom bool
	// embedded counts the whole objects around: what is in them will be made
	// later, under the names that stand there.
	embedded int
	changed  bool
	unsure   []mention
}

// mention is an entry that fields may refer to.
type mention struct {
	label  string
	fields mapping.Fields
	// seen are the paths of the fields, each of which counts once.
	seen map[string]bool
	// last is where the last field is: most words that may refer to an entry are
	// in one text.
	last []any
}

// value returns what v becomes at a node, nil for a place that is not known.
// Mappings and lists are changed in place.
func (w *walker) value(v any, n *node) any {
	if n != nil {
		for _, ref := range n.references {
			v = ref.rename(w, v)
		}
	}
	switch v := v.(type) {
	case map[string]any:
		w.mapping(v, n)
	case []any:
		if w.custom || n != nil && n.each != nil {
			w.list(v, n)
		}
	case string:
		if w.custom && (n == nil || len(n.references) == 0) {
			return w.customText(v)
		}
	}
	return v
}

func (w *walker) list(list []any, n *node) {
	var each *node
	if n != nil {
		each = n.each
	}
	w.at = append(w.at, nil)
	for i := range list {
		w.at[len(w.at)-1] = i
		list[i] = w.value(list[i], each)
	}
	w.at = w.at[:len(w.at)-1]
}

func (w *walker) mapping(m map[string]any, n *node) {
	if w.custom {
		w.customMapping(m, n)
		return
	}
	if n == nil {
		return
	}
	for _, f := range n.fields {
		w.field(m, f.key, f.node)
	}
	if n.each == nil {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if _, ok := slices.BinarySearchFunc(n.fields, key, compareField); !ok {
			w.field(m, key, n.each)
		}
	}
}

func (w *walker) field(m map[string]any, key string, n *node) {
	child, ok := m[key]
	if !ok || child == nil {
		return
	}
	w.at = append(w.at, key)
	next := w.value(child, n)
	w.at = w.at[:len(w.at)-1]
	// What is no text was changed in place.
	if text, ok := next.(string); ok && text != child {
		m[key], w.changed = text, true
	}
}

// name returns the new name of what the object refers to.
func (w *walker) name(of target, namespace, from string) string {
	to := w.r.name(w.o, of, namespace, from)
	w.changed = w.changed || to != from
	return to
}

// inNamespace returns the namespace that a name without one is in.
func (w *walker) inNamespace(kind string) string {
	if clusterScoped(kind) {
		return ""
	}
	return w.id.Namespace
}

// mention notes that the field at hand may refer to an object that is renamed.
func (w *walker) mention(r Rename) {
	label := r.Kind + " " + r.From
	i := slices.IndexFunc(w.unsure, func(m mention) bool { return m.label == label })
	if i >= 0 && slices.Equal(w.unsure[i].last, w.at) {
		return
	}
	if i < 0 {
		i = len(w.unsure)
		w.unsure = append(w.unsure, mention{label: label, seen: map[string]bool{}})
	}
	m, path := &w.unsure[i], fn.FieldPath(w.at...)
	if !m.seen[path] {
		m.fields.Add(w.at)
	}
	m.seen[path], m.last = true, slices.Clone(w.at)
}

// report tells of each entry once, however many fields may refer to it.
func (w *walker) report(list *fn.List) {
	for i := range w.unsure {
		m := &w.unsure[i]
		message := "may refer to " + m.label + ", which is renamed; not changed" + m.fields.Others()
		list.ReportOn(w.o, krm.Warning, fn.FieldPath(m.fields.First()...), message)
	}
}
