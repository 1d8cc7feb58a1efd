package krm

// FieldChange is one difference between two versions of an object.
type FieldChange struct {
	// Path in the form spec.template.spec.containers[0].image; keys with dots
	// as metadata.annotations["openshift.io/host.generated"].
	Path string
	// Before and After are the values, nil with the matching Has false when
	// the field is absent on that side. Values of a Secret's data and
	// stringData, and of its last-applied-configuration annotation, are
	// replaced by "sha256:<first 12 hex digits>".
	Before, After       any
	HasBefore, HasAfter bool
}

// Diff lists the differences between two versions of an object in the order
// of their paths. It is empty when the items are Equal.
func Diff(before, after *Item) []FieldChange { panic("todo") }

// ListDiff is the difference between two lists of objects.
type ListDiff struct {
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
// list it comes from.
func DiffLists(before, after []*Item) ListDiff { panic("todo") }

// Carry applies what changed from base to changed onto another version of the
// object and returns the result: a three-way merge. What onto changed itself
// stays. Lists that onto left as in base are taken over whole; others are
// merged element by element, matched by their "name" field or, without one,
// by position when lengths allow. A field that onto dropped and changed only
// carries along is not brought back. If base equals changed, onto itself is
// returned.
//
// # Errors
//
// A [*ConflictError] that names the path where both sides changed the same
// field to different values.
func Carry(base, changed, onto *Item) (*Item, error) { panic("todo") }

// ConflictError says that Carry found two different changes of one field.
type ConflictError struct {
	// Path of the field; no values are shown.
	Path string
}
