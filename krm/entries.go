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
		s := scanner{data: raw, pos: at + 1}
		e := entry{start: s.pos}
		for s.space() == '"' {
			var ok bool
			e.key, e.keyEnd, e.plainKey, ok = s.str()
			if !ok || s.space() != ':' {
				return
			}
			s.pos++
			s.space()
			e.value = s.pos
			if !s.value() {
				return
			}
			e.valueEnd = s.pos
			s.space()
			e.end = s.pos
			if !yield(e) || s.pos >= len(raw) || s.data[s.pos] != ',' {
				return
			}
			s.pos++
			e = entry{start: s.pos}
		}
	}
}
