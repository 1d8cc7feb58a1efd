package starlark

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	"go.starlark.net/starlark"
	"go.yaml.in/yaml/v3"
)

// dumpYAML writes with the keys in order, two spaces for a level and lists no
// deeper than their key, as starlib does; it does not fold long lines.
func dumpYAML(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var source starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "source", &source); err != nil {
		return nil, err
	}
	var m measure
	if err := m.value(source); err != nil {
		return nil, wrapIn(b, err)
	}
	// Up to two lines for each part.
	if 4*m.levels > maxBytes {
		return nil, wrapIn(b, errLarge)
	}
	if err := spend(thread, uint64(yamlSteps+m.parts*partSteps+(m.bytes+m.levels)/yamlBytes)); err != nil {
		return nil, err
	}
	v, err := plain(source)
	if err != nil {
		return nil, wrapIn(b, err)
	}
	text, err := encodeYAML(v)
	return starlark.String(text), wrapIn(b, err)
}

// partSteps is what it takes to write one value, beside its text: 1 us in a
// list, 8 in a large map, where keys are sorted (BenchmarkSteps, 2026-11-22).
const partSteps = 60

func encodeYAML(v any) (text string, err error) {
	defer func() {
		// The library turns only its own errors into an error.
		if recover() != nil {
			text, err = "", errors.New("cannot be written as YAML")
		}
	}()
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	enc.CompactSeqIndent()
	if err := errors.Join(enc.Encode(v), enc.Close()); err != nil {
		return "", errors.New("cannot be written as YAML")
	}
	return out.String(), nil
}

// plain returns what a value of a script is in Go, within the bounds of measure.
func plain(v starlark.Value) (any, error) {
	switch v := v.(type) {
	case starlark.NoneType:
		return nil, nil
	case starlark.Bool:
		return bool(v), nil
	case starlark.Int:
		if i, ok := v.Int64(); ok {
			return i, nil
		}
		if i, ok := v.Uint64(); ok {
			return i, nil
		}
		if math.IsInf(float64(v.Float()), 0) {
			return nil, errors.New("an integer beyond what a float holds cannot be written")
		}
		// The library takes larger integers for floats, and writes their tag else.
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: v.String()}, nil
	case starlark.Float:
		return float64(v), nil
	case starlark.String:
		return string(v), nil
	case *starlark.Dict:
		return plainMap(v)
	case *starlark.List, starlark.Tuple:
		list := []any{}
		for e := range starlark.Elements(v.(starlark.Iterable)) {
			p, err := plain(e)
			if err != nil {
				return nil, err
			}
			list = append(list, p)
		}
		return list, nil
	}
	return nil, fmt.Errorf("a %s cannot be written", v.Type())
}

func plainMap(d *starlark.Dict) (any, error) {
	m := make(map[any]any, d.Len())
	for k, e := range d.Entries() {
		key, err := plainKey(k)
		if err != nil {
			return nil, err
		}
		if m[key], err = plain(e); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// plainKey leaves out what the library has no order for, so that it would write
// the same map in another one each time.
func plainKey(k starlark.Value) (any, error) {
	switch k := k.(type) {
	case starlark.NoneType, starlark.Bool, starlark.String:
		return plain(k)
	case starlark.Float:
		if !math.IsNaN(float64(k)) {
			return plain(k)
		}
		return nil, errors.New("not a number cannot be a key")
	case starlark.Int:
		key, err := plain(k)
		if _, large := key.(*yaml.Node); !large {
			return key, err
		}
		return nil, errors.New("an integer beyond 64 bits cannot be a key")
	}
	return nil, fmt.Errorf("a %s cannot be a key", k.Type())
}
