package starlark

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"

	"go.starlark.net/starlark"

	"github.com/velero-krm/velero-krm/fn"
)

// toStarlark turns what krm.Item.Object returns into values of a script.
func toStarlark(v any) starlark.Value {
	switch v := v.(type) {
	case string:
		return starlark.String(v)
	case bool:
		return starlark.Bool(v)
	case int64:
		return starlark.MakeInt64(v)
	case json.Number:
		return number(string(v))
	case []any:
		list := make([]starlark.Value, len(v))
		for i := range v {
			list[i] = toStarlark(v[i])
		}
		return starlark.NewList(list)
	case map[string]any:
		return toDict(v)
	}
	return starlark.None
}

func toDict(m map[string]any) *starlark.Dict {
	d := starlark.NewDict(len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		//nolint:errcheck // fails for a frozen dict and a key that is no string
		d.SetKey(starlark.String(key), toStarlark(m[key]))
	}
	return d
}

// number is one that is no int64.
func number(text string) starlark.Value {
	if i, ok := new(big.Int).SetString(text, 10); ok && len(text) < maxDigits {
		return starlark.MakeBigInt(i)
	}
	// What is too large for a script to count with is infinite, and an error; it
	// may still move it.
	f, _ := strconv.ParseFloat(text, 64)
	return starlark.Float(f)
}

const (
	// maxDigits bounds the time that reading one number takes.
	maxDigits = 1000
	// maxParts bounds what one object may hold: a script can make a small value
	// that is huge when written.
	maxParts = 1 << 20
	// maxDepth is what an item may nest (krm.NewItem).
	maxDepth = 1000
)

// converter turns the values of a script into those of an object.
type converter struct {
	parts int
	at    []any
}

// object converts a dict. was is the object that the dict was made from, nil
// for a new one: numbers that the script left alone are kept digit by digit.
func (c *converter) object(d *starlark.Dict, was map[string]any) (map[string]any, error) {
	v, err := c.value(d, was)
	if err != nil {
		if len(c.at) > 0 {
			err = fmt.Errorf("%s: %w", shortLocation(c.at), err)
		}
		return nil, err
	}
	m, _ := v.(map[string]any)
	return m, nil
}

// maxShown bounds a location in a message; what holds itself has a long one.
const maxShown = 16

func shortLocation(at []any) string { return fn.FieldPath(at[:min(len(at), maxShown)]...) }

func (c *converter) value(v starlark.Value, was any) (any, error) {
	if c.parts++; c.parts > maxParts || len(c.at) > maxDepth {
		return nil, errors.New("the value is too large, or holds itself")
	}
	switch v := v.(type) {
	case starlark.NoneType:
		return nil, nil
	case starlark.Bool:
		return bool(v), nil
	case starlark.String:
		if !utf8.ValidString(string(v)) {
			return nil, errors.New("the text is no UTF-8")
		}
		return string(v), nil
	case starlark.Int:
		if i, ok := v.Int64(); ok {
			return i, nil
		}
		return json.Number(v.String()), nil
	case starlark.Float:
		return fromFloat(float64(v), was)
	case *starlark.Dict:
		return c.dict(v, was)
	case starlark.Tuple:
		return c.list(v, was)
	case *starlark.List:
		return c.list(v, was)
	}
	return nil, errors.New("no field can hold a " + v.Type())
}

func fromFloat(f float64, was any) (any, error) {
	if old, ok := was.(json.Number); ok && sameNumber(f, old) {
		return old, nil
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errors.New("JSON has no such number")
	}
	if i := int64(f); float64(i) == f && math.Abs(f) < 1<<53 {
		return i, nil
	}
	raw, err := json.Marshal(f)
	return json.Number(raw), err
}

func sameNumber(f float64, old json.Number) bool {
	n, ok := number(string(old)).(starlark.Float)
	return ok && float64(n) == f
}

func (c *converter) dict(d *starlark.Dict, was any) (any, error) {
	before, _ := was.(map[string]any)
	m := make(map[string]any, d.Len())
	for k, value := range d.Entries() {
		key, ok := k.(starlark.String)
		if !ok || !utf8.ValidString(string(key)) {
			return nil, errors.New("a key is no text, but a " + k.Type())
		}
		c.at = append(c.at, string(key))
		v, err := c.value(value, before[string(key)])
		if err != nil {
			return nil, err
		}
		c.at = c.at[:len(c.at)-1]
		m[string(key)] = v
	}
	return m, nil
}

func (c *converter) list(list starlark.Indexable, was any) (any, error) {
	before, _ := was.([]any)
	out := make([]any, list.Len())
	for i := range out {
		var old any
		if i < len(before) {
			old = before[i]
		}
		c.at = append(c.at, i)
		v, err := c.value(list.Index(i), old)
		if err != nil {
			return nil, err
		}
		c.at = c.at[:len(c.at)-1]
		out[i] = v
	}
	return out, nil
}

// unchanged reports whether a value of a script is what it was made from. It
// ends where they differ, so a value that holds itself does not matter.
func unchanged(v starlark.Value, was any) bool {
	switch was := was.(type) {
	case nil:
		return v == starlark.None
	case string:
		return v == starlark.String(was)
	case bool:
		return v == starlark.Bool(was)
	case int64:
		i, ok := v.(starlark.Int)
		n, fits := i.Int64()
		return ok && fits && n == was
	case json.Number:
		equal, err := starlark.Equal(v, number(string(was)))
		return err == nil && equal
	case []any:
		list, ok := v.(*starlark.List)
		if !ok || list.Len() != len(was) {
			return false
		}
		for i := range was {
			if !unchanged(list.Index(i), was[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		return unchangedDict(v, was)
	}
	return false
}

func unchangedDict(v starlark.Value, was map[string]any) bool {
	d, ok := v.(*starlark.Dict)
	if !ok || d.Len() != len(was) {
		return false
	}
	for key, old := range was {
		value, found, err := d.Get(starlark.String(key))
		if err != nil || !found || !unchanged(value, old) {
			return false
		}
	}
	return true
}
