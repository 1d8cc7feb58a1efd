package rename_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/catalog/rename"
	"github.com/velero-krm/velero-krm/krm"
)

// TestObjectsAlone gives the function one object per call, as a stock Velero
// does: all but names that are taken comes out as with the whole list.
func TestObjectsAlone(t *testing.T) {
	for _, name := range []string{"example", "references", "pods", "ordinary", "others", "openshift", "unsure"} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile("testdata/" + name + "/config.yaml")
			if err != nil {
				t.Fatal(err)
			}
			config, err := krm.ParseConfig(data)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, item := range readItems(t, "testdata/"+name+"/input.yaml") {
				out, err := rename.Function().Run(t.Context(), &krm.ResourceList{FunctionConfig: config, Items: []*krm.Item{item}})
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, texts(t, out.Items)...)
			}
			if diff := cmp.Diff(texts(t, readItems(t, "testdata/"+name+"/expected.yaml")), got); diff != "" {
				t.Errorf("(-whole list +one by one):\n%s", diff)
			}
		})
	}
}

func readItems(t *testing.T, path string) []*krm.Item {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	items, err := krm.ReadItems(file, path)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// texts are objects as YAML, which has its keys sorted.
func texts(t *testing.T, items []*krm.Item) []string {
	t.Helper()
	all := make([]string, len(items))
	for i, item := range items {
		var b strings.Builder
		if err := krm.WriteYAML(&b, []*krm.Item{item}); err != nil {
			t.Fatal(err)
		}
		all[i] = b.String()
	}
	return all
}
