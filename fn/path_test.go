package fn

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePath(t *testing.T) {
	tests := map[string]string{ // text to its canonical form
		"spec":                          "spec",
		"spec.replicas":                 "spec.replicas",
		`metadata.annotations["a.b/c"]`: `metadata.annotations["a.b/c"]`,
		`metadata.annotations['a.b/c']`: `metadata.annotations["a.b/c"]`,
		"metadata.labels.app/x":         `metadata.labels["app/x"]`,
		`a["\u0041\""]`:                 `a["A\""]`,
		`a[""]`:                         `a[""]`,
		`["a"].b`:                       "a.b",
		"containers[0].image":           "containers[0].image",
		"a[00]":                         "a[0]",
		"containers[*].image":           "containers[*].image",
		"regions.*.zone":                "regions[*].zone",
		"*":                             "[*]",
		"*[*].*":                        "[*][*][*]",
		"a[name=web].b":                 `a[name="web"].b`,
		"a[name=].b":                    `a[name=""].b`,
		`a[name="x]y"]`:                 `a[name="x]y"]`,
		"a-b_c.0":                       "a-b_c.0",
	}
	for text, want := range tests {
		p, err := ParsePath(text)
		if err != nil {
			t.Errorf("ParsePath(%q): %v", text, err)
			continue
		}
		if p.String() != want {
			t.Errorf("ParsePath(%q) = %s, want %s", text, p, want)
		}
		if again, err := ParsePath(p.String()); err != nil || again.String() != want {
			t.Errorf("ParsePath(%q) = %s, %v: does not read itself", p, again, err)
		}
	}
}

func TestParsePathRefuses(t *testing.T) {
	for _, text := range []string{
		"", ".", ".a", "a.", "a..b", "a b", "a[", "a[]", "a[-1]", "a[1", "a[*", "a[x]", "a[\"x]", "a['x", "a['x'", "a[99999999999]",
		"a[=b]", "a[n=b", `a[n="b]`, "a[n.m=b]", "**", "a.*b", "ä", "$.a", strings.Repeat("a.", 64) + "a",
	} {
		if p, err := ParsePath(text); err == nil {
			t.Errorf("ParsePath(%q) = %s, want an error", text, p)
		}
	}
}

// TestParsePathRefusesDotsInKeysOfTexts: labels and annotations are texts.
func TestParsePathRefusesDotsInKeysOfTexts(t *testing.T) {
	tests := map[string]string{ // what the error says to write; empty: it is a path
		"metadata.annotations.example.com/a":                `metadata.annotations["example.com/a"]`,
		"metadata.labels.app.kubernetes.io/name":            `metadata.labels["app.kubernetes.io/name"]`,
		"spec.template.metadata.annotations.example.com/a":  `spec.template.metadata.annotations["example.com/a"]`,
		"spec.templates[*].metadata.labels.a.b":             `spec.templates[*].metadata.labels["a.b"]`,
		`metadata.annotations["example.com/a"].b`:           `metadata.annotations["example.com/a.b"]`,
		"metadata.annotations.*.com/a":                      `metadata.annotations["example.com/a"]`,
		"metadata.labels[0]":                                `metadata.labels["example.com/a"]`,
		"metadata.labels[name=a]":                           `metadata.labels["example.com/a"]`,
		`metadata.annotations["example.com/a"]`:             "",
		"metadata.annotations.plain":                        "",
		"metadata.labels.*":                                 "",
		"metadata.labels":                                   "",
		"metadata.ownerReferences[0].name":                  "",
		"spec.selector.matchLabels.a.b":                     "",
		"spec.labels.a.b":                                   "",
		`data["metadata.annotations.example.com/a"]`:        "",
		"spec.template.metadata.annotations[\"a.b/c\"]":     "",
		"spec.template.spec.metadata.finalizers.labels.a.b": "",
		// Of a custom resource, whose metadata is its own business.
		"spec.metadata.annotations[0].value":                                "",
		"spec.metadata.labels.a.b":                                          "",
		"spec.items[*].metadata.labels.a.b":                                 "",
		"spec.*.metadata.labels.a.b":                                        "",
		"*[*].metadata.labels.a.b":                                          "",
		"[*].metadata.labels.a.b":                                           "",
		"[0][0].metadata.labels.a.b":                                        "",
		"spec.template[0].metadata.labels.a.b":                              "",
		"spec.volumeClaimTemplates.metadata.labels.a.b":                     "",
		"spec.volumeClaimTemplates[0].metadata.labels.a":                    "",
		"spec.jobTemplate.metadata.labels.a.b":                              `spec.jobTemplate.metadata.labels["a.b"]`,
		"spec.jobTemplate.spec.template.metadata.labels.a.b":                `spec.jobTemplate.spec.template.metadata.labels["a.b"]`,
		"spec.volumeClaimTemplates[*].metadata.labels.a.b":                  `spec.volumeClaimTemplates[*].metadata.labels["a.b"]`,
		"spec.volumeClaimTemplates[0].metadata.labels.a.b":                  `spec.volumeClaimTemplates[0].metadata.labels["a.b"]`,
		"objects[kind=Service].metadata.labels.a.b":                         `objects[kind="Service"].metadata.labels["a.b"]`,
		"spec.volumes[*].ephemeral.volumeClaimTemplate.metadata.labels.a.b": `spec.volumes[*].ephemeral.volumeClaimTemplate.metadata.labels["a.b"]`,
	}
	for text, want := range tests {
		_, err := ParsePath(text)
		if (err != nil) != (want != "") || err != nil && !strings.HasSuffix(err.Error(), "as "+want) {
			t.Errorf("ParsePath(%q): want %q, got %v", text, want, err)
		}
	}
}

func TestReaches(t *testing.T) {
	tests := map[string]bool{
		"metadata": true, "metadata.name": true, "*": true, "*.name": true, "metadata.*": true, `["metadata"]["name"]`: true,
		"metadata.name.x": false, "metadata.labels": false, "spec.name": false, "metadata[0]": false, "metadata[name=a]": false,
	}
	for text, want := range tests {
		p, err := ParsePath(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Reaches("metadata", "name"); got != want {
			t.Errorf("%s reaches metadata.name: %v, want %v", text, got, want)
		}
	}
}

func TestEdit(t *testing.T) {
	const raw = `{"apiVersion":"v1","kind":"X","metadata":{"name":"x"},"spec":{"l":[{"n":"a","v":1},{"n":"b","v":2},3],"m":{"p":{"v":3},"q":{"v":"4"},"r":5}}}`
	tests := map[string]struct {
		path  string
		edit  func(at Location, v any) (any, bool, error)
		count int
		spec  string
		at    []string
	}{
		"elements": {
			path: "spec.l[*].v", count: 2, at: []string{"spec.l[0].v", "spec.l[1].v"},
			edit: func(_ Location, v any) (any, bool, error) { return v.(int64) + 10, true, nil },
			spec: `{"l":[{"n":"a","v":11},{"n":"b","v":12},3],"m":{"p":{"v":3},"q":{"v":"4"},"r":5}}`,
		},
		"drop elements": {
			path: "spec.l[*]", count: 2, at: []string{"spec.l[0]", "spec.l[1]", "spec.l[2]"},
			edit: func(_ Location, v any) (any, bool, error) { return v, v == int64(3), nil },
			spec: `{"l":[3],"m":{"p":{"v":3},"q":{"v":"4"},"r":5}}`,
		},
		"drop by name": {
			path: "spec.l[n=a]", count: 1, at: []string{"spec.l[0]"},
			edit: func(Location, any) (any, bool, error) { return nil, false, nil },
			spec: `{"l":[{"n":"b","v":2},3],"m":{"p":{"v":3},"q":{"v":"4"},"r":5}}`,
		},
		"keys": {
			path: "spec.m.*.v", count: 1, at: []string{"spec.m.p.v", "spec.m.q.v"},
			edit: func(Location, any) (any, bool, error) { return "4", true, nil },
			spec: `{"l":[{"n":"a","v":1},{"n":"b","v":2},3],"m":{"p":{"v":"4"},"q":{"v":"4"},"r":5}}`,
		},
		"nothing there": {
			path: "spec.l.m[0][n=a]", count: 0,
			edit: func(Location, any) (any, bool, error) { return nil, false, errors.New("called") },
		},
		"error keeps the rest": {
			path: "spec.l[*]", count: 1, at: []string{"spec.l[0]", "spec.l[1]"},
			edit: func(at Location, _ any) (any, bool, error) {
				if at.String() == "spec.l[1]" {
					return nil, false, errors.New("stop")
				}
				return nil, false, nil
			},
			spec: `{"l":[{"n":"b","v":2},3],"m":{"p":{"v":3},"q":{"v":"4"},"r":5}}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := ParsePath(tc.path)
			if err != nil {
				t.Fatal(err)
			}
			var at []string
			out, err := run(t, func(l *List) error {
				n, err := l.Objects[0].Edit(p, func(loc Location, v any) (any, bool, error) {
					at = append(at, loc.String())
					return tc.edit(loc, v)
				})
				if n != tc.count {
					t.Errorf("changed %d, want %d", n, tc.count)
				}
				if (err != nil) != (name == "error keeps the rest") {
					t.Errorf("error: %v", err)
				}
				return nil
			}, item(t, raw))
			if err != nil {
				t.Fatal(err)
			}
			want := raw
			if tc.spec != "" {
				want = `{"apiVersion":"v1","kind":"X","metadata":{"name":"x"},"spec":` + tc.spec + `}`
			}
			if diff := cmp.Diff(want, string(out.Items[0].Raw())); diff != "" {
				t.Errorf("object (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.at, at); diff != "" {
				t.Errorf("locations (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEditByIndexLooksAtOneElement: edits of all elements of a list, one after
// the other, must not take time in proportion to the square of its length.
func TestEditByIndexLooksAtOneElement(t *testing.T) {
	list := make([]any, 1000)
	for i := range list {
		list[i] = map[string]any{"a": "old"}
	}
	e := editor{edit: func(Location, any) (any, bool, error) { return "new", true, nil }}
	for i := range list {
		if _, err := e.visit(list, LocationOf(i, "a").Path().segments); err != nil {
			t.Fatal(err)
		}
	}
	if e.count != len(list) || e.elements != len(list) {
		t.Errorf("edited %d and looked at %d of %d", e.count, e.elements, len(list))
	}
}

// TestLocationPath edits at locations whose text is no path.
func TestLocationPath(t *testing.T) {
	tests := map[string]struct {
		at   []any
		want any
	}{
		"below labels":           {[]any{"metadata", "labels", 1, "a"}, map[string]any{"metadata": map[string]any{"labels": []any{"x", map[string]any{"a": "new"}}}}},
		"no such element":        {[]any{"metadata", "labels", 2}, map[string]any{"metadata": map[string]any{"labels": []any{"x", map[string]any{"a": "old"}}}}},
		"a list that is a map":   {[]any{"metadata", 0}, map[string]any{"metadata": map[string]any{"labels": []any{"x", map[string]any{"a": "old"}}}}},
		"a map that is a list":   {[]any{"metadata", "labels", "a"}, map[string]any{"metadata": map[string]any{"labels": []any{"x", map[string]any{"a": "old"}}}}},
		"an element of the list": {[]any{"metadata", "labels", 0}, map[string]any{"metadata": map[string]any{"labels": []any{"new", map[string]any{"a": "old"}}}}},
	}
	for name, tc := range tests {
		root := map[string]any{"metadata": map[string]any{"labels": []any{"x", map[string]any{"a": "old"}}}}
		got, _, err := LocationOf(tc.at...).Path().Edit(root, func(at Location, _ any) (any, bool, error) {
			if diff := cmp.Diff(tc.at, at.Elems()); diff != "" {
				t.Errorf("%s: location (-want +got):\n%s", name, diff)
			}
			return "new", true, nil
		})
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// TestEditByIndexDrops removes an element by its number, and a field of one.
func TestEditByIndexDrops(t *testing.T) {
	for text, want := range map[string]any{
		"[1]":   []any{"x", "z"},
		"[0].a": []any{"x", map[string]any{"a": "y"}, "z"},
		"[1].a": []any{"x", map[string]any{}, "z"},
		"[3]":   []any{"x", map[string]any{"a": "y"}, "z"},
	} {
		p, err := ParsePath(text)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := p.Edit([]any{"x", map[string]any{"a": "y"}, "z"}, func(Location, any) (any, bool, error) { return nil, false, nil })
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", text, err, diff)
		}
	}
}

// FuzzParsePath checks that every path reads itself and can be walked.
func FuzzParsePath(f *testing.F) {
	for _, seed := range []string{"spec.replicas", `a["b.c"][0]`, "a[n=b].*", "['x'][*]", "a[\"\\x00\"]", "a."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePath(text)
		if err != nil {
			return
		}
		again, err := ParsePath(p.String())
		if err != nil {
			t.Fatalf("%q became %q: %v", text, p, err)
		}
		if again.String() != p.String() {
			t.Fatalf("%q became %q became %q", text, p, again)
		}
		o := &Object{item: item(t, pod)}
		n := o.RemoveAt(p)
		if again := o.RemoveAt(p); again > 0 && !p.EndsInIndex() && n == 0 {
			t.Fatalf("%q removed %d, then %d", p, n, again)
		}
	})
}

func TestPathEdit(t *testing.T) {
	p, err := ParsePath("[*].a")
	if err != nil {
		t.Fatal(err)
	}
	root := []any{map[string]any{"a": "x"}, "text", map[string]any{"a": "y", "b": "z"}}
	var at []any
	got, n, err := p.Edit(root, func(l Location, value any) (any, bool, error) {
		at = append(at, l.Elems())
		return value.(string) + "!", value != "y", nil
	})
	want := []any{map[string]any{"a": "x!"}, "text", map[string]any{"b": "z"}}
	if diff := cmp.Diff(want, got); diff != "" || n != 2 || err != nil {
		t.Errorf("edited %d, %v (-want +got):\n%s", n, err, diff)
	}
	if diff := cmp.Diff([]any{[]any{0, "a"}, []any{2, "a"}}, at); diff != "" {
		t.Errorf("locations (-want +got):\n%s", diff)
	}
}
