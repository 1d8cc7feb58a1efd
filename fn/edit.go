package fn

import (
	"maps"
	"slices"
)

// Edit calls edit for every value that p points at, in the order of lists and
// of sorted keys, and puts what it returns in the value's place; with keep
// false the value is removed. It returns how many values changed. at is valid
// during the call alone. edit must not change value in place; the result may
// be anything that encoding/json can encode. The first error ends it; what was
// edited before stays.
func (o *Object) Edit(p Path, edit func(at Location, value any) (result any, keep bool, err error)) (int, error) {
	e := editor{edit: edit}
	fields := o.decoded()
	o.pinned++ // edit may iterate over the list
	defer func() { o.pinned-- }()
	_, err := e.visit(fields, p.segments)
	if e.count > 0 {
		o.changed = true
	}
	return e.count, err
}

// Edit does to root what [Object.Edit] does to an object, for values decoded
// from what an object holds as text: root is of the types that [Object.Get]
// returns. Mappings are changed in place; the root that is returned, nil when
// edit removed it, takes the place of root.
func (p Path) Edit(root any, edit func(at Location, value any) (result any, keep bool, err error)) (any, int, error) {
	e := editor{edit: edit}
	out, err := e.visit(root, p.segments)
	return out.value, e.count, err
}

// RemoveAt removes every field and list element that p points at and returns
// how many there were.
func (o *Object) RemoveAt(p Path) int {
	n, _ := o.Edit(p, func(Location, any) (any, bool, error) { return nil, false, nil })
	return n
}

// editor is one walk along a path.
type editor struct {
	at    Location
	edit  func(Location, any) (any, bool, error)
	count int
	// elements counts the list elements that were looked at.
	elements int
}

// outcome of one value.
type outcome struct {
	value         any
	changed, drop bool
}

func (e *editor) visit(v any, segments []segment) (outcome, error) {
	if len(segments) == 0 {
		return e.apply(v)
	}
	switch v := v.(type) {
	case map[string]any:
		return outcome{value: v}, e.visitMap(v, segments)
	case []any:
		return e.visitList(v, segments)
	}
	return outcome{value: v}, nil
}

func (e *editor) apply(v any) (outcome, error) {
	result, keep, err := e.edit(e.at, v)
	if err != nil {
		return outcome{value: v}, err
	}
	if !keep {
		e.count++
		return outcome{drop: true}, nil
	}
	result, err = normalise(result)
	if err != nil || equal(v, result) {
		return outcome{value: v}, err
	}
	e.count++
	return outcome{value: result, changed: true}, nil
}

func (e *editor) visitMap(m map[string]any, segments []segment) error {
	var keys []string
	switch s := segments[0]; s.kind {
	case keySegment:
		keys = []string{s.key}
	case anySegment:
		keys = slices.Sorted(maps.Keys(m))
	case indexSegment, matchSegment:
		return nil
	}
	for _, k := range keys {
		child, ok := m[k]
		if !ok {
			continue
		}
		out, err := e.child(k, child, segments)
		// Also with an error: a list below may have lost elements before it.
		if out.drop {
			delete(m, k)
		} else if out.changed {
			m[k] = out.value
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *editor) visitList(list []any, segments []segment) (outcome, error) {
	if segments[0].kind == indexSegment {
		return e.visitElement(list, segments)
	}
	kept := list[:0:len(list)]
	for i, child := range list {
		e.elements++
		out := outcome{value: child}
		if segments[0].selects(i, child) {
			var err error
			if out, err = e.child(i, child, segments); err != nil {
				// The rest is kept, so that no element is lost.
				kept = append(append(kept, out.value), list[i+1:]...)
				return outcome{value: kept, changed: len(kept) != len(list)}, err
			}
		}
		if !out.drop {
			kept = append(kept, out.value)
		}
	}
	return outcome{value: kept, changed: len(kept) != len(list)}, nil
}

// visitElement is visitList for one element by its number: what edits many of a
// list, one after the other, must not look at all of them each time.
func (e *editor) visitElement(list []any, segments []segment) (outcome, error) {
	i := segments[0].index
	if i >= len(list) {
		return outcome{value: list}, nil
	}
	e.elements++
	out, err := e.child(i, list[i], segments)
	list[i] = out.value
	if out.drop {
		return outcome{value: slices.Delete(list, i, i+1), changed: true}, err
	}
	return outcome{value: list}, err
}

func (e *editor) child(elem, child any, segments []segment) (outcome, error) {
	e.at.elems = append(e.at.elems, elem)
	defer func() { e.at.elems = e.at.elems[:len(e.at.elems)-1] }()
	return e.visit(child, segments[1:])
}

// selects reports whether the segment points at element i of a list.
func (s segment) selects(i int, element any) bool {
	switch s.kind {
	case anySegment:
		return true
	case indexSegment:
		return s.index == i
	case matchSegment:
		m, _ := element.(map[string]any)
		return m[s.key] == s.value
	case keySegment:
	}
	return false
}
