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
