package mapping

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
)

// maxNamed bounds how many fields one warning names: it is one line in the log
// of a Restore.
const maxNamed = 6

// Fields are those of one object that one warning is about: the most important
// of them, and how many there are. The zero value has none. It belongs to one
// goroutine.
type Fields struct {
	// named are sorted by importance, maxNamed at most.
	named [][]any
	count int
}

// Add adds a field, which the caller may change afterwards. It takes no more time
// and space for the ten thousandth than for the tenth.
func (f *Fields) Add(at []any) {
	f.count++
	i, _ := slices.BinarySearchFunc(f.named, at, CompareFields)
	if i == maxNamed {
		return
	}
	if len(f.named) == maxNamed {
		f.named = f.named[:maxNamed-1]
	}
	f.named = slices.Insert(f.named, i, slices.Clone(at))
}

// First returns the most important field, nil when there is none.
func (f *Fields) First() []any {
	if len(f.named) == 0 {
		return nil
	}
	return f.named[0]
}

// Others returns " (nor in PATH, PATH and 3 more)" for the fields but the first,
// "" when there are none.
func (f *Fields) Others() string {
	if f.count < 2 {
		return ""
	}
	paths := make([]string, 0, maxNamed)
	for _, at := range f.named[1:] {
		paths = append(paths, fn.FieldPath(at...))
	}
	text := " (nor in " + strings.Join(paths, ", ")
	if more := f.count - len(f.named); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text + ")"
}

// CompareFields orders fields by importance: what an application runs on goes
// before metadata, its own or that of its pods, as annotations are; then as they
// stand, keys in lexical order.
func CompareFields(a, b []any) int {
	return cmp.Or(cmp.Compare(rank(a), rank(b)), slices.CompareFunc(a, b, compareElems))
}

func rank(at []any) int {
	if slices.Contains(at, any("metadata")) {
		return 1
	}
	return 0
}

// compareElems orders the keys or elements of one mapping or list. Where a key
// is there twice, it may have been both.
func compareElems(a, b any) int {
	ka, _ := a.(string)
	kb, _ := b.(string)
	ia, _ := a.(int)
	ib, _ := b.(int)
	return cmp.Or(cmp.Compare(ka, kb), cmp.Compare(ia, ib))
}
