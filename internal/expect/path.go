package expect

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// pathStep is one step of a path: key, ["key"], [0], [name=x].
var pathStep = regexp.MustCompile(`^(?:\.?([A-Za-z0-9_/-]+)|\["([^"]+)"\]|\[(\d+)\]|\[name=([^\]]+)\])`)

// place is a value inside an object and how to put another there. remove is nil
// where there is nothing.
type place struct {
	value  any
	set    func(v any)
	remove func()
}

// put sets a field, or removes it when value is nil.
func put(object map[string]any, path string, value any) error {
	at := place{value: object}
	for rest := path; rest != ""; {
		m := pathStep.FindStringSubmatch(rest)
		if m == nil {
			return fmt.Errorf("path %q is not understood at %q", path, rest)
		}
		rest = rest[len(m[0]):]
		switch next, ok := at.step(m); {
		case ok:
			at = next
		case value == nil:
			return nil
		default:
			return fmt.Errorf("path %q: there is no element %s", path, m[0])
		}
	}
	switch {
	case value != nil:
		at.set(value)
	case at.remove != nil:
		at.remove()
	}
	return nil
}

// step goes one step down; false when a list has no such element.
func (p place) step(m []string) (place, bool) {
	if key := m[1] + m[2]; key != "" {
		return p.key(key), true
	}
	list, _ := p.value.([]any)
	index := slices.IndexFunc(list, func(v any) bool {
		element, _ := v.(map[string]any)
		return m[4] != "" && element["name"] == m[4]
	})
	if m[3] != "" {
		index, _ = strconv.Atoi(m[3]) // the expression takes digits alone
	}
	if index < 0 || index >= len(list) {
		return place{}, false
	}
	return place{
		value:  list[index],
		set:    func(v any) { list[index] = v },
		remove: func() { p.set(slices.Delete(slices.Clone(list), index, index+1)) },
	}, true
}

// key goes to a key of a mapping, which is made by the first value that is set
// in it.
func (p place) key(key string) place {
	mapping, ok := p.value.(map[string]any)
	set := func(v any) { mapping[key] = v }
	if !ok {
		set = func(v any) { p.set(map[string]any{key: v}) }
	}
	return place{value: mapping[key], set: set, remove: func() { delete(mapping, key) }}
}
