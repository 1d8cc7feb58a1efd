package fn

import (
	"maps"
	"slices"
)

// Missing returns where p breaks off: the fields that it wants and the object
// does not have, in the order of lists and of sorted keys, none when it has
// all. null counts as absent. [*] wants the rest of the path of every element
// or key, and is content with none; [0] and [name=web] want one element at
// least.
func (o *Object) Missing(p Path) []string {
	var m missing
	m.visit(o.decoded(), p.segments)
	return m.found
}

// missing is one walk along a path.
type missing struct {
	at    Location
	found []string
}

func (m *missing) visit(v any, segments []segment) {
	if v == nil {
		m.found = append(m.found, m.at.String())
		return
	}
	if len(segments) == 0 {
		return
	}
	s := segments[0]
	switch v := v.(type) {
	case map[string]any:
		if s.kind == anySegment {
			for _, k := range slices.Sorted(maps.Keys(v)) {
				m.child(k, v[k], segments)
			}
			return
		}
		if s.kind == keySegment {
			m.child(s.key, v[s.key], segments)
			return
		}
	case []any:
		if m.visitList(v, segments) || s.kind == anySegment {
			return
		}
	}
	m.found = append(m.found, joinPath(m.at.String(), Path{segments: segments[:1]}.String()))
}

// visitList reports whether the segment points at some element.
func (m *missing) visitList(list []any, segments []segment) bool {
	found := false
	for i, child := range list {
		if segments[0].selects(i, child) {
			found = true
			m.child(i, child, segments)
		}
	}
	return found
}

func (m *missing) child(elem, child any, segments []segment) {
	m.at.elems = append(m.at.elems, elem)
	m.visit(child, segments[1:])
	m.at.elems = m.at.elems[:len(m.at.elems)-1]
}
