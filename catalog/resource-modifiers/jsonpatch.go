package resourcemodifiers

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/internal/jsonvalue"
)

// Operations of a JSON patch.
const (
	opAdd     = "add"
	opRemove  = "remove"
	opReplace = "replace"
	opMove    = "move"
	opCopy    = "copy"
	opTest    = "test"
)

// errTestFailed ends a patch that does not apply, without harm.
var errTestFailed = errors.New("test failed")

// operation is a Patch ready for use.
type operation struct {
	name       string
	path, from pointer
	text       string // path as it was written
	value      any
}

// apply does the operation to an object; what is put into it is a copy.
func (op operation) apply(root map[string]any) error {
	var err error
	switch op.name {
	case opAdd:
		err = add(root, op.path, jsonvalue.Copy(op.value))
	case opRemove:
		err = op.remove(root, op.path)
	case opReplace:
		err = replaceAt(root, op.path, jsonvalue.Copy(op.value))
	case opMove, opCopy:
		err = op.transfer(root)
	case opTest:
		if v, ok := op.path.get(root); !ok && op.value != nil || !equal(v, op.value) {
			return errTestFailed
		}
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", op.name, op.text, err)
	}
	return nil
}

func (op operation) transfer(root map[string]any) error {
	v, ok := op.from.get(root)
	if !ok {
		return errors.New("there is nothing at from")
	}
	if op.name == opCopy {
		if count(v) > maxCopy {
			return errors.New("what it copies is too large")
		}
		return add(root, op.path, jsonvalue.Copy(v))
	}
	if err := op.remove(root, op.from); err != nil {
		return err
	}
	return add(root, op.path, v)
}

// remove is content when the field is not there: what the rule is for is so
// already, and so a second run does nothing.
func (op operation) remove(root map[string]any, p pointer) error {
	last := len(p) - 1
	parent, ok := p[:last].get(root)
	if !ok {
		return nil
	}
	switch parent := parent.(type) {
	case map[string]any:
		delete(parent, p[last])
		return nil
	case []any:
		i, ok := index(p[last], len(parent))
		if !ok {
			return checkIndex(p[last])
		}
		return replaceAt(root, p[:last], append(parent[:i:i], parent[i+1:]...))
	}
	return nil
}

// replaceAt sets what is there.
func replaceAt(root map[string]any, p pointer, v any) error {
	last := len(p) - 1
	parent, ok := p[:last].get(root)
	if !ok {
		return errors.New("the field is not there")
	}
	switch parent := parent.(type) {
	case map[string]any:
		if _, ok := parent[p[last]]; ok {
			parent[p[last]] = v
			return nil
		}
	case []any:
		if i, ok := index(p[last], len(parent)); ok {
			parent[i] = v
			return nil
		}
	}
	return errors.New("the field is not there")
}

// add sets a field or inserts an element. Maps that are missing on the way are
// made, and a list that is appended to.
func add(root map[string]any, p pointer, v any) error {
	var parent any = root
	for i, token := range p[:len(p)-1] {
		child, ok := p[i : i+1].get(parent)
		if ok && child != nil {
			parent = child
			continue
		}
		m, isMap := parent.(map[string]any)
		if !isMap {
			return fmt.Errorf("%s is not there", fn.FieldPath(anys(p[:i+1])...))
		}
		next := p[i+1]
		if next == "-" {
			m[token] = []any{}
		} else if _, err := strconv.Atoi(next); err == nil {
			return fmt.Errorf("%s is not there", fn.FieldPath(anys(p[:i+1])...))
		} else {
			m[token] = map[string]any{}
		}
		parent = m[token]
	}
	return addTo(root, p, parent, v)
}

func addTo(root map[string]any, p pointer, parent, v any) error {
	last := len(p) - 1
	switch parent := parent.(type) {
	case map[string]any:
		parent[p[last]] = v
		return nil
	case []any:
		i, ok := len(parent), true
		if p[last] != "-" {
			i, ok = index(p[last], len(parent)+1)
		}
		if !ok {
			return errors.New("the list has no such place")
		}
		return replaceAt(root, p[:last], slices.Insert(slices.Clone(parent), i, v))
	}
	return errors.New("its parent is neither a map nor a list")
}

func checkIndex(token string) error {
	if _, err := strconv.Atoi(token); err != nil {
		return errors.New("a list has numbers, not keys")
	}
	return nil
}

func anys(p pointer) []any {
	out := make([]any, len(p))
	for i, token := range p {
		out[i] = token
	}
	return out
}

// maxCopy bounds the values that one operation copies: some operations that
// copy a map into itself would fill the memory. An object holds some thousand.
const maxCopy = 1 << 17

// count returns how many values there are in v.
func count(v any) int {
	n := 1
	switch v := v.(type) {
	case []any:
		for i := range v {
			n += count(v[i])
		}
	case map[string]any:
		for k := range v {
			n += count(v[k])
		}
	}
	return n
}

// equal reports whether two values are the same JSON; numbers by their value.
func equal(a, b any) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for k, v := range x {
			if w, ok := y[k]; !ok || !equal(v, w) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, equal)
	case json.Number:
		return equalNumbers(string(x), b)
	case int64:
		if y, ok := b.(json.Number); ok {
			return equalNumbers(string(y), a)
		}
	}
	if _, ok := b.(map[string]any); ok {
		return false
	}
	if _, ok := b.([]any); ok {
		return false
	}
	return a == b
}

// equalNumbers compares a number that is no int64 with another one.
func equalNumbers(number string, other any) bool {
	a, err := strconv.ParseFloat(number, 64)
	switch o := other.(type) {
	case json.Number:
		b, errB := strconv.ParseFloat(string(o), 64)
		return number == string(o) || err == nil && errB == nil && a == b
	case int64:
		return err == nil && a == float64(o) && o < 1<<53 && o > -1<<53
	}
	return false
}
