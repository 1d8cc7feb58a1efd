package krm

// WithAnnotation returns a new item with metadata.annotations[key] set, made
// by splicing bytes: nothing else of the raw JSON changes.
func (it *Item) WithAnnotation(key, value string) *Item { panic("todo") }

// WithoutAnnotations returns an item without those metadata.annotations keys
// for which drop is true, by splicing; annotations that become empty stay as
// {}. It returns it itself when nothing is dropped.
func (it *Item) WithoutAnnotations(drop func(key string) bool) *Item { panic("todo") }

// RestoreAnnotationsShape gives metadata.annotations, when it is empty or
// absent, the shape it has in like: absent, null or {}.
func (it *Item) RestoreAnnotationsShape(like *Item) *Item { panic("todo") }
