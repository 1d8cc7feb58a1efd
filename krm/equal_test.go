package krm

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestEqualJSON(t *testing.T) {
	tests := map[string]struct {
		reason string
		a, b   string
		want   bool
	}{
		"Same":            {"the same bytes", `{"a":1}`, `{"a":1}`, true},
		"Order":           {"keys in any order", `{"a":1,"b":{"c":2,"d":[3]}}`, `{"b":{"d":[3],"c":2},"a":1}`, true},
		"OrderInside":     {"what differs in order also differs in a value", `{"a":1,"b":2}`, `{"b":3,"a":1}`, false},
		"AfterUnordered":  {"the walk goes on behind a mapping in another order", `[{"a":1,"b":2},3]`, `[{"b":2,"a":1},4]`, false},
		"MoreKeys":        {"a key more", `{"a":1}`, `{"a":1,"b":2}`, false},
		"FewerKeys":       {"a key less", `{"a":1,"b":2}`, `{"a":1}`, false},
		"OtherKey":        {"as many keys, but others", `{"a":1,"b":2}`, `{"a":1,"c":2}`, false},
		"EscapedKey":      {"a key that is written in another way", `{"a":1,"b":2}`, `{"\u0061":1,"b":2}`, true},
		"EscapedText":     {"a text that is written in another way", `"a/b"`, `"a\/b"`, true},
		"BrokenText":      {"bytes that are no UTF-8 stand for U+FFFD", "\"a\xff\"", `"a\ufffd"`, true},
		"Text":            {"another text", `"a"`, `"b"`, false},
		"TextPrefix":      {"a text that goes on", `"a"`, `"ab"`, false},
		"Space":           {"white space does not count", "{ \"a\" : [ 1 , 2 ] }\n", `{"a":[1,2]}`, true},
		"Number":          {"numbers by value", `[1.0,1e2,-0]`, `[1,100,0]`, true},
		"BigNumber":       {"every digit counts", `9007199254740993`, `9007199254740992`, false},
		"NumberAndText":   {"a number is no text", `{"a":1}`, `{"a":"1"}`, false},
		"NullAndAbsent":   {"null is something", `{"a":null}`, `{}`, false},
		"NullAndFalse":    {"literals", `null`, `false`, false},
		"MappingAndList":  {"containers of two kinds", `{}`, `[]`, false},
		"MappingAndText":  {"a container is no text", `{}`, `"{}"`, false},
		"ListOrder":       {"elements keep their order", `[1,2]`, `[2,1]`, false},
		"ListLonger":      {"an element more", `[1]`, `[1,2]`, false},
		"Empty":           {"nothing inside", `{"a":{},"b":[]}`, `{"a":{},"b":[]}`, true},
		"EmptyAndNot":     {"something inside", `{"a":{}}`, `{"a":{"b":1}}`, false},
		"UnorderedNested": {"orders that differ on two levels", `{"a":{"x":1,"y":2},"b":0}`, `{"b":0,"a":{"y":2,"x":1}}`, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := equalJSON([]byte(tc.a), []byte(tc.b)); got != tc.want {
				t.Errorf("%s: equalJSON(%s, %s) = %t, want %t", tc.reason, tc.a, tc.b, got, tc.want)
			}
			if got := equalJSON([]byte(tc.b), []byte(tc.a)); got != tc.want {
				t.Errorf("%s: equalJSON(%s, %s) = %t, want %t", tc.reason, tc.b, tc.a, got, tc.want)
			}
		})
	}
}

// TestEqualJSONOfNestedMappings has mappings in one another, each in another
// order: compared twice on each level, 900 levels would never end.
func TestEqualJSONOfNestedMappings(t *testing.T) {
	nested := func(before, after, inner string) []byte {
		return []byte(strings.Repeat(before, 900) + inner + strings.Repeat(after, 900))
	}
	for name, tail := range map[string][4]string{
		"Last":  {`{"b":1,"c":2,"a":`, `}`, `{"c":2,"b":1,"a":`, `}`},
		"First": {`{"a":`, `,"b":1,"c":2}`, `{"a":`, `,"c":2,"b":1}`},
		"Moved": {`{"b":1,"a":`, `,"c":2}`, `{"a":`, `,"c":2,"b":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			a := nested(tail[0], tail[1], "1")
			if !equalJSON(a, nested(tail[2], tail[3], "1")) {
				t.Error("want the same")
			}
			if equalJSON(a, nested(tail[2], tail[3], "2")) {
				t.Error("want a difference at the bottom to be found")
			}
		})
	}
}

// FuzzEqualJSON holds walking two objects against comparing them decoded.
func FuzzEqualJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":1,"b":[true,null,"x"]}`, `{"b":[true,null,"x"],"a":1.0}`, `{"a":{"c":"\u0061"}}`, "{\"a\":{\"c\":\"a\xff\"}}",
	} {
		f.Add([]byte(seed), []byte(`{"a":{"c":"a"}}`))
		f.Add([]byte(seed), []byte(seed))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		x, y, ok := fuzzObjects(a, b)
		if !ok {
			t.Skip()
		}
		if got, want := equalJSON(x.raw, y.raw), equalValues(x.Object(), y.Object()); got != want {
			t.Errorf("equalJSON(%q, %q) = %t, want %t", a, b, got, want)
		}
		// The same object in another order of keys and another way of writing.
		sorted, err := json.Marshal(x.Object())
		if err != nil {
			t.Fatal(err)
		}
		if !equalJSON(x.raw, sorted) || !equalJSON(sorted, x.raw) {
			t.Errorf("equalJSON(%q, %q) = false, want true", x.raw, sorted)
		}
	})
}

// fuzzObjects wraps two JSON values in objects that pass NewItem.
func fuzzObjects(a, b []byte) (x, y *Item, ok bool) {
	wrap := func(v []byte) *Item {
		raw := append([]byte(`{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},"v":`), v...)
		it, err := NewItem(append(raw, '}'))
		if err != nil {
			return nil
		}
		return it
	}
	x, y = wrap(a), wrap(b)
	return x, y, x != nil && y != nil
}
