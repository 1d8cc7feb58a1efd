package fn

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// normalise returns value as the types that krm.Item.Object has, sharing
// nothing with it.
func normalise(value any) (any, error) {
	switch v := value.(type) {
	case nil, string, bool, int64, json.Number:
		return v, nil
	case int:
		return int64(v), nil
	case []string:
		list := make([]any, len(v))
		for i, s := range v {
			list[i] = s
		}
		return list, nil
	case map[string]string:
		m := make(map[string]any, len(v))
		for k, s := range v {
			m[k] = s
		}
		return m, nil
	}
	return reencode(value)
}

// reencode goes through JSON: slow, but right for whatever has json tags.
func reencode(value any) (any, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", value, err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("decode %T: %w", value, err)
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

func equal(a, b any) bool {
	switch a := a.(type) {
	case nil, string, bool, int64, json.Number:
		return a == b
	}
	return reflect.DeepEqual(a, b)
}

func deepCopy(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = deepCopy(v[i])
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for k := range v {
			m[k] = deepCopy(v[k])
		}
		return m
	}
	return v
}

// typeName is how messages call the type of a value.
func typeName(v any) string {
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
