package fn

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
)

func TestObjectDecodesOnlyOnDemand(t *testing.T) {
	in := item(t, pod)
	_, err := run(t, func(l *List) error {
		o := l.Objects[0]
		if !o.Is("", "Pod") || o.Is("apps", "Pod") || o.Identity().Name != "web" || o.Item() != in {
			t.Errorf("wrong identity: %v", o.Identity())
		}
		if v, ok := o.Annotation("a.b/c"); v != "d" || !ok {
			t.Errorf("Annotation = %q, %v", v, ok)
		}
		if o.fields != nil {
			t.Error("reading identity or annotation decoded the object")
		}
		return nil
	}, in)
	if err != nil {
		t.Fatal(err)
	}
}

// TestChanges says when an object counts as changed.
func TestChanges(t *testing.T) {
	tests := map[string]struct {
		reason string
		do     func(o *Object) error
		want   string // "" means the same item
	}{
		"read": {
			reason: "reading changes nothing",
			do: func(o *Object) error {
				o.Get("spec")
				o.Nodes("spec", "containers")
				o.GetString("metadata", "name")
				return nil
			},
		},
		"set same text":   {reason: "the value does not differ", do: func(o *Object) error { return o.Set("web", "metadata", "name") }},
		"set same number": {reason: "int is int64", do: func(o *Object) error { return o.Set(9007199254740993, "spec", "big") }},
		"set same exact":  {reason: "a number keeps its digits", do: func(o *Object) error { return o.Set(json.Number("1.10"), "spec", "exact") }},
		"set same map": {
			reason: "map[string]string is compared as a mapping",
			do:     func(o *Object) error { return o.Set(map[string]string{"a.b/c": "d"}, "metadata", "annotations") },
		},
		"set null again": {reason: "null is null", do: func(o *Object) error { return o.Set(nil, "spec", "none") }},
		"remove absent":  {reason: "there is nothing", do: func(o *Object) error { o.Remove("spec", "nope", "deeper"); return nil }},
		"copy changed": {
			reason: "Get gives a copy",
			do: func(o *Object) error {
				v, _ := o.Get("spec", "containers")
				v.([]any)[0].(map[string]any)["image"] = "y"
				return nil
			},
		},
		"live untouched": {reason: "Fields was called and nothing done", do: func(o *Object) error { o.Fields(); return nil }},
		"live other spelling": {
			reason: "1.1 and 1.10 are the same number",
			do: func(o *Object) error {
				o.Fields()["spec"].(map[string]any)["exact"] = json.Number("1.1")
				return nil
			},
		},
		"live changed": {
			reason: "what is done to the map itself is noticed",
			do:     func(o *Object) error { o.Fields()["spec"] = "gone"; return nil },
			want:   `{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"a.b/c":"d"},"name":"web","namespace":"shop"},"spec":"gone"}`,
		},
		"set in list": {
			reason: "a node changes its object; other numbers keep their digits",
			do: func(o *Object) error {
				for _, n := range o.Nodes("spec", "containers") {
					if err := n.Set("y", "image"); err != nil {
						return err
					}
				}
				return nil
			},
			want: `{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"a.b/c":"d"},"name":"web","namespace":"shop"},` +
				`"spec":{"big":9007199254740993,"containers":[{"image":"y","name":"a"},7,{"image":"y","name":"b"}],"exact":1.10,"flag":true,"none":null}}`,
		},
		"create on the way": {
			reason: "mappings that are absent or null are created",
			do: func(o *Object) error {
				o.Remove("spec", "containers")
				o.Remove("spec", "big")
				o.Remove("metadata", "annotations", "a.b/c")
				return errors.Join(o.Set([]string{"a"}, "spec", "none", "list"), o.Set(struct {
					N int `json:"n"`
				}{3}, "status", "deep"))
			},
			want: `{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{},"name":"web","namespace":"shop"},` +
				`"spec":{"exact":1.10,"flag":true,"none":{"list":["a"]}},"status":{"deep":{"n":3}}}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := item(t, pod)
			out, err := run(t, func(l *List) error { return tc.do(l.Objects[0]) }, in)
			if err != nil {
				t.Fatal(err)
			}
			got := out.Items[0]
			if tc.want == "" {
				if got != in {
					t.Errorf("%s: got another item: %s", tc.reason, got.Raw())
				}
				return
			}
			if diff := cmp.Diff(tc.want, string(got.Raw())); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
			if string(in.Raw()) != pod {
				t.Error("the input changed")
			}
		})
	}
}

func TestGetters(t *testing.T) {
	o := &Object{item: item(t, pod)}
	if v, ok := o.GetInt("spec", "big"); v != 9007199254740993 || !ok {
		t.Errorf("GetInt = %d, %v", v, ok)
	}
	if v, ok := o.GetBool("spec", "flag"); !v || !ok {
		t.Errorf("GetBool = %v, %v", v, ok)
	}
	if _, ok := o.GetString("spec", "flag"); ok {
		t.Error("GetString of a boolean")
	}
	if _, ok := o.GetString("spec", "flag", "deeper"); ok {
		t.Error("GetString below a boolean")
	}
	if v, ok := o.Get("spec", "none"); v != nil || !ok || !o.Has("spec", "none") || o.Has("spec", "nope") {
		t.Error("null is there")
	}
	if _, ok := o.Node("spec", "none"); ok {
		t.Error("null is a node")
	}
	if v, ok := o.Annotation("a.b/c"); v != "d" || !ok {
		t.Error("Annotation of a decoded object")
	}
	spec, _ := o.Node("spec")
	if diff := cmp.Diff([]string{"big", "containers", "exact", "flag", "none"}, spec.Keys()); diff != "" {
		t.Errorf("Keys (-want +got):\n%s", diff)
	}
	nodes := spec.Nodes("containers")
	if len(nodes) != 2 {
		t.Fatalf("got %d nodes, want 2: 7 is none", len(nodes))
	}
	if got, want := nodes[1].Path("image"), "spec.containers[2].image"; got != want {
		t.Errorf("Path = %s, want %s", got, want)
	}
	if nodes[1].Object() != o {
		t.Error("a node does not know its object")
	}
}

func TestSetThroughAnotherType(t *testing.T) {
	o := &Object{item: item(t, pod)}
	var te *TypeError
	for path, keys := range map[string][]string{
		"spec.flag":                     {"spec", "flag", "x"},
		`metadata.annotations["a.b/c"]`: {"metadata", "annotations", "a.b/c", "x", "y"},
		"spec.containers":               {"spec", "containers", "x"},
	} {
		if err := o.Set("v", keys...); !errors.As(err, &te) || te.Path != path {
			t.Errorf("Set(%v) = %v, want a TypeError at %s", keys, err, path)
		}
	}
	if o.changed {
		t.Error("a Set that failed changed the object")
	}
	if err := o.Set(func() {}, "spec", "x"); err == nil {
		t.Error("a func was accepted as a value")
	}
}

func TestIdentityMayNotVanish(t *testing.T) {
	_, err := run(t, func(l *List) error { l.Objects[0].Remove("kind"); return nil }, item(t, pod))
	var nk *krm.NotKRMError
	if !errors.As(err, &nk) {
		t.Errorf("got %v, want a NotKRMError", err)
	}
}
