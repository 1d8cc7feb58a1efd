package krm

import (
	"strings"

	"github.com/velero-krm/velero-krm/internal/jsontext"
)

// FieldTypeError says that a field has a type that Kubernetes does not take
// there. It holds no value, but Path and Key hold what somebody took for a key.
type FieldTypeError struct {
	// Path of the field, as in [FieldChange].
	Path string
	// Field is Path without the key or index: "metadata.labels" for each of the
	// labels and for all of them.
	Field string
	// Key at the end of Path; empty for an element of a list.
	Key string
	// Want and Got are types: string, number, boolean, null, list or map.
	Want, Got string
}

// Error reads "metadata.labels.tier must be a string, is a number".
func (e *FieldTypeError) Error() string {
	return e.Path + " must be a " + e.Want + ", is " + article(e.Got)
}

func article(typ string) string {
	if typ == "null" {
		return typ
	}
	return "a " + typ
}

// MetadataFaults returns what in metadata.labels, annotations, finalizers and
// ownerReferences has another type than Kubernetes gives it; nil for none. A
// field that is null as a whole counts as absent.
//
// Nobody says so later: the accessors of Kubernetes' unstructured objects, by
// which Velero reads and writes metadata, answer with nothing where one value
// has a wrong type, so that Velero, which adds labels of its own, puts these in
// the place of all that were there (apimachinery,
// unstructured.Unstructured.GetLabels). Up to Kubernetes 1.31, which Velero 1.16
// has, a null among the labels does it, too. Whatever else of metadata must have
// a type either makes [NewItem] fail or is removed by Velero on a restore.
//
// It decodes nothing and costs one walk over metadata.
func (it *Item) MetadataFaults() []FieldTypeError {
	if it.meta.metadata == 0 {
		return nil
	}
	var faults []FieldTypeError
	for e := range entries(it.raw, it.meta.metadata) {
		for _, f := range [...]typedField{
			{"labels", '{', '"'},
			{"annotations", '{', '"'},
			{"finalizers", '[', '"'},
			{"ownerReferences", '[', '{'},
		} {
			if e.is(it.raw, f.name) {
				faults = f.check(it.raw, e.value, faults)
			}
		}
	}
	return faults
}

// typedField is a field of metadata whose type matters. Types are the bytes
// that their values start with.
type typedField struct {
	name               string
	container, element byte
}

// check appends what is wrong with the value at offset at.
func (f typedField) check(raw []byte, at int, faults []FieldTypeError) []FieldTypeError {
	switch kind := raw[at]; {
	case kind == 'n':
	case kind != f.container:
		faults = append(faults, f.fault(f.path(), "", f.container, kind))
	case kind == '{':
		for e := range entries(raw, at) {
			if got := raw[e.value]; got != f.element {
				key := jsontext.Decode(raw[e.key:e.keyEnd], e.plainKey)
				faults = append(faults, f.fault(appendPathKey(f.path(), key), key, f.element, got))
			}
		}
	default:
		r := jsontext.Reader{Data: raw, Pos: at}
		r.Open()
		for i := 0; r.More(); i++ {
			if got := r.Kind(); got != f.element {
				faults = append(faults, f.fault(appendPathIndex(f.path(), i), "", f.element, got))
			}
			r.Skip()
		}
	}
	return faults
}

func (f typedField) path() []byte { return []byte("metadata." + f.name) }

func (f typedField) fault(path []byte, key string, want, got byte) FieldTypeError {
	return FieldTypeError{Path: string(path), Field: string(f.path()), Key: key, Want: typeOf(want), Got: typeOf(got)}
}

// typeOf names the type of the value that starts with a byte.
func typeOf(first byte) string {
	switch {
	case first == '"':
		return "string"
	case first == '{':
		return "map"
	case first == '[':
		return "list"
	case first == 'n':
		return "null"
	case strings.IndexByte("tf", first) >= 0:
		return "boolean"
	}
	return "number"
}
