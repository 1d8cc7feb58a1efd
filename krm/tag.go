package krm

import "github.com/velero-krm/velero-krm/internal/jsontext"

// WithAnnotation returns a new item with metadata.annotations[key] set, made
// by splicing bytes: nothing else of the raw JSON changes.
func (it *Item) WithAnnotation(key, value string) *Item {
	for e := it.annotations(); e.next(); {
		if e.is(it.raw, key) {
			return it.splice(e.value, e.valueEnd, jsontext.AppendString(nil, value))
		}
	}
	pair := make([]byte, 0, len(key)+len(value)+48)
	m := &it.meta
	switch {
	case m.metadata == 0:
		return it.withMetadata(key, value)
	case m.annStart == 0:
		pair = append(pair, `"annotations":{`...)
		pair = append(appendPair(pair, key, value), '}')
		return it.prependMetadata(pair)
	case it.raw[m.annStart] != '{': // null
		pair = append(pair, '{')
		pair = append(appendPair(pair, key, value), '}')
		return it.splice(m.annStart, m.annEnd, pair)
	default:
		pair = appendPair(pair, key, value)
		if !emptyMapping(it.raw, m.annStart) {
			pair = append(pair, ',')
		}
		return it.splice(m.annStart+1, m.annStart+1, pair)
	}
}

func appendPair(dst []byte, key, value string) []byte {
	dst = append(jsontext.AppendString(dst, key), ':')
	return jsontext.AppendString(dst, value)
}

// emptyMapping reports whether the mapping that starts at offset at is empty.
func emptyMapping(raw []byte, at int) bool {
	r := jsontext.Reader{Data: raw, Pos: at + 1}
	return r.Kind() == '}'
}

// splice returns the item with raw[start:end] replaced. The bytes replaced
// must not reach over a bound of metadata or annotations.
func (it *Item) splice(start, end int, with []byte) *Item {
	raw := make([]byte, 0, len(it.raw)+len(with)-(end-start))
	raw = append(raw, it.raw[:start]...)
	raw = append(raw, with...)
	raw = append(raw, it.raw[end:]...)
	m := it.meta
	delta := len(with) - (end - start)
	for _, offset := range []*int{&m.metadata, &m.annStart, &m.annEnd} {
		if *offset >= end && *offset > start {
			*offset += delta
		}
	}
	return &Item{raw: raw, meta: m}
}

// prependMetadata puts a pair whose key is annotations first in metadata.
func (it *Item) prependMetadata(pair []byte) *Item {
	at := it.meta.metadata + 1
	end := at + len(pair)
	if !emptyMapping(it.raw, it.meta.metadata) {
		pair = append(pair, ',')
	}
	out := it.splice(at, at, pair)
	out.meta.annStart, out.meta.annEnd = at+len(`"annotations":`), end
	return out
}

// withMetadata handles an object whose metadata is absent or null, which only
// a functionConfig may be.
func (it *Item) withMetadata(key, value string) *Item {
	for e := range entries(it.raw, 0) {
		if e.is(it.raw, "metadata") {
			out := it.splice(e.value, e.valueEnd, []byte("{}"))
			out.meta.metadata = e.value
			return out.WithAnnotation(key, value)
		}
	}
	out := it.splice(1, 1, []byte(`"metadata":{},`))
	out.meta.metadata = 1 + len(`"metadata":`)
	return out.WithAnnotation(key, value)
}

// WithoutAnnotations returns an item without those metadata.annotations keys
// for which drop is true, by splicing; annotations that become empty stay as
// {}. It returns it itself when nothing is dropped.
func (it *Item) WithoutAnnotations(drop func(key string) bool) *Item {
	var few [8]entry // more are rare
	kept := few[:0]
	var first, last entry
	dropped, n := 0, 0
	for r := it.annotations(); r.next(); n++ {
		if n == 0 {
			first = r.entry
		}
		last = r.entry
		if drop(jsontext.Decode(it.raw[r.key:r.keyEnd], r.plainKey)) {
			dropped++
			continue
		}
		kept = append(kept, r.entry)
	}
	if dropped == 0 {
		return it
	}
	if len(kept) == 0 {
		// What is left is the white space at both ends, which a mapping that
		// was empty before WithAnnotation had.
		blank := append([]byte(nil), it.raw[first.start:first.key-1]...)
		blank = append(blank, it.raw[last.valueEnd:last.end]...)
		return it.splice(first.start, last.end, blank)
	}
	return it.splice(first.start, last.end, joinEntries(it.raw, kept))
}

func joinEntries(raw []byte, kept []entry) []byte {
	if len(kept) == 0 {
		return nil
	}
	out := make([]byte, 0, kept[len(kept)-1].end-kept[0].start)
	for i, e := range kept {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, raw[e.start:e.end]...)
	}
	return out
}

// RestoreAnnotationsShape gives metadata.annotations, when it is empty or
// absent, the shape it has in like: absent, null or {}. It returns it itself
// when nothing changes, also when like has annotations.
func (it *Item) RestoreAnnotationsShape(like *Item) *Item {
	if it.meta.metadata == 0 || it.hasAnnotations() || like.hasAnnotations() {
		return it
	}
	want := like.raw[like.meta.annStart:like.meta.annEnd]
	got := it.raw[it.meta.annStart:it.meta.annEnd]
	var out *Item
	switch {
	case string(got) == string(want):
		return it
	case len(want) == 0:
		return it.dropAnnotations()
	case len(got) == 0:
		out = it.prependMetadata(append([]byte(`"annotations":`), want...))
	default:
		out = it.splice(it.meta.annStart, it.meta.annEnd, want)
	}
	// The white space in {} may be a line break or a tab.
	out.meta.clean = it.meta.clean && like.meta.clean
	return out
}

// hasAnnotations reports whether there is at least one.
func (it *Item) hasAnnotations() bool {
	at := it.meta.annStart
	return at > 0 && it.raw[at] == '{' && !emptyMapping(it.raw, at)
}

// dropAnnotations removes the key annotations from metadata.
func (it *Item) dropAnnotations() *Item {
	var kept []entry
	var first, last entry
	n := 0
	for e := range entries(it.raw, it.meta.metadata) {
		if n == 0 {
			first = e
		}
		last = e
		n++
		if !e.is(it.raw, "annotations") {
			kept = append(kept, e)
		}
	}
	with := joinEntries(it.raw, kept)
	if len(kept) == 0 {
		with = append(with, it.raw[first.start:first.key-1]...)
		with = append(with, it.raw[last.valueEnd:last.end]...)
	}
	it = &Item{raw: it.raw, meta: it.meta}
	it.meta.annStart, it.meta.annEnd = 0, 0
	return it.splice(first.start, last.end, with)
}
