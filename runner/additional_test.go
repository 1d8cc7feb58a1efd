package runner_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/gofn"
)

// asking returns a function that asks for item with each object.
func asking(item func(it *krm.Item) string) runner.Function {
	return gofn.New("ask", func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		for _, it := range in.Items {
			in.Results = append(in.Results, krm.Result{
				Message: "additional item " + item(it), ResourceRef: krm.RefTo(it.Identity()),
				Tags: map[string]string{krm.AdditionalItemTag: item(it)},
			})
		}
		return in, nil
	})
}

// TestAdditionalItemsOfManyBatches: each object keeps its own, however the list
// is split.
func TestAdditionalItemsOfManyBatches(t *testing.T) {
	items := objects(t, 20)
	out := transform(t, asking(func(it *krm.Item) string { return "secrets/ns/" + it.Identity().Name }), items, runner.TransformOptions{MaxBatchItems: 3})
	for i, o := range out.Items {
		want := []krm.AdditionalItem{{Resource: "secrets", Namespace: "ns", Name: items[i].Identity().Name}}
		if diff := cmp.Diff(want, o.Additional); diff != "" {
			t.Errorf("object %d (-want +got):\n%s", i, diff)
		}
	}
}

// TestAdditionalItemsAreNotRedacted: what a result says is, what is asked for is
// what the function meant, or Velero would look for another object.
func TestAdditionalItemsAreNotRedacted(t *testing.T) {
	secret := newItem(t, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","namespace":"ns"},"stringData":{"a":"restricted-v2"}}`)
	out := transform(t, asking(func(*krm.Item) string { return "things.example.org/restricted-v2" }), []*krm.Item{secret}, runner.TransformOptions{})
	if diff := cmp.Diff([]krm.AdditionalItem{{Group: "example.org", Resource: "things", Name: "restricted-v2"}}, out.Items[0].Additional); diff != "" {
		t.Errorf("additional items (-want +got):\n%s", diff)
	}
	if text := fmt.Sprint(out.Results); strings.Contains(text, "restricted-v2") {
		t.Errorf("results tell a value of the Secret: %s", text)
	}
}

// TestMalformedAdditionalItemTellsNoSecret: a function may put a value there by
// mistake.
func TestMalformedAdditionalItemTellsNoSecret(t *testing.T) {
	secret := newItem(t, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","namespace":"ns"},"stringData":{"a":"correct horse battery"}}`)
	out := transform(t, asking(func(*krm.Item) string { return "correct horse battery" }), []*krm.Item{secret}, runner.TransformOptions{Name: "ask"})
	err := out.Items[0].Err
	if err == nil || strings.Contains(err.Error(), "horse") || !strings.Contains(err.Error(), "additional item") {
		t.Errorf("got %v", err)
	}
}

// TestAdditionalItemsBehindRenames: a name is that of the object that went in so.
func TestAdditionalItemsBehindRenames(t *testing.T) {
	cases := map[string]struct {
		reason  string
		renames map[string]string // empty: removed
		ask     string
		want    []string // of the objects that ask
	}{
		"chain, as it went in":  {reason: "b is another one now", renames: map[string]string{"a": "b", "b": "c"}, ask: "b", want: []string{"b"}},
		"chain, as it came out": {reason: "no object went in as c", renames: map[string]string{"a": "b", "b": "c"}, ask: "c", want: []string{"b"}},
		"chain, its start":      {reason: "nobody else is a", renames: map[string]string{"a": "b", "b": "c"}, ask: "a", want: []string{"a"}},
		"swap":                  {reason: "as they went in", renames: map[string]string{"a": "b", "b": "a"}, ask: "a", want: []string{"a"}},
		"place of one that is gone": {
			reason: "with what is gone nothing can go", renames: map[string]string{"a": "b", "b": ""}, ask: "b", want: []string{"a"},
		},
		"gone": {reason: "it went in, and nothing goes with it", renames: map[string]string{"b": ""}, ask: "b"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := gofn.New("ask", func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
				out := &krm.ResourceList{}
				for _, it := range in.Items {
					to, moved := tc.renames[it.Identity().Name]
					switch id, _ := it.Annotation(runner.IDAnnotation); {
					case !moved:
						out.Items = append(out.Items, it)
					case to != "":
						out.Items = append(out.Items, object(t, to).WithAnnotation(runner.IDAnnotation, id))
					}
				}
				out.Results = []krm.Result{{
					Message: "additional item", ResourceRef: krm.RefTo(object(t, tc.ask).Identity()),
					Tags: map[string]string{krm.AdditionalItemTag: "secrets/ns/x"},
				}}
				return out, nil
			})
			opts := runner.TransformOptions{Allow: runner.Permissions{Rename: true, Delete: true}}
			var got []string
			for _, o := range transform(t, f, []*krm.Item{object(t, "a"), object(t, "b"), object(t, "other")}, opts).Items {
				if o.Err != nil {
					t.Errorf("%s: %v", tc.reason, o.Err)
				}
				if len(o.Additional) > 0 {
					got = append(got, o.In.Identity().Name)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}
