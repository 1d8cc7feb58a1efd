package krm

import (
	"bytes"
	"encoding/json"

	"github.com/velero-krm/velero-krm/internal/jsontext"
)

// Item is one KRM object. It keeps the JSON it was made from and decodes it
// only on demand.
//
// An Item never changes after it was made, so any number of goroutines may
// share one.
type Item struct {
	raw  []byte
	meta meta
}

// meta is what the scan of an item found. Offsets count from the start of raw;
// 0 means that the field is not there.
type meta struct {
	identity     Identity
	generateName bool
	// clean means that every YAML reader takes raw as it stands.
	clean bool
	// metadata is the offset of the '{' of metadata.
	metadata int
	// annStart and annEnd bound the value of metadata.annotations.
	annStart, annEnd int
}

// NewItem returns the object that raw, one JSON object, holds. raw is kept
// and not copied: the caller must not change it afterwards. Surrounding white
// space is dropped; numbers, key order and inner white space stay as they are.
// As in encoding/json, bytes that are not UTF-8 count as U+FFFD.
//
// # Errors
//
// A [*SyntaxError] when raw is not one JSON object, repeats a key in any
// mapping, or nests deeper than 1,000 levels; a [*NotKRMError] when
// apiVersion, kind, or both metadata.name and metadata.generateName are
// missing, empty or not strings, when metadata.namespace is there and not a
// string, or metadata.annotations is there and not a mapping.
func NewItem(raw []byte) (*Item, error) {
	return parseItem(raw, true)
}

// parseItem is NewItem; named says whether the object needs a name.
func parseItem(raw []byte, named bool) (*Item, error) {
	s := scanner{data: raw}
	it, missing := s.item(named)
	// A NUL byte ends the white space, too.
	if s.fault == noFault && (s.space() != 0 || s.pos < len(raw)) {
		s.fail(faultTrailing, s.pos)
	}
	if err := s.err(); err != nil {
		return nil, err
	}
	if it == nil {
		return nil, &NotKRMError{Index: -1, Missing: missing}
	}
	return it, nil
}

// item scans one value that should be a KRM object. When it is valid JSON but
// no KRM object, it returns nil and the field to name in the error.
func (s *scanner) item(named bool) (it *Item, missing string) {
	wasDirty := s.dirty
	if s.space() != '{' {
		s.value()
		return nil, ""
	}
	s.dirty = false
	h := header{start: s.pos}
	if !s.header(&h) {
		return nil, ""
	}
	h.meta.clean = !s.dirty
	s.dirty = s.dirty || wasDirty
	if missing = h.missing(named); missing != "" {
		return nil, missing
	}
	return &Item{raw: s.data[h.start:s.pos:s.pos], meta: h.meta}, ""
}

// header is what names an object, found by scanning it.
type header struct {
	start int
	meta  meta
	wrong string // first field of the wrong type
}

func (s *scanner) header(h *header) bool {
	base, ok := s.open()
	if !ok {
		return false
	}
	for s.nextKey(base) {
		switch string(s.key) {
		case "apiVersion":
			ok = s.text(h, &h.meta.identity.APIVersion, "apiVersion")
		case "kind":
			ok = s.text(h, &h.meta.identity.Kind, "kind")
		case "metadata":
			ok = s.metadata(h)
		default:
			ok = s.value()
		}
		if !ok {
			return false
		}
	}
	return s.fault == noFault
}

func (s *scanner) metadata(h *header) bool {
	if c := s.space(); c != '{' {
		if c != 'n' {
			h.setWrong("metadata")
		}
		return s.value()
	}
	h.meta.metadata = s.pos - h.start
	base, ok := s.open()
	if !ok {
		return false
	}
	for s.nextKey(base) {
		switch string(s.key) {
		case "name":
			ok = s.text(h, &h.meta.identity.Name, "metadata.name")
		case "namespace":
			ok = s.text(h, &h.meta.identity.Namespace, "metadata.namespace")
		case "generateName":
			var prefix string
			ok = s.text(h, &prefix, "metadata.generateName")
			h.meta.generateName = prefix != ""
		case "annotations":
			ok = s.annotations(h)
		default:
			ok = s.value()
		}
		if !ok {
			return false
		}
	}
	return s.fault == noFault
}

func (s *scanner) annotations(h *header) bool {
	if c := s.space(); c != '{' && c != 'n' {
		h.setWrong("metadata.annotations")
	}
	h.meta.annStart = s.pos - h.start
	ok := s.value()
	h.meta.annEnd = s.pos - h.start
	return ok
}

// text scans a value that should be a string or null.
func (s *scanner) text(h *header, to *string, field string) bool {
	c := s.space()
	if c != '"' {
		if c != 'n' {
			h.setWrong(field)
		}
		return s.value()
	}
	start, end, plain, ok := s.str()
	if !ok {
		return false
	}
	if plain {
		*to = string(s.data[start:end])
	} else {
		*to = string(jsontext.Unquote(s.data[start:end]))
	}
	return true
}

func (h *header) setWrong(field string) {
	if h.wrong == "" {
		h.wrong = field
	}
}

// missing names the field that keeps the object from being a KRM object.
func (h *header) missing(named bool) string {
	switch id := &h.meta.identity; {
	case id.APIVersion == "":
		return "apiVersion"
	case id.Kind == "":
		return "kind"
	case h.wrong != "":
		return h.wrong
	case named && id.Name == "" && !h.meta.generateName:
		return "metadata.name"
	}
	return ""
}

// FromObject encodes obj, keys sorted, into a new Item. obj may hold what
// [Item.Object] returns and all that encoding/json can encode. obj is not
// kept. The errors are those of [NewItem], and those of encoding/json for
// values that have no JSON.
func FromObject(obj map[string]any) (*Item, error) {
	raw, err := appendValue(make([]byte, 0, 1024), obj, 0)
	if err != nil {
		return nil, err
	}
	return NewItem(raw)
}

// Raw returns the JSON of the item as it came. The caller must not change it.
func (it *Item) Raw() []byte { return it.raw }

// Object decodes the item into a new map that belongs to the caller. Values
// are map[string]any, []any, string, bool, nil, int64 for integers that fit,
// and [encoding/json.Number] for every other number, so that encoding the map
// again loses no digit.
func (it *Item) Object() map[string]any {
	obj, ok := decodeValue(it.raw).(map[string]any)
	if !ok {
		return nil
	}
	return obj
}

// Identity returns what names the object. It costs no decoding.
func (it *Item) Identity() Identity { return it.meta.identity }

// Annotation returns the value of metadata.annotations[key], and whether it
// is there and a string. It decodes nothing but that value.
func (it *Item) Annotation(key string) (string, bool) {
	var found []byte
	for e := it.annotations(); e.next(); {
		if e.is(it.raw, key) {
			found = it.raw[e.value:e.valueEnd]
			break
		}
	}
	if len(found) == 0 || found[0] != '"' {
		return "", false
	}
	return jsontext.Decode(found[1:len(found)-1], false), true
}

// Equal reports whether two items are the same object: byte for byte, or, if
// the bytes differ, the same JSON value with keys in any order, numbers
// compared by their value.
func (it *Item) Equal(other *Item) bool {
	if it == other {
		return true
	}
	if it == nil || other == nil {
		return false
	}
	if bytes.Equal(it.raw, other.raw) {
		return true
	}
	if it.meta.identity != other.meta.identity {
		return false
	}
	return equalJSON(it.raw, other.raw)
}

// equalValues compares two decoded values.
func equalValues(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			w, ok := b[k]
			if !ok || !equalValues(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !equalValues(a[i], b[i]) {
				return false
			}
		}
		return true
	case int64:
		if b, ok := b.(int64); ok {
			return a == b
		}
		return equalNumbers(a, b)
	case json.Number:
		return equalNumbers(a, b)
	default:
		return a == b
	}
}
