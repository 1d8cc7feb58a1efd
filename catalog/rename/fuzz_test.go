package rename_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/velero-krm/velero-krm/catalog/rename"
	"github.com/velero-krm/velero-krm/krm"
)

const renames = `{"apiVersion":"velero-krm.io/v1alpha1","kind":"Rename","spec":{"renames":[` +
	`{"kind":"Service","namespace":"shop","from":"db","to":"db2"},{"kind":"Secret","namespace":"shop","from":"tls","to":"tls2"},` +
	`{"kind":"ConfigMap","from":"conf","to":"conf2"},{"kind":"ImageStream","from":"web","to":"web2"},{"kind":"StorageClass","from":"gold","to":"gold2"},` +
	`{"kind":"ServiceAccount","namespace":"shop","from":"builder","to":"maker"},{"kind":"Route","from":"r","to":"r2"}]}}`

// FuzzFunction gives the function whatever object: what it made must be an
// object in which there is nothing left to rename.
func FuzzFunction(f *testing.F) {
	config, err := krm.ParseConfig([]byte(renames))
	if err != nil {
		f.Fatal(err)
	}
	inputs, err := filepath.Glob("testdata/*/input.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range inputs {
		file, err := os.Open(path)
		if err != nil {
			f.Fatal(err)
		}
		items, err := krm.ReadItems(file, path)
		if err != nil {
			f.Fatal(err)
		}
		for _, item := range items {
			f.Add(item.Raw())
		}
		if err := file.Close(); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		item, err := krm.NewItem(raw)
		if err != nil {
			return
		}
		in := &krm.ResourceList{FunctionConfig: config, Items: []*krm.Item{item}}
		for range 2 {
			out, err := rename.Function().Run(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if in.Items[0] != item && in.Items[0] != out.Items[0] {
				t.Errorf("changed again:\n%s\n%s\n%s", raw, in.Items[0].Raw(), out.Items[0].Raw())
			}
			if in.Items[0] == out.Items[0] {
				return
			}
			in = &krm.ResourceList{FunctionConfig: config, Items: out.Items}
		}
	})
}
