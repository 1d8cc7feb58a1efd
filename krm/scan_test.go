package krm

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// object wraps JSON so that it is a KRM object with value under the key v.
func object(value string) string {
	return `{"apiVersion":"v1","kind":"A","metadata":{"name":"x"},"v":` + value + `}`
}

func TestNewItemAcceptsWhatEncodingJSONAccepts(t *testing.T) {
	cases := map[string]struct{ reason, value string }{
		"Literals":        {"the three words", `[true,false,null]`},
		"WrongLiteral":    {"a word that starts like one", `trux`},
		"Number":          {"all parts", `[-1.5e+10,0,-0,1E2,0.0]`},
		"LeadingZero":     {"not JSON", `01`},
		"Plus":            {"not JSON", `+1`},
		"DotFirst":        {"not JSON", `.5`},
		"DotLast":         {"not JSON", `1.`},
		"NoExponent":      {"not JSON", `1e`},
		"MinusOnly":       {"not JSON", `-`},
		"Escapes":         {"every escape", `"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`},
		"UnknownEscape":   {"not JSON", `"\x41"`},
		"ShortUnicode":    {"not JSON", `"\u12"`},
		"LoneSurrogate":   {"read as U+FFFD", `"\ud800"`},
		"Control":         {"not JSON", "\"a\nb\""},
		"Delete":          {"not a control character to JSON", "\"\x7f\""},
		"InvalidUTF8":     {"read as U+FFFD", "\"\xff\xfe\""},
		"Unterminated":    {"not JSON", `"abc`},
		"TrailingComma":   {"not JSON", `[1,]`},
		"TrailingCommaIn": {"not JSON", `{"a":1,}`},
		"MissingComma":    {"not JSON", `[1 2]`},
		"MissingColon":    {"not JSON", `{"a" 1}`},
		"KeyNotString":    {"not JSON", `{1:1}`},
		"Empty":           {"empty containers", `[{},[],""]`},
		"White":           {"every white space", " \t\r\n[ \t\r\n1 \t\r\n, 2 ] \n"},
		"FormFeed":        {"white space of other languages", "[\f1]"},
		"NUL":             {"not white space", "[1\x00]"},
		"Comment":         {"not JSON", `[1/*x*/]`},
		"Deep":            {"999 levels within the object", strings.Repeat("[", 999) + strings.Repeat("]", 999)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			raw := []byte(object(tc.value))
			_, err := NewItem(raw)
			if want := json.Valid(raw); (err == nil) != want {
				t.Errorf("%s: encoding/json accepts it: %v, error: %v", tc.reason, want, err)
			}
		})
	}
}

func TestNewItemRefuses(t *testing.T) {
	long := `{"a0":1` // more keys than are compared one by one
	for i := range 40 {
		long += `,"k` + strconv.Itoa(i) + `":1`
	}
	syntax := func(line int, reason string) error { return &SyntaxError{Line: line, Reason: reason} }
	missing := func(field string) error { return &NotKRMError{Index: -1, Missing: field} }
	cases := map[string]struct {
		reason, raw string
		want        error
	}{
		"Empty":           {"no value", "", syntax(1, "the document ends in the middle")},
		"List":            {"JSON, but no object", "[]", missing("")},
		"Text":            {"JSON, but no object", `"x"`, missing("")},
		"Null":            {"JSON, but no object", `null`, missing("")},
		"Truncated":       {"cut in a string", object(`"ab`)[:59], syntax(1, "the document ends in the middle")},
		"Trailing":        {"two values", object("1") + "\n" + object("1"), syntax(2, "text after the document")},
		"TrailingNUL":     {"NUL is not white space", object("1") + "\x00", syntax(1, "text after the document")},
		"LeadingNUL":      {"NUL is not white space", "\x00" + object("1"), syntax(1, "expected a JSON value")},
		"Duplicate":       {"same key twice", object("{\"a\":1,\n\"a\":2}"), syntax(2, "duplicate key in a mapping")},
		"DuplicateTop":    {"same key twice at the top", `{"kind":"A","kind":"B"}`, syntax(1, "duplicate key in a mapping")},
		"DuplicateEscape": {"same key, written otherwise", object(`{"a":1,"\u0061":2}`), syntax(1, "duplicate key in a mapping")},
		"DuplicateUTF8":   {"keys that read alike", object("{\"\xff\":1,\"\xfe\":2}"), syntax(1, "duplicate key in a mapping")},
		"DuplicateMany":   {"in a large mapping", object(long + ",\n\"k3\":1}"), syntax(2, "duplicate key in a mapping")},
		"TooDeep":         {"one level too many", object(strings.Repeat("[", 1000) + strings.Repeat("]", 1000)), syntax(1, "nested too deeply")},
		"Hostile":         {"deep without end", object(strings.Repeat(`{"a":`, 1<<20)), syntax(1, "nested too deeply")},
		"NoVersion":       {"required", `{"kind":"A","metadata":{"name":"x"}}`, missing("apiVersion")},
		"NoKind":          {"required", `{"apiVersion":"v1","metadata":{"name":"x"}}`, missing("kind")},
		"EmptyKind":       {"names nothing", `{"apiVersion":"v1","kind":"","metadata":{"name":"x"}}`, missing("kind")},
		"KindNumber":      {"wrong type", `{"apiVersion":"v1","kind":1,"metadata":{"name":"x"}}`, missing("kind")},
		"NoMetadata":      {"required", `{"apiVersion":"v1","kind":"A"}`, missing("metadata.name")},
		"MetadataNull":    {"as if absent", `{"apiVersion":"v1","kind":"A","metadata":null}`, missing("metadata.name")},
		"MetadataList":    {"wrong type", `{"apiVersion":"v1","kind":"A","metadata":[]}`, missing("metadata")},
		"NoName":          {"required", `{"apiVersion":"v1","kind":"A","metadata":{}}`, missing("metadata.name")},
		"NameNumber":      {"wrong type", `{"apiVersion":"v1","kind":"A","metadata":{"name":1}}`, missing("metadata.name")},
		"NamespaceNumber": {"wrong type", `{"apiVersion":"v1","kind":"A","metadata":{"name":"x","namespace":1}}`, missing("metadata.namespace")},
		"AnnotationsList": {"wrong type", `{"apiVersion":"v1","kind":"A","metadata":{"name":"x","annotations":[]}}`, missing("metadata.annotations")},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := NewItem([]byte(tc.raw))
			if diff := cmp.Diff(tc.want, err); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestIdentity(t *testing.T) {
	cases := map[string]struct {
		reason, raw string
		want        Identity
		text        string
	}{
		"Namespaced": {
			"with a group", `{"metadata":{"namespace":"shop","name":"web"},"kind":"Deployment","apiVersion":"apps/v1"}`,
			Identity{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "web"},
			"Deployment.apps shop/web",
		},
		"Core": {
			"no group", `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","namespace":"shop"}}`,
			Identity{APIVersion: "v1", Kind: "Secret", Namespace: "shop", Name: "db"},
			"Secret shop/db",
		},
		"Cluster": {
			"no namespace", `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"admin","namespace":null}}`,
			Identity{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "ClusterRole", Name: "admin"},
			"ClusterRole.rbac.authorization.k8s.io admin",
		},
		"Escaped": {
			"keys and values with escapes", `{"\u0061piVersion":"v\u0031","kind":"A","meta\u0064ata":{"n\u0061me":"\u0078"}}`,
			Identity{APIVersion: "v1", Kind: "A", Name: "x"},
			"A x",
		},
		"GenerateName": {
			"no name yet", `{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"x-","namespace":"n"}}`,
			Identity{APIVersion: "v1", Kind: "Pod", Namespace: "n"},
			"Pod n/",
		},
		"Decoys": {
			"only the object's own fields count", `{"spec":{"kind":"B","metadata":{"name":"y"}},"apiVersion":"v1","kind":"A","metadata":{"labels":{"name":"z"},"name":"x"}}`,
			Identity{APIVersion: "v1", Kind: "A", Name: "x"},
			"A x",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			it, err := NewItem([]byte(tc.raw))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, it.Identity()); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			if got := it.Identity().String(); got != tc.text {
				t.Errorf("want %q, got %q", tc.text, got)
			}
		})
	}
}

func TestRefTo(t *testing.T) {
	id := Identity{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "web"}
	want := &ResourceRef{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "web"}
	if diff := cmp.Diff(want, RefTo(id)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestObject(t *testing.T) {
	it, err := NewItem([]byte(object(`[1,-1,9223372036854775807,9223372036854775808,1.0,1e2,-0,"\u0041\ud83d\ude00\/",true,null,{},[]]`)))
	if err != nil {
		t.Fatal(err)
	}
	want := []any{
		int64(1), int64(-1), int64(9223372036854775807), json.Number("9223372036854775808"), json.Number("1.0"),
		json.Number("1e2"), json.Number("-0"), "A😀/", true, nil,
		map[string]any{},
		[]any{},
	}
	if diff := cmp.Diff(want, it.Object()["v"]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	it.Object()["v"] = "changed"
	if it.Object()["v"] == "changed" {
		t.Error("the map is shared between calls")
	}
}

func TestFromObject(t *testing.T) {
	type custom struct {
		B string `json:"b"`
		A int    `json:"a,omitempty"`
	}
	it, err := FromObject(map[string]any{
		"kind": "A", "apiVersion": "v1", "metadata": map[string]any{"name": "x"},
		"html": "<a&b>", "int": 7, "float": 1.5, "int32": int32(3), "nil": nil, "nilMap": map[string]any(nil),
		"number": json.Number("12345678901234567890"), "struct": custom{B: "<x>"}, "strings": []string{"b", "a"},
		"control": "\x00\x1f\n\t\"\\\u007f\u2028",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"apiVersion":"v1","control":"\u0000\u001f\n\t\"\\\u007f\u2028","float":1.5,"html":"<a&b>","int":7,"int32":3,` +
		`"kind":"A","metadata":{"name":"x"},"nil":null,"nilMap":null,"number":12345678901234567890,"strings":["b","a"],"struct":{"b":"<x>"}}`
	if diff := cmp.Diff(want, string(it.Raw())); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFromObjectRefuses(t *testing.T) {
	loop := map[string]any{}
	loop["self"] = loop
	zero := 0.0
	cases := map[string]struct {
		reason string
		value  any
	}{
		"NaN":       {"JSON has none", zero / zero},
		"Inf":       {"JSON has none", 1 / zero},
		"Channel":   {"no JSON", make(chan int)},
		"BadNumber": {"no number", json.Number("secret-text")},
		"Loop":      {"contains itself", loop},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := FromObject(map[string]any{"apiVersion": "v1", "kind": "A", "metadata": map[string]any{"name": "x"}, "v": tc.value})
			var se *SyntaxError
			if !errors.As(err, &se) {
				t.Fatalf("%s: want a SyntaxError, got %v", tc.reason, err)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows a value: %v", err)
			}
		})
	}
}

func TestEqual(t *testing.T) {
	cases := map[string]struct {
		reason, a, b string
		want         bool
	}{
		"KeyOrder":       {"keys in any order", `{"a":1,"b":2}`, `{"b":2,"a":1}`, true},
		"White":          {"white space", `[1,2]`, "[ 1 ,\n2 ]", true},
		"Escape":         {"the same text", `"A"`, `"\u0041"`, true},
		"ListOrder":      {"lists are ordered", `[1,2]`, `[2,1]`, false},
		"IntFloat":       {"the same number", `1`, `1.0`, true},
		"Exponent":       {"the same number", `1500`, `15e2`, true},
		"ExponentSmall":  {"the same number", `0.0015`, `1.5E-3`, true},
		"NegativeZero":   {"the same number", `0`, `-0.0e5`, true},
		"BeyondFloat":    {"float64 would take them for the same", `9007199254740993`, `9007199254740992`, false},
		"LongFraction":   {"float64 would take them for the same", `0.1000000000000000000000001`, `0.1`, false},
		"Hostile":        {"must not be expanded", `1e999999999`, `10e999999998`, true},
		"HostileUnequal": {"must not be expanded", `1e999999999`, `1e999999998`, false},
		"HugeExponent":   {"beyond int64", `1e99999999999999999999`, `10e99999999999999999998`, true},
		"Sign":           {"different numbers", `1`, `-1`, false},
		"NumberString":   {"different types", `1`, `"1"`, false},
		"NullAbsent":     {"null is not absent", `{"a":null}`, `{}`, false},
		"NullOther":      {"same count, other keys", `{"a":null}`, `{"b":null}`, false},
		"Types":          {"different types", `{}`, `[]`, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a, errA := NewItem([]byte(object(tc.a)))
			b, errB := NewItem([]byte(object(tc.b)))
			if err := errors.Join(errA, errB); err != nil {
				t.Fatal(err)
			}
			if a.Equal(b) != tc.want || b.Equal(a) != tc.want {
				t.Errorf("%s: want %v", tc.reason, tc.want)
			}
			if diff := Diff(a, b); (len(diff) == 0) != tc.want {
				t.Errorf("%s: Diff does not agree with Equal: %v", tc.reason, diff)
			}
		})
	}
}

func FuzzNewItem(f *testing.F) {
	f.Add([]byte(object(`[true,1.5e3,"\u0041\ud83d",{"a":{}}]`)))
	f.Add([]byte(object("{\"\xff\":1}")))
	f.Add(deployment("x"))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		it, err := NewItem(raw)
		var se *SyntaxError
		if errors.As(err, &se) {
			if json.Valid(raw) && se.Reason != faultDuplicate.reason() && se.Reason != faultDepth.reason() {
				t.Fatalf("encoding/json accepts what is refused: %v", err)
			}
			return
		}
		if !json.Valid(raw) {
			t.Fatalf("encoding/json refuses what is accepted, error %v", err)
		}
		if err != nil {
			return
		}
		checkDecoded(t, it)
	})
}

// checkDecoded compares what an item holds with what encoding/json reads.
func checkDecoded(t *testing.T, it *Item) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(it.Raw()))
	dec.UseNumber()
	var want map[string]any
	if err := dec.Decode(&want); err != nil {
		t.Fatal(err)
	}
	if got := it.Object(); !equalValues(want, got) {
		t.Fatalf("-want +got:\n%s", cmp.Diff(want, got))
	}
	id := it.Identity()
	meta, _ := want["metadata"].(map[string]any)
	name, _ := meta["name"].(string)
	if id.APIVersion != want["apiVersion"] || id.Kind != want["kind"] || id.Name != name {
		t.Fatalf("want the identity of %v, got %v", want, id)
	}
	again, err := FromObject(it.Object())
	if err != nil {
		t.Fatal(err)
	}
	if !again.Equal(it) {
		t.Fatalf("encoding what was decoded changes it: %s", again.Raw())
	}
	wire := AppendResourceList(nil, &ResourceList{Items: []*Item{it}})
	back, err := Decode(wire, DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !back.Items[0].Equal(it) {
		t.Fatalf("want %s, got %s", it.Raw(), back.Items[0].Raw())
	}
}

// TestDuplicateKeysOfAnyNumber has the last key stand for each one before it:
// small and large mappings are checked in different ways.
func TestDuplicateKeysOfAnyNumber(t *testing.T) {
	for n := 1; n <= 3*sortedFrom; n++ {
		for twice := range n {
			var b strings.Builder
			b.WriteString(`{"apiVersion":"v1","kind":"A","metadata":{"name":"x"},"d":{`)
			for i := range n {
				b.WriteString(`"k` + strconv.Itoa(i) + `":1,`)
			}
			b.WriteString(`"k` + strconv.Itoa(twice) + `":1}}`)
			if _, err := NewItem([]byte(b.String())); err == nil {
				t.Fatalf("key %d of %d stands twice, and that is no error", twice, n)
			}
		}
	}
}

// TestDepthOfItems is the same for an item alone and one in a list.
func TestDepthOfItems(t *testing.T) {
	for levels, want := range map[int]bool{maxDepth - 1: true, maxDepth: false} {
		raw := `{"apiVersion":"v1","kind":"A","metadata":{"name":"x"},"d":` + strings.Repeat("[", levels) + strings.Repeat("]", levels) + `}`
		_, alone := NewItem([]byte(raw))
		_, listed := Decode([]byte(envelopeStart+`,"items":[`+raw+`]}`), DecodeOptions{})
		if (alone == nil) != want || (listed == nil) != want {
			t.Errorf("%d levels: want fine %t, got %v alone and %v in a list", levels, want, alone, listed)
		}
	}
}
