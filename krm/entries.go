package krm

import (
	"iter"

	"github.com/velero-krm/velero-krm/internal/jsontext"
)

// entry is one key and value of a mapping, as offsets into the JSON.
type entry struct {
	// start and end bound the entry with the white space around it, without
	// commas: the mapping is '{', its entries joined by ',', and '}'.
	start, end int
	// key and keyEnd bound the content of the key, without its quotes.
	key, keyEnd int
	plainKey    bool
	// value and valueEnd bound the value.
	value, valueEnd int
}

// is reports whether the entry has this key.
func (e entry) is(raw []byte, key string) bool {
	if e.plainKey {
		return string(raw[e.key:e.keyEnd]) == key
	}
	return string(jsontext.Unquote(raw[e.key:e.keyEnd])) == key
}

// annotations yields the entries of metadata.annotations.
func (it *Item) annotations() iter.Seq[entry] {
	if it.meta.annStart == 0 {
		return func(func(entry) bool) {}
	}
	return entries(it.raw, it.meta.annStart)
}

// entries yields the entries of the mapping that starts at offset at of valid
// JSON; none when there is no mapping.
func entries(raw []byte, at int) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		if raw[at] != '{' {
			return
		}
		r := jsontext.Reader{Data: raw, Pos: at + 1}
		for e := (entry{start: r.Pos}); r.Kind() == '"'; e = (entry{start: r.Pos}) {
			var key []byte
			e.key = r.Pos + 1
			key, e.plainKey = r.Key()
			e.keyEnd = e.key + len(key)
			r.Kind()
			e.value = r.Pos
			r.Skip()
			e.valueEnd = r.Pos
			r.Kind()
			e.end = r.Pos
			if !yield(e) || r.Pos >= len(raw) || raw[r.Pos] != ',' {
				return
			}
			r.Pos++
		}
	}
}
