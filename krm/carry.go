package krm

import "slices"

// Carry applies what changed from base to changed onto another version of the
// object and returns the result: a three-way merge. What onto changed itself
// stays. Lists that onto left as in base are taken over whole; others are
// merged element by element, matched by their "name" field when every element
// has one of its own, or else by position when all three are equally long. A
// field that onto dropped and changed only carries along is not brought back.
// If base equals changed, onto itself is returned.
//
// # Errors
//
// A [*ConflictError] that names the path where both sides changed the same
// field to different values; a [*NotKRMError] when the merged object has lost
// what names it.
func Carry(base, changed, onto *Item) (*Item, error) {
	switch {
	case base.Equal(changed):
		return onto, nil
	case base.Equal(onto):
		return changed, nil
	case onto.Equal(changed):
		return onto, nil
	}
	merged, err := merge3(nil, there(base.Object()), there(changed.Object()), there(onto.Object()))
	if err != nil {
		return nil, err
	}
	obj, ok := merged.value.(map[string]any)
	if !ok {
		return nil, &NotKRMError{Index: -1}
	}
	it, err := FromObject(obj)
	if err == nil && it.Equal(onto) {
		return onto, nil
	}
	return it, err
}

// maybe is a value that may be absent, which differs from null.
type maybe struct {
	value any
	ok    bool
}

func there(v any) maybe { return maybe{value: v, ok: true} }

func (m maybe) equal(other maybe) bool {
	return m.ok == other.ok && (!m.ok || equalValues(m.value, other.value))
}

// mapping returns the mapping that m is; nothing counts as an empty one.
func (m maybe) mapping() (map[string]any, bool) {
	if !m.ok {
		return nil, true
	}
	v, ok := m.value.(map[string]any)
	return v, ok
}

func (m maybe) list() ([]any, bool) {
	if !m.ok {
		return nil, true
	}
	v, ok := m.value.([]any)
	return v, ok
}

// merge3 merges one field of base b, changed c and onto o.
func merge3(path []byte, b, c, o maybe) (maybe, error) {
	switch {
	case b.equal(c), o.equal(c):
		return o, nil
	case b.equal(o):
		return c, nil
	}
	if bm, ok := b.mapping(); ok {
		cm, okC := c.mapping()
		om, okO := o.mapping()
		if okC && okO {
			return mergeMappings(path, bm, cm, om, c.ok && o.ok)
		}
	}
	if bl, ok := b.list(); ok && c.ok && o.ok {
		cl, okC := c.list()
		ol, okO := o.list()
		if okC && okO {
			return mergeLists(path, bl, cl, ol)
		}
	}
	return maybe{}, &ConflictError{Path: string(path)}
}

// mergeMappings merges key by key. keepEmpty says that both sides have the
// mapping, so it stays when nothing is left in it.
func mergeMappings(path []byte, b, c, o map[string]any, keepEmpty bool) (maybe, error) {
	out := make(map[string]any, len(o))
	for _, k := range unionKeys(b, c, o) {
		sub := appendPathKey(path[:len(path):len(path)], k)
		v, err := merge3(sub, field(b, k), field(c, k), field(o, k))
		if err != nil {
			return maybe{}, err
		}
		if v.ok {
			out[k] = v.value
		}
	}
	return maybe{value: out, ok: keepEmpty || len(out) > 0}, nil
}

func field(m map[string]any, key string) maybe {
	v, ok := m[key]
	return maybe{value: v, ok: ok}
}

func mergeLists(path []byte, b, c, o []any) (maybe, error) {
	bn, okB := nameElements(b)
	cn, okC := nameElements(c)
	on, okO := nameElements(o)
	if okB && okC && okO {
		return mergeNamed(path, bn, cn, on)
	}
	if len(b) != len(c) || len(b) != len(o) {
		return maybe{}, &ConflictError{Path: string(path)}
	}
	out := make([]any, len(o))
	for i := range o {
		sub := appendPathIndex(path[:len(path):len(path)], i)
		v, err := merge3(sub, there(b[i]), there(c[i]), there(o[i]))
		if err != nil {
			return maybe{}, err
		}
		if !v.ok {
			return maybe{}, &ConflictError{Path: string(sub)}
		}
		out[i] = v.value
	}
	return there(out), nil
}

// named is a list whose elements each have a name of their own.
type named struct {
	names    []string
	elements map[string]any
}

func nameElements(list []any) (named, bool) {
	n := named{elements: make(map[string]any, len(list))}
	for _, v := range list {
		m, ok := v.(map[string]any)
		if !ok {
			return named{}, false
		}
		name, ok := m["name"].(string)
		if !ok {
			return named{}, false
		}
		if _, twice := n.elements[name]; twice {
			return named{}, false
		}
		n.elements[name] = v
		n.names = append(n.names, name)
	}
	return n, true
}

// common returns the names that are also in other, in their order here.
func (n named) common(other named) []string {
	var out []string
	for _, name := range n.names {
		if _, ok := other.elements[name]; ok {
			out = append(out, name)
		}
	}
	return out
}

func mergeNamed(path []byte, b, c, o named) (maybe, error) {
	// The order is that of the side that reordered, if one did.
	first, second := c, o
	switch {
	case slices.Equal(c.common(b), b.common(c)):
		first, second = o, c
	case slices.Equal(o.common(b), b.common(o)):
	case !slices.Equal(c.common(o), o.common(c)):
		return maybe{}, &ConflictError{Path: string(path)}
	}
	out := []any{}
	for _, name := range weave(first.names, second.names) {
		sub := append(slices.Clip(path), "[name="+name+"]"...)
		v, err := merge3(sub, field(b.elements, name), field(c.elements, name), field(o.elements, name))
		if err != nil {
			return maybe{}, err
		}
		if v.ok {
			out = append(out, v.value)
		}
	}
	return there(out), nil
}

// weave returns the names of first in their order, and each name that only
// second has after the one that it follows there.
func weave(first, second []string) []string {
	at := make(map[string]int, len(first))
	for i, name := range first {
		at[name] = i + 1
	}
	following := make([][]string, len(first)+1) // 0: before all of first
	last := 0
	for _, name := range second {
		if i, ok := at[name]; ok {
			last = i
			continue
		}
		following[last] = append(following[last], name)
	}
	out := append(make([]string, 0, len(first)+len(second)), following[0]...)
	for i, name := range first {
		out = append(append(out, name), following[i+1]...)
	}
	return out
}
