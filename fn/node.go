package fn

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/velero-krm/velero-krm/internal/jsonvalue"
)

// Node is one mapping inside an [Object]: the object itself, a pod spec, one
// container of a list. It stays valid until something replaces or removes the
// mapping. What is changed through it is changed in the object. One that is
// kept while an iteration goes on to other objects is found again by its path.
type Node struct {
	o      *Object
	fields map[string]any
	// decoding is the one of the object that fields is part of.
	decoding int32
	// Where it is: index >= 0 within the list that parent has at keys.
	parent *Node
	keys   []string
	index  int
}

// TypeError says that a field is of another type than a function needs. It
// names the field and never shows its value.
type TypeError struct {
	// Path of the field, as metadata.labels.
	Path string
	// Want and Got are types: map, list, string, number, boolean, null.
	Want, Got string
}

func (e *TypeError) Error() string { return e.Path + ": " + e.reason() }

func (e *TypeError) reason() string { return "is a " + e.Got + " where a " + e.Want + " is needed" }

// errGone is what becomes of setting a field in a mapping that is there no more.
var errGone = errors.New("the mapping was removed or replaced")

// Object returns the object that the node is part of.
func (n Node) Object() *Object { return n.o }

// Path returns where the field at keys is in the object, in the form
// spec.template.spec.containers[0].image; without keys, where n itself is.
func (n Node) Path(keys ...string) string {
	var l Location
	n.locate(&l)
	for _, k := range keys {
		l.elems = append(l.elems, k)
	}
	return l.String()
}

func (n Node) locate(l *Location) {
	if n.parent == nil {
		return
	}
	n.parent.locate(l)
	for _, k := range n.keys {
		l.elems = append(l.elems, k)
	}
	if n.index >= 0 {
		l.elems = append(l.elems, n.index)
	}
}

// mapping returns what the node is, nil when it is there no more.
func (n Node) mapping() map[string]any {
	if n.o == nil { // the zero Node has no fields
		return nil
	}
	if n.o.fields != nil && n.decoding == n.o.decoding {
		return n.fields
	}
	if n.parent == nil {
		return n.o.decoded()
	}
	v, _ := n.parent.lookup(n.keys)
	if list, ok := v.([]any); ok && 0 <= n.index && n.index < len(list) {
		v = list[n.index]
	}
	m, _ := v.(map[string]any)
	return m
}

// Keys returns the keys of the mapping, sorted.
func (n Node) Keys() []string { return slices.Sorted(maps.Keys(n.mapping())) }

// Get returns the value of a field; lists and mappings are copies.
func (n Node) Get(path ...string) (any, bool) {
	v, ok := n.lookup(path)
	return jsonvalue.Copy(v), ok
}

// GetString returns a field that is a string.
func (n Node) GetString(path ...string) (string, bool) { return getAs[string](n, path) }

// GetBool returns a field that is a boolean.
func (n Node) GetBool(path ...string) (value, ok bool) { return getAs[bool](n, path) }

// GetInt returns a field that is an integer.
func (n Node) GetInt(path ...string) (int64, bool) { return getAs[int64](n, path) }

// Has reports whether the field is there, null included.
func (n Node) Has(path ...string) bool {
	_, ok := n.lookup(path)
	return ok
}

// Node returns a field that is a mapping.
func (n Node) Node(path ...string) (Node, bool) {
	m, ok := getAs[map[string]any](n, path)
	if !ok || m == nil {
		return Node{}, false
	}
	return Node{o: n.o, fields: m, decoding: n.o.decoding, parent: &n, keys: path, index: -1}, true
}

// Nodes returns those elements of a list that are mappings; nil when the field
// is absent or no list.
func (n Node) Nodes(path ...string) []Node {
	list, ok := getAs[[]any](n, path)
	if !ok || len(list) == 0 {
		return nil
	}
	nodes := make([]Node, 0, len(list))
	for i, v := range list {
		if m, ok := v.(map[string]any); ok {
			nodes = append(nodes, Node{o: n.o, fields: m, decoding: n.o.decoding, parent: &n, keys: path, index: i})
		}
	}
	return nodes
}

// Set sets the field at path, one key at least; see [Object.Set].
func (n Node) Set(value any, path ...string) error {
	v, err := normalise(value)
	if err != nil {
		return fmt.Errorf("set %s: %w", n.Path(path...), err)
	}
	if old, ok := n.lookup(path); ok && equal(old, v) {
		return nil
	}
	m := n.mapping()
	if m == nil {
		return fmt.Errorf("set %s: %w", n.Path(path...), errGone)
	}
	for i, key := range path[:len(path)-1] {
		next, ok := m[key].(map[string]any)
		if !ok {
			if m[key] != nil {
				return &TypeError{Path: n.Path(path[:i+1]...), Want: "map", Got: jsonvalue.TypeName(m[key])}
			}
			next = map[string]any{}
			m[key] = next
		}
		m = next
	}
	m[path[len(path)-1]] = v
	n.o.changed = true
	return nil
}

// Remove removes the field at path, one key at least, and reports whether it
// was there. Mappings that become empty stay.
func (n Node) Remove(path ...string) bool {
	last := len(path) - 1
	m, ok := getAs[map[string]any](n, path[:last])
	if !ok {
		return false
	}
	if _, ok := m[path[last]]; !ok {
		return false
	}
	delete(m, path[last])
	n.o.changed = true
	return true
}

func (n Node) lookup(path []string) (any, bool) {
	var v any = n.mapping()
	for _, key := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = m[key]; !ok {
			return nil, false
		}
	}
	return v, true
}

func getAs[T any](n Node, path []string) (T, bool) {
	v, _ := n.lookup(path)
	t, ok := v.(T)
	return t, ok
}
