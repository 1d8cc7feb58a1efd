package fn

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/velero-krm/velero-krm/internal/jsonvalue"
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
	v, err := jsonvalue.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("decode %T: %w", value, err)
	}
	return v, nil
}

func equal(a, b any) bool {
	switch a := a.(type) {
	case nil, string, bool, int64, json.Number:
		return a == b
	}
	return reflect.DeepEqual(a, b)
}
