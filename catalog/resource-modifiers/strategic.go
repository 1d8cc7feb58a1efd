package resourcemodifiers

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Directives of a strategic merge patch
// (sig-api-machinery/strategic-merge-patch.md of kubernetes/community).
const (
	directive       = "$patch"
	retainDirective = "$retainKeys"
	deletePrefix    = "$deleteFromPrimitiveList/"
	orderPrefix     = "$setElementOrder/"
)

// checkDirectives refuses what this function does not know, before it would
// become a field.
func checkDirectives(v any) error {
	switch v := v.(type) {
	case []any:
		for _, child := range v {
			if err := checkDirectives(child); err != nil {
				return err
			}
		}
	case map[string]any:
		for key, child := range v {
			if err := checkDirective(key, child); err != nil {
				return err
			}
			if err := checkDirectives(child); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkDirective(key string, value any) error {
	_, isList := value.([]any)
	switch {
	case !strings.HasPrefix(key, "$"):
		return nil
	case key == directive:
		if value != "replace" && value != "delete" {
			return errors.New("has a $patch that is neither replace nor delete")
		}
	case key == retainDirective, strings.HasPrefix(key, deletePrefix):
		if !isList {
			return errors.New("has a directive that needs a list: " + key)
		}
	case strings.HasPrefix(key, orderPrefix):
		return errors.New("has the directive $setElementOrder, which is for kubectl alone")
	default:
		return errors.New("has an unknown directive: " + key)
	}
	return nil
}

// merger does strategic merge patches by what is known of the kinds.
type merger struct{ types map[string]structType }

// fields merges patch into target, which it may change; t may be nil.
func (m merger) fields(target, patch map[string]any, t structType) (map[string]any, error) {
	switch patch[directive] {
	case "replace":
		return clean(patch), nil
	case "delete":
		return map[string]any{}, nil
	}
	if err := retain(target, patch); err != nil {
		return nil, err
	}
	for _, key := range sortedKeys(patch) {
		if err := m.field(target, key, patch[key], t); err != nil {
			return nil, err
		}
	}
	return target, nil
}

func (m merger) field(target map[string]any, key string, v any, t structType) error {
	if name, ok := strings.CutPrefix(key, deletePrefix); ok {
		if old, isList := target[name].([]any); isList {
			target[name] = slices.DeleteFunc(old, func(e any) bool {
				return slices.ContainsFunc(v.([]any), func(gone any) bool { return equal(e, gone) })
			})
		}
		return nil
	}
	if key == retainDirective {
		return nil
	}
	if v == nil {
		delete(target, key)
		return nil
	}
	merged, err := m.value(target[key], v, t[key])
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	if merged == nil {
		delete(target, key)
	} else {
		target[key] = merged
	}
	return nil
}

// value returns what takes the place of old; nil for nothing.
func (m merger) value(old, patch any, f fieldType) (any, error) {
	switch p := patch.(type) {
	case map[string]any:
		if o, ok := old.(map[string]any); ok && !f.replace {
			return m.fields(o, p, m.types[f.elem])
		}
		if p[directive] != nil {
			return nil, nil
		}
		return clean(p), nil
	case []any:
		if o, ok := old.([]any); ok && f.merge {
			return m.list(o, p, f)
		}
		return cleanList(p), nil
	}
	return patch, nil
}

// list merges two lists by the key of their elements, or of plain values by
// themselves.
func (m merger) list(old, patch []any, f fieldType) (any, error) {
	if err := checkElements(old, f); err != nil {
		return nil, err
	}
	if err := checkElements(patch, f); err != nil {
		return nil, err
	}
	var added []any
	replace := false
	for _, p := range patch {
		switch element, _ := p.(map[string]any); element[directive] {
		case "delete":
			gone := keyOf(p, f)
			old = slices.DeleteFunc(slices.Clone(old), func(o any) bool { return keyOf(o, f) == gone })
		case "replace":
			replace = true
		default:
			added = append(added, p)
		}
	}
	if replace {
		return cleanList(added), nil
	}
	merged := slices.Clone(old)
	for _, p := range added {
		key := keyOf(p, f)
		i := slices.IndexFunc(merged, func(o any) bool { return keyOf(o, f) == key })
		if i < 0 {
			merged = append(merged, deepClean(p))
			continue
		}
		if o, ok := merged[i].(map[string]any); ok {
			element, err := m.fields(o, p.(map[string]any), m.types[f.elem])
			if err != nil {
				return nil, err
			}
			merged[i] = element
		}
	}
	return inOrder(merged, added, old, f), nil
}

// checkElements refuses lists that cannot be merged: with elements that have
// no key, of mixed types or lists themselves.
func checkElements(list []any, f fieldType) error {
	for _, e := range list {
		m, isMap := e.(map[string]any)
		if isMap != (f.key != "") {
			return errors.New("has elements that cannot be merged")
		}
		if _, isList := e.([]any); isList {
			return errors.New("is a list of lists, which cannot be merged")
		}
		if _, ok := m[f.key]; isMap && !ok && m[directive] != "replace" {
			return errors.New("has an element without the key " + f.key)
		}
	}
	return nil
}

// keyOf is what tells one element of a list from another.
func keyOf(element any, f fieldType) any {
	if m, ok := element.(map[string]any); ok {
		element = m[f.key]
	}
	switch v := element.(type) {
	case map[string]any, []any:
		return &v // like nothing else
	case json.Number:
		return string(v) + " as a number"
	}
	return element
}

// inOrder puts the elements that the patch names in its order, and the others
// in the order of the object, each before the first named one that it was
// before in the object. It is the order that the API server makes.
func inOrder(merged, patch, old []any, f fieldType) []any {
	rank, place := positions(patch, f), positions(old, f)
	var named, others []any
	seen := map[any]bool{}
	for _, e := range merged {
		key := keyOf(e, f)
		_, isNamed := rank[key]
		switch {
		case !isNamed:
			others = append(others, e)
		case f.key != "" || !seen[key]:
			named = append(named, e)
		}
		seen[key] = true
	}
	slices.SortStableFunc(named, func(a, b any) int { return rank[keyOf(a, f)] - rank[keyOf(b, f)] })
	out := make([]any, 0, len(merged))
	for len(named) > 0 && len(others) > 0 {
		at, known := place[keyOf(named[0], f)]
		if known && place[keyOf(others[0], f)] < at {
			out, others = append(out, others[0]), others[1:]
		} else {
			out, named = append(out, named[0]), named[1:]
		}
	}
	return append(append(out, named...), others...)
}

func positions(list []any, f fieldType) map[any]int {
	at := make(map[any]int, len(list))
	for i, e := range list {
		key := keyOf(e, f)
		if _, ok := at[key]; !ok {
			at[key] = i
		}
	}
	return at
}

// retain removes the fields that a $retainKeys does not name.
func retain(target, patch map[string]any) error {
	keep, ok := patch[retainDirective].([]any)
	if !ok {
		return nil
	}
	for key, v := range patch {
		if v != nil && !strings.HasPrefix(key, "$") && !slices.Contains(keep, any(key)) {
			return errors.New("$retainKeys lacks " + key + ", which the patch sets")
		}
	}
	for key := range target {
		if !slices.Contains(keep, any(key)) {
			delete(target, key)
		}
	}
	return nil
}

// clean copies what is new of a patch, without nulls and directives.
func clean(patch map[string]any) map[string]any {
	m := make(map[string]any, len(patch))
	for key, v := range patch {
		if v == nil || strings.HasPrefix(key, "$") {
			continue
		}
		if child, ok := v.(map[string]any); ok && child[directive] != nil {
			continue
		}
		m[key] = deepClean(v)
	}
	return m
}

func cleanList(patch []any) []any {
	list := make([]any, 0, len(patch))
	for _, v := range patch {
		if m, ok := v.(map[string]any); ok && m[directive] != nil {
			continue
		}
		list = append(list, deepClean(v))
	}
	return list
}

func deepClean(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return clean(v)
	case []any:
		return cleanList(v)
	}
	return v
}
