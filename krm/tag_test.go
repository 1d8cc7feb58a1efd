package krm

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const tagKey = "internal.config.kubernetes.io/velero-krm-id"

// withMeta returns an object with this text as metadata.
func withMeta(meta string) string {
	return `{"apiVersion":"v1","metadata":` + meta + `,"kind":"A","spec":{"annotations":{"a":"b"}}}`
}

func TestWithAnnotation(t *testing.T) {
	cases := map[string]struct{ reason, meta, want string }{
		"Absent":   {"no annotations", `{"name":"x"}`, `{"annotations":{"k":"v"},"name":"x"}`},
		"Null":     {"null counts as none", `{"name":"x","annotations": null }`, `{"name":"x","annotations": {"k":"v"} }`},
		"Empty":    {"no comma", `{"name":"x","annotations":{ }}`, `{"name":"x","annotations":{"k":"v" }}`},
		"Others":   {"the others stay as they are", `{"annotations":{ "a" : "b" },"name":"x"}`, `{"annotations":{"k":"v", "a" : "b" },"name":"x"}`},
		"Replaced": {"same key", `{"annotations":{"a":"b","k" : "old","z":""},"name":"x"}`, `{"annotations":{"a":"b","k" : "v","z":""},"name":"x"}`},
		"Escaped":  {"same key, escaped", `{"annot\u0061tions":{"\u006b":"old"},"name":"x"}`, `{"annot\u0061tions":{"\u006b":"v"},"name":"x"}`},
		"NotText":  {"a value of another type", `{"annotations":{"k":{"a":[1]}},"name":"x"}`, `{"annotations":{"k":"v"},"name":"x"}`},
		"White":    {"odd white space", "{\n\t\"name\" : \"x\"\n}", "{\"annotations\":{\"k\":\"v\"},\n\t\"name\" : \"x\"\n}"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			it, err := NewItem([]byte(withMeta(tc.meta)))
			if err != nil {
				t.Fatal(err)
			}
			got := it.WithAnnotation("k", "v")
			if diff := cmp.Diff(withMeta(tc.want), string(got.Raw())); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			checkMeta(t, got)
			if v, ok := got.Annotation("k"); !ok || v != "v" {
				t.Errorf("want v, got %q, %v", v, ok)
			}
			if string(it.Raw()) != withMeta(tc.meta) {
				t.Error("the item itself changed")
			}
		})
	}
}

// checkMeta compares what an item remembers of itself with a new scan.
func checkMeta(t *testing.T, it *Item) {
	t.Helper()
	fresh, err := parseItem(it.Raw(), false)
	if err != nil {
		t.Fatalf("splicing made %s: %v", it.Raw(), err)
	}
	got := it.meta
	if got.clean && !fresh.meta.clean {
		t.Errorf("splicing made what YAML readers refuse or change, and takes it for clean: %q", it.Raw())
	}
	got.clean = fresh.meta.clean // cautious after a splice is fine
	if got != fresh.meta {
		t.Errorf("want %+v, got %+v for %s", fresh.meta, got, it.Raw())
	}
	if it.meta.clean && !fresh.meta.clean {
		t.Errorf("counts as clean: %s", it.Raw())
	}
}

func TestWithAnnotationOfConfigWithoutMetadata(t *testing.T) {
	cases := map[string]struct{ reason, raw, want string }{
		"Absent": {"no metadata", `{"apiVersion":"v1","kind":"A"}`, `{"metadata":{"annotations":{"k":"v"}},"apiVersion":"v1","kind":"A"}`},
		"Null":   {"null", `{"apiVersion":"v1","kind":"A","metadata":null}`, `{"apiVersion":"v1","kind":"A","metadata":{"annotations":{"k":"v"}}}`},
		"Empty":  {"an empty mapping", `{"apiVersion":"v1","kind":"A","metadata":{}}`, `{"apiVersion":"v1","kind":"A","metadata":{"annotations":{"k":"v"}}}`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			it, err := ParseConfig([]byte(tc.raw))
			if err != nil {
				t.Fatal(err)
			}
			got := it.WithAnnotation("k", "v")
			if diff := cmp.Diff(tc.want, string(got.Raw())); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			checkMeta(t, got)
			back := got.WithoutAnnotations(func(string) bool { return true }).RestoreAnnotationsShape(it)
			checkMeta(t, back)
		})
	}
}

func TestWithoutAnnotations(t *testing.T) {
	drop := func(key string) bool { return strings.HasPrefix(key, "x") }
	cases := map[string]struct{ reason, meta, want string }{
		"Absent": {"nothing to drop", `{"name":"x"}`, `{"name":"x"}`},
		"Null":   {"nothing to drop", `{"name":"x","annotations":null}`, `{"name":"x","annotations":null}`},
		"None":   {"nothing to drop", `{"name":"x","annotations":{"a":"b"}}`, `{"name":"x","annotations":{"a":"b"}}`},
		"All":    {"empty stays", `{"name":"x","annotations":{"x":"b","x2":{}}}`, `{"name":"x","annotations":{}}`},
		"First":  {"the comma goes with it", `{"name":"x","annotations":{"x":"b", "a":"b"}}`, `{"name":"x","annotations":{ "a":"b"}}`},
		"Middle": {"between others", `{"name":"x","annotations":{"a":"b","x":"","c":"d"}}`, `{"name":"x","annotations":{"a":"b","c":"d"}}`},
		"Last":   {"the comma before goes", `{"name":"x","annotations":{"a":"b" , "x":""}}`, `{"name":"x","annotations":{"a":"b" }}`},
		"Escape": {"keys are compared unescaped", `{"name":"x","annotations":{"\u0078":"","a":""}}`, `{"name":"x","annotations":{"a":""}}`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			it, err := NewItem([]byte(withMeta(tc.meta)))
			if err != nil {
				t.Fatal(err)
			}
			got := it.WithoutAnnotations(drop)
			if diff := cmp.Diff(withMeta(tc.want), string(got.Raw())); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			checkMeta(t, got)
			if tc.meta == tc.want && got != it {
				t.Error("want the item itself when nothing is dropped")
			}
		})
	}
}

func TestRestoreAnnotationsShape(t *testing.T) {
	shapes := map[string]string{
		"absent": `{"name":"x"}`, "null": `{"name":"x","annotations":null}`, "empty": `{"name":"x","annotations":{}}`,
		"first": `{"annotations":{},"name":"x"}`, "spaced": `{"name":"x", "annotations" : { } }`,
		"broken": "{\"name\":\"x\",\"annotations\":{\n\t}}",
	}
	for from, meta := range shapes {
		for to, like := range shapes {
			t.Run(from+" to "+to, func(t *testing.T) {
				it, errIt := NewItem([]byte(withMeta(meta)))
				want, errLike := NewItem([]byte(withMeta(like)))
				if errIt != nil || errLike != nil {
					t.Fatal(errIt, errLike)
				}
				got := it.RestoreAnnotationsShape(want)
				checkMeta(t, got)
				if !got.Equal(want) {
					t.Errorf("want %s, got %s", want.Raw(), got.Raw())
				}
			})
		}
	}
}

func TestRestoreAnnotationsShapeKeepsAnnotations(t *testing.T) {
	full, err := NewItem([]byte(withMeta(`{"name":"x","annotations":{"a":"b"}}`)))
	if err != nil {
		t.Fatal(err)
	}
	absent, err := NewItem([]byte(withMeta(`{"name":"x"}`)))
	if err != nil {
		t.Fatal(err)
	}
	if got := full.RestoreAnnotationsShape(absent); got != full {
		t.Errorf("annotations must stay, got %s", got.Raw())
	}
	if got := absent.RestoreAnnotationsShape(full); got != absent {
		t.Errorf("a function that removed them all keeps its will, got %s", got.Raw())
	}
}

// checkSplice tags an item and takes the tag off again.
func checkSplice(t *testing.T, it *Item, key, value string) {
	t.Helper()
	_, had := it.Annotation(key)
	tagged := it.WithAnnotation(key, value)
	checkMeta(t, tagged)
	if got, ok := tagged.Annotation(key); !ok || got != string([]rune(value)) {
		t.Fatalf("want the annotation %q, got %q, %v", value, got, ok)
	}
	again := tagged.WithAnnotation(key, "other")
	checkMeta(t, again)
	back := again.WithoutAnnotations(func(k string) bool { return k == key })
	checkMeta(t, back)
	back = back.RestoreAnnotationsShape(it)
	checkMeta(t, back)
	if _, ok := back.Annotation(key); ok {
		t.Fatalf("the annotation is still there: %s", back.Raw())
	}
	for e := it.annotations(); e.next(); {
		had = had || e.is(it.raw, key)
	}
	if !had && string(back.Raw()) != string(it.Raw()) {
		t.Fatalf("want %s, got %s", it.Raw(), back.Raw())
	}
}

func TestTagAndUntagGivesTheSameBytes(t *testing.T) {
	for _, meta := range []string{
		`{"name":"x"}`, `{"name":"x","annotations":null}`, `{"name":"x","annotations":{}}`, `{"name":"x","annotations":{ }}`,
		`{"name":"x","annotations":{"a":"b"}}`, "{ \"annotations\" :\n{ \"a\" : \"b\" , \"c\":\"d\" } , \"name\" : \"x\" }",
		`{"annotations":{"a":null},"name":"x"}`, `{"n\u0061me":"x","\u0061nnotations":{"\u0061":"b"}}`,
	} {
		it, err := NewItem([]byte(withMeta(meta)))
		if err != nil {
			t.Fatal(err)
		}
		checkSplice(t, it, tagKey, "17")
		checkSplice(t, it, "odd \"key\"\n\u0085", "odd \\ value\x00")
	}
}

func FuzzSplice(f *testing.F) {
	f.Add([]byte(withMeta(`{"name":"x","annotations":{"a":"b"}}`)), "k", "v")
	f.Add([]byte(withMeta(`{"name":"x","annotations":null}`)), "\xff", "\u0085")
	f.Add([]byte(withMeta("{ \"\\u006eame\":\"x\" }")), "", "")
	f.Fuzz(func(t *testing.T, raw []byte, key, value string) {
		it, err := NewItem(raw)
		if err != nil {
			return
		}
		checkSplice(t, it, strings.ToValidUTF8(key, "?"), value)
	})
}
