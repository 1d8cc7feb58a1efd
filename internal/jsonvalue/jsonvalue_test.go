package jsonvalue_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/internal/jsonvalue"
)

func TestDecode(t *testing.T) {
	tests := map[string]struct {
		reason, raw string
		want        any
	}{
		"Integer":  {"as krm has it", `7`, int64(7)},
		"Fraction": {"digits are kept", `1.50`, json.Number("1.50")},
		"Huge":     {"digits are kept", `9223372036854775808`, json.Number("9223372036854775808")},
		"Nested":   {"inside as outside", `{"a": [1, 1.0, null, true, "x"]}`, map[string]any{"a": []any{int64(1), json.Number("1.0"), nil, true, "x"}}},
		"Blanks":   {"they are nothing", " {} \n", map[string]any{}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := jsonvalue.Decode([]byte(tc.raw))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, raw := range []string{`[1]]`, `{}}`, `1 2`, `{} x`} {
		if v, err := jsonvalue.Decode([]byte(raw)); !errors.Is(err, jsonvalue.ErrTrailing) {
			t.Errorf("%s: got %v, %v", raw, v, err)
		}
	}
	for _, raw := range []string{``, `{`, `nul`} {
		if v, err := jsonvalue.Decode([]byte(raw)); err == nil {
			t.Errorf("%s: got %v", raw, v)
		}
	}
}

func TestCopySharesNothing(t *testing.T) {
	inner := map[string]any{"a": []any{int64(1)}}
	original := map[string]any{"inner": inner}
	got := jsonvalue.Copy(original)
	inner["a"].([]any)[0], inner["b"] = "changed", true
	if diff := cmp.Diff(map[string]any{"inner": map[string]any{"a": []any{int64(1)}}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTypeName(t *testing.T) {
	for want, values := range map[string][]any{
		"null": {nil}, "string": {""}, "boolean": {false}, "number": {int64(1), json.Number("1.0")}, "list": {[]any{}}, "map": {map[string]any{}},
	} {
		for _, v := range values {
			if got := jsonvalue.TypeName(v); got != want {
				t.Errorf("%#v: want %s, got %s", v, want, got)
			}
		}
	}
}
