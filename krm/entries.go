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
	return jsontext.Is(raw[e.key:e.keyEnd], e.plainKey, key)
}

// annotations returns the entries of metadata.annotations.
func (it *Item) annotations() entryReader {
	if it.meta.annStart == 0 {
		return entryReader{}
	}
	return entriesOf(it.raw, it.meta.annStart)
}

// entries yields the entries of the mapping that starts at offset at of valid
// JSON; none when there is no mapping.
func entries(raw []byte, at int) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		r := entriesOf(raw, at)
		for r.next() && yield(r.entry) {
		}
	}
}

// entryReader goes through the entries of a mapping. It allocates nothing,
// unlike a loop over entries: annotations are looked at three times for each
// object that a function changes.
type entryReader struct {
	entry // the last one read
	r     jsontext.Reader
}

func entriesOf(raw []byte, at int) entryReader {
	if raw[at] != '{' {
		return entryReader{}
	}
	return entryReader{r: jsontext.Reader{Data: raw, Pos: at}}
}

// next reads the next entry, or returns false at the end.
func (e *entryReader) next() bool {
	r := &e.r
	if r.Pos >= len(r.Data) || r.Data[r.Pos] == '}' {
		return false
	}
	r.Pos++ // the bracket or the comma
	e.start = r.Pos
	if r.Kind() != '"' {
		return false
	}
	e.key = r.Pos + 1
	key, plain := r.Key()
	e.keyEnd, e.plainKey = e.key+len(key), plain
	r.Kind()
	e.value = r.Pos
	r.Skip()
	e.valueEnd = r.Pos
	r.Kind()
	e.end = r.Pos
	return true
}
