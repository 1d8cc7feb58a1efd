package starlark

import (
	"fmt"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
)

// A list that is too long to keep decoded gives what a short one does: what the
// script left alone is the same, and numbers that it did not touch keep their
// digits.
func TestLongList(t *testing.T) {
	config, err := krm.ParseConfig([]byte(`{"apiVersion":"velero-krm.io/v1alpha1","kind":"Starlark","source":` +
		`"ctx.resource_list[\"items\"][0][\"spec\"][\"set\"] = True\n"}`))
	if err != nil {
		t.Fatal(err)
	}
	in := &krm.ResourceList{FunctionConfig: config}
	for i := range maxKept + 1 {
		item, err := krm.NewItem(fmt.Appendf(nil, `{"kind":"X","apiVersion":"v1","metadata":{"name":"x-%d"},"spec":{"exact":1.10}}`, i))
		if err != nil {
			t.Fatal(err)
		}
		in.Items = append(in.Items, item)
	}
	out, err := Function().Run(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"apiVersion":"v1","kind":"X","metadata":{"name":"x-0"},"spec":{"exact":1.10,"set":true}}`
	if got := string(out.Items[0].Raw()); got != want {
		t.Errorf("changed object:\nwant %s\n got %s", want, got)
	}
	for i, item := range out.Items[1:] {
		if item != in.Items[i+1] {
			t.Fatalf("object %d is not the item that came in", i+1)
		}
	}
}
