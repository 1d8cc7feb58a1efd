package starlark

import (
	"encoding/base64"
	"errors"
	"fmt"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

var errText = errors.New("the text is too large")

// takeText counts the work on a text that is copied, encoded or hashed.
func takeText(thread *starlark.Thread, b *starlark.Builtin, text string) error {
	if len(text) > maxBytes {
		return wrapIn(b, errText)
	}
	return spend(thread, uint64(callSteps+len(text)/quickBytes))
}

const (
	// quickBytes is how many bytes are copied, encoded or hashed in one step: 3 to
	// 5 ns each with what is allocated for them (BenchmarkSteps, 2026-11-22).
	quickBytes = 16
	// callSteps is what it takes to call a function at all.
	callSteps = 4
)

func base64Module() *starlarkstruct.Module {
	return newModule("base64", map[string]builtin{
		"encode": base64Coder(func(e *base64.Encoding, text string) (string, error) {
			return e.EncodeToString([]byte(text)), nil
		}),
		"decode": base64Coder(func(e *base64.Encoding, text string) (string, error) {
			// The error tells where, not what.
			raw, err := e.DecodeString(text)
			return string(raw), err
		}),
	})
}

func base64Coder(code func(*base64.Encoding, string) (string, error)) builtin {
	return func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var data, name string
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "data", &data, "encoding?", &name); err != nil {
			return nil, err
		}
		encoding := encodingOf(name)
		if encoding == nil {
			return nil, fmt.Errorf("%s: encoding must be standard, standard_raw, url or url_raw", b.Name())
		}
		if err := takeText(thread, b, data); err != nil {
			return nil, err
		}
		out, err := code(encoding, data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.Name(), err)
		}
		return starlark.String(out), nil
	}
}

// encodingOf returns a variant of base64 by its name, nil for none.
func encodingOf(name string) *base64.Encoding {
	switch name {
	case "", "standard":
		return base64.StdEncoding
	case "standard_raw":
		return base64.RawStdEncoding
	case "url":
		return base64.URLEncoding
	case "url_raw":
		return base64.RawURLEncoding
	}
	return nil
}
