package starlark

import (
	"errors"
	"fmt"
	"maps"

	"go.starlark.net/lib/json"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

const jsonName = "json"

// jsonModule is the library's module json with bounds on what its functions
// take. Some recurse for each level: some megabytes of brackets, which an object
// may hold, end the process, and no recover helps. All make as much as they are
// asked for in one step.
func jsonModule() *starlarkstruct.Module {
	members := maps.Clone(json.Module.Members)
	for name, f := range map[string]jsonFunction{
		"decode":        {takes: (*measure).text},
		"encode":        {takes: (*measure).value},
		"encode_indent": {takes: (*measure).value, indents: true},
		"indent":        {takes: (*measure).text, indents: true},
	} {
		f.call = members[name]
		members[name] = starlark.NewBuiltin(jsonName+"."+name, f.bounded)
	}
	return &starlarkstruct.Module{Name: jsonName, Members: members}
}

// What it takes to read or write one value, beside its text, which is so many
// bytes for a step: up to 1 us and 14 ns (BenchmarkSteps, 2026-11-22).
const jsonSteps, jsonBytes = 8, 8

// jsonFunction is a function of the library.
type jsonFunction struct {
	takes   func(*measure, starlark.Value) error
	indents bool
	call    starlark.Value
}

// bounded looks at all arguments, whatever they are for.
func (f jsonFunction) bounded(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var m measure
	prefix, indent := 0, 1
	for _, arg := range args {
		if err := f.takes(&m, arg); err != nil {
			return nil, err
		}
	}
	for _, pair := range kwargs {
		if err := f.takes(&m, pair[1]); err != nil {
			return nil, err
		}
		switch text, _ := starlark.AsString(pair[1]); pair[0] {
		case starlark.String("prefix"):
			prefix = len(text)
		case starlark.String("indent"):
			indent = len(text)
		}
	}
	steps := callSteps + m.parts*jsonSteps + m.bytes/jsonBytes
	if f.indents {
		// Up to two lines for each part, and for each part its brackets.
		made := 2 * (m.parts*prefix + m.levels*indent)
		if made > maxBytes {
			return nil, errLarge
		}
		steps += made / jsonBytes
	}
	if err := spend(thread, uint64(steps)); err != nil {
		return nil, err
	}
	return starlark.Call(thread, f.call, args, kwargs)
}

var (
	errDeep   = errors.New("the text is nested too deeply")
	errDigits = fmt.Errorf("a number has more than %d digits", maxDigits)
)

// measure goes through a value as something that writes it would.
type measure struct {
	parts, bytes int
	// depth is how deep it is now, levels the sum of the depth of each part.
	depth, levels int
}

// text goes through JSON. Of what is no JSON the decoder says more. It reads
// integers in quadratic time.
func (m *measure) text(v starlark.Value) error {
	text, _ := starlark.AsString(v)
	if len(text) > maxBytes {
		return errText
	}
	m.bytes += len(text)
	depth, digits, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		if c := text[i]; quoted || c < '0' || c > '9' {
			digits = 0
		} else if digits++; digits > maxDigits {
			return errDigits
		}
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == ',':
			m.parts++
			m.levels += max(depth, 0)
		case c == '[' || c == '{':
			if depth++; depth > maxDepth {
				return errDeep
			}
			m.parts++
			m.levels += max(depth, 0)
		case c == ']' || c == '}':
			depth--
		}
	}
	return nil
}

// integer bounds the digits: to write them takes nearly quadratic time.
func (m *measure) integer(i starlark.Int) error {
	if _, ok := i.Int64(); ok {
		return nil
	}
	digits := i.BigInt().BitLen() * 3 / 10 // log10(2) is 0.301
	if digits > maxDigits {
		return errLarge
	}
	m.bytes += digits
	return nil
}

// value goes through what a script has.
func (m *measure) value(v starlark.Value) error {
	m.parts++
	m.levels += m.depth
	switch v := v.(type) {
	case starlark.String:
		m.bytes += len(v)
	case starlark.Int:
		if err := m.integer(v); err != nil {
			return err
		}
	}
	if m.parts > maxParts || m.bytes > maxBytes || m.depth > maxDepth {
		return errLarge
	}
	m.depth++
	defer func() { m.depth-- }()
	switch v := v.(type) {
	case starlark.IterableMapping:
		for k, e := range starlark.Entries(v) {
			if err := errors.Join(m.value(k), m.value(e)); err != nil {
				return errLarge
			}
		}
	case starlark.Iterable:
		for e := range starlark.Elements(v) {
			if err := m.value(e); err != nil {
				return err
			}
		}
	case *starlarkstruct.Struct:
		for _, name := range v.AttrNames() {
			attr, _ := v.Attr(name)
			if err := m.value(attr); err != nil {
				return err
			}
		}
	}
	return nil
}
