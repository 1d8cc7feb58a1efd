package rename

import (
	"fmt"
	"slices"
	"strings"
)

// node is one place on the way to the references of a kind, as a tree of the
// keys that lead to them: one walk finds all.
type node struct {
	fields []field
	// each is every element of a list, and every value of a mapping that
	// fields does not have.
	each *node
	// references are here.
	references []reference
}

// field of a node. They are sorted by key.
type field struct {
	key  string
	node *node
}

func compareField(f field, key string) int { return strings.Compare(f.key, key) }

// child returns the node of a key; nil when nothing is there.
func (n *node) child(key string) *node {
	if n == nil {
		return nil
	}
	if i, ok := slices.BinarySearchFunc(n.fields, key, compareField); ok {
		return n.fields[i].node
	}
	return n.each
}

// add puts a reference at a path, as spec.list[*].name or
// metadata.annotations["example.com/x"].
func (n *node) add(path string, ref reference) error {
	for rest := path; rest != ""; {
		key := ""
		switch {
		case strings.HasPrefix(rest, "[*]"):
			rest = rest[3:]
			if n.each == nil {
				n.each = &node{}
			}
			n = n.each
			continue
		case strings.HasPrefix(rest, `["`):
			var ok bool
			if key, rest, ok = strings.Cut(rest[2:], `"]`); !ok {
				return fmt.Errorf("read path %q: a bracket is open", path)
			}
		default:
			rest = strings.TrimPrefix(rest, ".")
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			key, rest = rest[:end], rest[end:]
		}
		if key == "" {
			return fmt.Errorf("read path %q: a key is empty", path)
		}
		n = n.make(key)
	}
	n.references = append(n.references, ref)
	return nil
}

func (n *node) make(key string) *node {
	i, ok := slices.BinarySearchFunc(n.fields, key, compareField)
	if !ok {
		n.fields = slices.Insert(n.fields, i, field{key, &node{}})
	}
	return n.fields[i].node
}
