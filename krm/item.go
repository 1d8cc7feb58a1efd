package krm

// Item is one KRM object. It keeps the JSON it was made from and decodes it
// only on demand.
//
// An Item never changes after it was made, so any number of goroutines may
// share one.
type Item struct {
	raw  []byte
	meta meta
}

// NewItem returns the object that raw, one JSON object, holds. raw is kept
// and not copied: the caller must not change it afterwards. Surrounding white
// space is allowed; numbers, key order and inner white space stay as they are.
//
// # Errors
//
// A [*SyntaxError] when raw is not one JSON object or repeats a key in any
// mapping; a [*NotKRMError] when apiVersion, kind, or both metadata.name and
// metadata.generateName are missing or not strings.
func NewItem(raw []byte) (*Item, error) {
	panic("todo")
}

// FromObject encodes obj, keys sorted, into a new Item. obj may hold what
// [Item.Object] returns and all that encoding/json can encode. obj is not
// kept. The errors are those of [NewItem].
func FromObject(obj map[string]any) (*Item, error) {
	panic("todo")
}

// Raw returns the JSON of the item as it came. The caller must not change it.
func (it *Item) Raw() []byte { return it.raw }

// Object decodes the item into a new map that belongs to the caller. Values
// are map[string]any, []any, string, bool, nil, int64 for integers that fit,
// and [encoding/json.Number] for every other number, so that encoding the map
// again loses no digit.
func (it *Item) Object() map[string]any {
	panic("todo")
}

// Identity returns what names the object. It costs no decoding.
func (it *Item) Identity() Identity { return it.meta.identity }

// Annotation returns the value of metadata.annotations[key], and whether it
// is there and a string. It decodes nothing but that value.
func (it *Item) Annotation(key string) (string, bool) {
	panic("todo")
}

// Equal reports whether two items are the same object: byte for byte, or, if
// the bytes differ, the same JSON value with keys in any order, numbers
// compared by their value.
func (it *Item) Equal(other *Item) bool {
	panic("todo")
}

type meta struct {
	identity Identity
}
