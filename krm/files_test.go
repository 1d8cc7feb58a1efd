package krm

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestReadItems(t *testing.T) {
	item := func(name string) string { return `{"apiVersion":"v1","kind":"A","metadata":{"name":"` + name + `"}}` }
	yamlItem := func(name string) string { return "apiVersion: v1\nkind: A\nmetadata:\n  name: " + name + "\n" }
	cases := map[string]struct {
		reason, in string
		want       []string
	}{
		"Empty":        {"nothing", "", []string{}},
		"Comments":     {"nothing", "# a\n---\n# b\n---\n", []string{}},
		"OneYAML":      {"one document", yamlItem("a"), []string{item("a")}},
		"ManyYAML":     {"several, some empty", "---\n" + yamlItem("a") + "---\n---\n# none\n---\n" + yamlItem("b") + "...\n---\n" + yamlItem("c"), []string{item("a"), item("b"), item("c")}},
		"JSON":         {"one object", "\n" + item("a") + "\n", []string{item("a")}},
		"JSONLines":    {"an object per line", item("a") + "\n" + item("b") + "\n", []string{item("a"), item("b")}},
		"JSONJoined":   {"without white space", item("a") + item("b"), []string{item("a"), item("b")}},
		"JSONAndYAML":  {"documents of both kinds", item("a") + "\n---\n" + yamlItem("b"), []string{item("a"), item("b")}},
		"Flow":         {"YAML that starts with a brace", "{apiVersion: v1, kind: A, metadata: {name: a}}\n", []string{item("a")}},
		"List":         {"kubectl get -o yaml", "apiVersion: v1\nkind: List\nitems:\n- " + item("a") + "\n- " + item("b") + "\n", []string{item("a"), item("b")}},
		"ListJSON":     {"kubectl get -o json", `{"apiVersion":"v1","items":[` + item("a") + `],"kind":"List","metadata":{"resourceVersion":""}}`, []string{item("a")}},
		"ListEmpty":    {"none", `{"apiVersion":"v1","items":null,"kind":"List"}`, []string{}},
		"TypedList":    {"elements without type", `{"apiVersion":"apps/v1","kind":"DeploymentList","items":[{"metadata":{"name":"a"}},` + item("b") + `]}`, []string{`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"}}`, item("b")}},
		"ListNamed":    {"somebody named the list", `{"apiVersion":"v1","kind":"List","metadata":{"name":"x"},"items":[` + item("a") + `]}`, []string{item("a")}},
		"ResourceList": {"its items", envelopeStart + `,"functionConfig":{"a":1},"items":[` + item("a") + `],"results":[]}`, []string{item("a")}},
		"NotAList":     {"a custom resource with such a name", `{"apiVersion":"x.io/v1","kind":"AllowList","metadata":{"name":"a"},"spec":{},"items":[1]}`, []string{`{"apiVersion":"x.io/v1","kind":"AllowList","metadata":{"name":"a"},"spec":{},"items":[1]}`}},
		"NamedList":    {"a custom resource with such a name, and nothing in it yet", `{"apiVersion":"x.io/v1","kind":"AllowList","metadata":{"name":"a"},"items":[]}`, []string{`{"apiVersion":"x.io/v1","kind":"AllowList","metadata":{"name":"a"},"items":[]}`}},
		"NamedNull":    {"the same, null", "apiVersion: x.io/v1\nkind: AllowList\nmetadata: {name: a}\nitems:\n", []string{`{"apiVersion":"x.io/v1","kind":"AllowList","metadata":{"name":"a"},"items":null}`}},
		"NoItems":      {"a custom resource with such a name", `{"apiVersion":"x.io/v1","kind":"AllowList","metadata":{"name":"a"}}`, []string{`{"apiVersion":"x.io/v1","kind":"AllowList","metadata":{"name":"a"}}`}},
		"Dashes":       {"a mark of documents inside a block", yamlItem("a") + "data:\n  d: |\n    a: 1\n    ---\n    b: 2\n", []string{`{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},"data":{"d":"a: 1\n---\nb: 2\n"}}`}},
		"ByteOrder":    {"a byte order mark", "\uFEFF" + item("a"), []string{item("a")}},
		"CRLF":         {"a file from elsewhere", strings.ReplaceAll(yamlItem("a")+"---\n"+yamlItem("b"), "\n", "\r\n"), []string{item("a"), item("b")}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			items, err := ReadItems(iotest.OneByteReader(strings.NewReader(tc.in)), "f.yaml")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, raws(items)); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestReadItemsRefuses(t *testing.T) {
	ok := "apiVersion: v1\nkind: A\nmetadata: {name: a}\n"
	cases := map[string]struct{ reason, in, want string }{
		"Scalar":    {"no object", "hello", `read "f.yaml": not a KRM object: expected a mapping`},
		"JSONList":  {"no object", "[]", `read "f.yaml": not a KRM object: expected a mapping`},
		"NoName":    {"no object", ok + "---\napiVersion: v1\nkind: A\n", `read "f.yaml": not a KRM object: metadata.name is missing or has the wrong type`},
		"Element":   {"no object", `{"apiVersion":"v1","kind":"List","items":[1]}`, `read "f.yaml": items[0] is not a KRM object: expected a mapping`},
		"HalfTyped": {"an element with a kind of its own is not given the list's apiVersion", `{"apiVersion":"v1","kind":"AList","items":[{"kind":"B","metadata":{"name":"a"}}]}`, `read "f.yaml": items[0] is not a KRM object: apiVersion is missing or has the wrong type`},
		"Duplicate": {"in the second document", ok + "---\n" + ok + "kind: B\n", `read "f.yaml": line 8: duplicate key in a mapping`},
		"JSON":      {"broken in the second line", "{\"a\":1}\n{\"a\":}", `read "f.yaml": not a KRM object: apiVersion is missing or has the wrong type`},
		"YAML":      {"broken", ok + "x: [1\ny: 2\n", `read "f.yaml": line 4: did not find expected ',' or ']'`},
		"LineBreak": {"YAML would fold the line break into a space", "{\"apiVersion\":\"v1\",\"kind\":\"A\",\"metadata\":{\"name\":\"a\"},\n\"d\":\"1\n2\"}", `read "f.yaml": line 2: control character in a string: write line breaks and tabs in JSON strings as \n and \t`},
		"NaN":       {"YAML would read a text", `{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},"d":NaN}`, `read "f.yaml": line 1: JSON has no infinity and no NaN`},
		"Truncated": {"cut off", `{"apiVersion":"v1","kind`, `read "f.yaml": line 1: the document ends in the middle`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := ReadItems(strings.NewReader(tc.in), "f.yaml")
			if err == nil || err.Error() != tc.want {
				t.Errorf("%s: want %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}

func TestReadItemsReturnsErrorsOfTheReader(t *testing.T) {
	broken := errors.New("broken")
	if _, err := ReadItems(iotest.ErrReader(broken), "f.yaml"); !errors.Is(err, broken) {
		t.Errorf("want the reader's error, got %v", err)
	}
}

func TestWriteYAMLReturnsErrorsOfTheWriter(t *testing.T) {
	r, w := io.Pipe()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := WriteYAML(w, manyItems(t, 1)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("want the writer's error, got %v", err)
	}
}

func TestWriteYAMLIsReadable(t *testing.T) {
	items := []*Item{
		mustItem(t, `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"c","labels":{}},"data":{"n":"1","yes":"on","script":"#!/bin/sh\necho hi\n","big":"a\r\nb"},"l":[1,[2,[]],{"a":"b","c":["d"]}]}`),
		mustItem(t, `{"apiVersion":"v1","kind":"A","metadata":{"name":"x"},"f":1e3,"b":true,"z":null}`),
	}
	want := `kind: ConfigMap
apiVersion: v1
metadata:
  name: c
  labels: {}
data:
  "n": "1"
  "yes": "on"
  script: |
    #!/bin/sh
    echo hi
  big: "a\r\nb"
l:
- 1
- - 2
  - []
- a: b
  c:
  - d
---
apiVersion: v1
kind: A
metadata:
  name: x
f: 1.0e+3
b: true
z: null
`
	var b strings.Builder
	if err := WriteYAML(&b, items); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestParseConfig(t *testing.T) {
	const want = `{"apiVersion":"v1","kind":"ConfigMap","data":{"a":"b"}}`
	for name, in := range map[string]string{
		"json": want, "flow": "{apiVersion: v1, kind: ConfigMap, data: {a: b}}",
		"yaml": "# config\n---\napiVersion: v1\nkind: ConfigMap\ndata:\n  a: b\n---\n",
	} {
		it, err := ParseConfig([]byte(in))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if string(it.Raw()) != want {
			t.Errorf("%s: want %s, got %s", name, want, it.Raw())
		}
	}
	for in, want := range map[string]string{
		"":                          "parse function config: the document is empty",
		"hello":                     "parse function config: not a KRM object: expected a mapping",
		"{}":                        "parse function config: not a KRM object: apiVersion is missing or has the wrong type",
		"kind: A":                   "parse function config: not a KRM object: apiVersion is missing or has the wrong type",
		`{"apiVersion":"v1","kind"`: "parse function config: line 1: the document ends in the middle",
		"{\"apiVersion\":\"v1\",\"kind\":\"A\",\"d\":\"1\n2\"}": "parse function config: line 1: control character in a string: write line breaks and tabs in JSON strings as \\n and \\t",
		"apiVersion: v1\nkind: A\n---\na: 1\n":                  "parse function config: line 4: a second document",
	} {
		if _, err := ParseConfig([]byte(in)); err == nil || err.Error() != want {
			t.Errorf("%q: want %q, got %v", in, want, err)
		}
	}
}

func FuzzReadItems(f *testing.F) {
	f.Add("apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A, metadata: {name: a}, d: \"a\\n---\\nb\"}\n---\n# none\n")
	f.Add(`{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"a"}},{}]}`)
	f.Fuzz(func(t *testing.T, in string) {
		items, err := ReadItems(strings.NewReader(in), "f")
		if err != nil {
			return
		}
		var b strings.Builder
		if err := WriteYAML(&b, items); err != nil {
			t.Fatal(err)
		}
		again, err := ReadItems(strings.NewReader(b.String()), "f")
		if err != nil {
			t.Fatalf("%v\n%s", err, b.String())
		}
		if d := DiffLists(items, again); len(d.Unchanged) != len(items) || len(again) != len(items) {
			t.Fatalf("want the same items, got %+v", d)
		}
	})
}
