package jsonvalue

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// ErrTrailing says that something follows the value. The decoder of
// encoding/json does not look, and its More takes a closing bracket too many
// for the end.
var ErrTrailing = errors.New("something follows the value")

// Decode reads exactly one JSON value. The error is [ErrTrailing], or that of
// encoding/json, which may quote a part of what it read.
func Decode(raw []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrTrailing
	}
	return integers(v), nil
}

// integers replaces, in place, numbers that are an int64 by one.
func integers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
	case []any:
		for i := range v {
			v[i] = integers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = integers(v[k])
		}
	}
	return v
}

// Copy returns a value that shares no list or map with v.
func Copy(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = Copy(v[i])
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for k := range v {
			m[k] = Copy(v[k])
		}
		return m
	}
	return v
}

// TypeName is how messages call the type of a value: null, string, boolean,
// number, list or map.
func TypeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case []any:
		return "list"
	case map[string]any:
		return "map"
	}
	return "number"
}
