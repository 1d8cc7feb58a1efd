package resourcemodifiers

import (
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/internal/jsontext"
	"github.com/velero-krm/velero-krm/krm"
)

// part is an object of which only those top-level fields are decoded that rules
// may look at or change: most rules are about metadata, and most of an object is
// not.
type part struct {
	// item has the fields that are decoded, and rest the others, as they stand in
	// the object; empty when item is the whole object.
	item *krm.Item
	rest []entry
}

// entry is a field as JSON has it: its key without quotation marks, and all of
// it with its key.
type entry struct{ key, text []byte }

// partOf takes the named fields, all for nil, out of an object.
func partOf(item *krm.Item, names map[string]bool) part {
	whole := part{item: item}
	if names == nil {
		return whole
	}
	var taken, rest []entry
	left := 0
	for _, e := range entriesOf(item.Raw()) {
		switch {
		case e.key == nil:
			return whole // a key with escapes may be any
		case names[string(e.key)]:
			taken = append(taken, e)
		default:
			rest, left = append(rest, e), left+len(e.text)
		}
	}
	// To put it together again costs about as much as to decode a little more.
	if left*4 < len(item.Raw()) {
		return whole
	}
	some, err := krm.NewItem(join(taken))
	if err != nil {
		return whole
	}
	return part{some, rest}
}

// with returns the object with what became of the decoded fields.
func (p part) with(item *krm.Item) (*krm.Item, error) {
	if len(p.rest) == 0 {
		return item, nil
	}
	all := append(entriesOf(item.Raw()), p.rest...)
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(string(a.key), string(b.key)) })
	return krm.NewItem(join(all))
}

// entriesOf returns the fields of an object; the key is nil of one that is
// written with escapes.
func entriesOf(raw []byte) []entry {
	r := jsontext.Reader{Data: raw}
	r.Kind()
	entries := make([]entry, 0, 8)
	for r.Open(); r.More(); {
		start := r.Pos
		key, plain := r.Key()
		if !plain {
			key = nil
		}
		r.Skip()
		entries = append(entries, entry{key, raw[start:r.Pos]})
	}
	return entries
}

func join(entries []entry) []byte {
	size := 2
	for _, e := range entries {
		size += len(e.text) + 1
	}
	raw := append(make([]byte, 0, size), '{')
	for i, e := range entries {
		if i > 0 {
			raw = append(raw, ',')
		}
		raw = append(raw, e.text...)
	}
	return append(raw, '}')
}

// looksAt adds the names of the top-level fields that a rule may look at or
// change, and returns nil for all of them.
func (r *rule) looksAt(names map[string]bool) map[string]bool {
	if names == nil {
		return nil
	}
	if r.selector != nil {
		names["metadata"] = true
	}
	for _, op := range slices.Concat(r.matches, r.patch) {
		for _, p := range []pointer{op.path, op.from} {
			if len(p) > 0 {
				names[p[0]] = true
			}
		}
	}
	for _, patch := range slices.Concat(r.merges, r.strategic) {
		for key := range patch {
			// A directive of a strategic merge patch is about the others, too.
			if strings.HasPrefix(key, "$") {
				return nil
			}
			names[key] = true
		}
	}
	return names
}
