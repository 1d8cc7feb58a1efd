package krm

import (
	"bytes"
	"slices"
	"strconv"
)

// FieldChange is one difference between two versions of an object.
type FieldChange struct {
	// Path in the form spec.template.spec.containers[0].image; keys with dots
	// as metadata.annotations["openshift.io/host.generated"].
	Path string
	// Before and After are the values, nil with the matching Has false when
	// the field is absent on that side. Those that may be secret, as
	// [SecretValues] tells, are replaced by what [HashSecret] returns.
	Before, After       any
	HasBefore, HasAfter bool
}

// Diff lists the differences between two versions of an object in the order
// of their paths: keys sorted, elements of lists by index. A mapping or list
// that is there on one side only is one difference. It is empty when the items
// are Equal.
func Diff(before, after *Item) []FieldChange {
	if before == after || bytes.Equal(before.raw, after.raw) {
		return nil
	}
	a, b := before.Object(), after.Object()
	hideSecrets(a, b)
	var d differ
	d.values(nil, a, b)
	return d.changes
}

// differ collects the differences between two decoded values.
type differ struct {
	changes []FieldChange
}

func (d *differ) values(path []byte, a, b any) {
	switch a := a.(type) {
	case map[string]any:
		if b, ok := b.(map[string]any); ok {
			d.mappings(path, a, b)
			return
		}
	case []any:
		if b, ok := b.([]any); ok {
			d.lists(path, a, b)
			return
		}
	}
	if !equalValues(a, b) {
		d.add(FieldChange{Path: string(path), Before: a, After: b, HasBefore: true, HasAfter: true})
	}
}

func (d *differ) mappings(path []byte, a, b map[string]any) {
	for _, k := range unionKeys(a, b) {
		av, inA := a[k]
		bv, inB := b[k]
		sub := appendPathKey(path[:len(path):len(path)], k)
		if inA && inB {
			d.values(sub, av, bv)
			continue
		}
		d.add(FieldChange{Path: string(sub), Before: av, After: bv, HasBefore: inA, HasAfter: inB})
	}
}

func (d *differ) lists(path []byte, a, b []any) {
	for i := range max(len(a), len(b)) {
		sub := appendPathIndex(path[:len(path):len(path)], i)
		switch {
		case i >= len(b):
			d.add(FieldChange{Path: string(sub), Before: a[i], HasBefore: true})
		case i >= len(a):
			d.add(FieldChange{Path: string(sub), After: b[i], HasAfter: true})
		default:
			d.values(sub, a[i], b[i])
		}
	}
}

func (d *differ) add(c FieldChange) { d.changes = append(d.changes, c) }

// unionKeys returns the keys of all mappings, sorted.
func unionKeys(mappings ...map[string]any) []string {
	var keys []string
	for _, m := range mappings {
		for k := range m {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// appendPathKey appends a key: ".image", or `["example.com/x"]` when it holds
// anything but letters, digits, '_' and '-'.
func appendPathKey(path []byte, key string) []byte {
	for i := range len(key) {
		c := key[i]
		if !isASCIILetter(c) && c != '_' && c != '-' && (c < '0' || c > '9') {
			return append(strconv.AppendQuote(append(path, '['), key), ']')
		}
	}
	if key == "" {
		return append(path, `[""]`...)
	}
	if len(path) > 0 {
		path = append(path, '.')
	}
	return append(path, key...)
}

func appendPathIndex(path []byte, i int) []byte {
	return append(strconv.AppendInt(append(path, '['), int64(i), 10), ']')
}

// ListDiff is the difference between two lists of objects.
type ListDiff struct {
	// Unchanged are of the later list.
	Unchanged []*Item
	Changed   []ItemChange
	Added     []*Item
	Removed   []*Item
}

// ItemChange is one object that differs between two lists.
type ItemChange struct {
	Before, After *Item
	Fields        []FieldChange
}

// DiffLists compares two lists by identity; the same identity several times
// is compared in order of occurrence. Order within each part is that of the
// list it comes from; Changed is in the order of after.
func DiffLists(before, after []*Item) ListDiff {
	type occurrence struct {
		identity Identity
		n        int
	}
	count := make(map[Identity]int, len(before))
	index := make(map[occurrence]int, len(before))
	for i, it := range before {
		id := it.Identity()
		index[occurrence{id, count[id]}] = i
		count[id]++
	}
	var out ListDiff
	found := make([]bool, len(before))
	clear(count)
	for _, it := range after {
		id := it.Identity()
		i, ok := index[occurrence{id, count[id]}]
		count[id]++
		if !ok {
			out.Added = append(out.Added, it)
			continue
		}
		found[i] = true
		if fields := Diff(before[i], it); len(fields) > 0 {
			out.Changed = append(out.Changed, ItemChange{Before: before[i], After: it, Fields: fields})
			continue
		}
		out.Unchanged = append(out.Unchanged, it)
	}
	for i, it := range before {
		if !found[i] {
			out.Removed = append(out.Removed, it)
		}
	}
	return out
}
