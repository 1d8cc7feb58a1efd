package main

import (
	"testing"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/internal/bench/objects"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// TestEveryFunctionCanBeMeasured fails when a function of the catalogue has no
// configuration here that it accepts, which `make bench` would find out minutes
// later.
func TestEveryFunctionCanBeMeasured(t *testing.T) {
	var items []*krm.Item
	for _, raw := range objects.Generate(50) {
		item, err := krm.NewItem(raw)
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, item)
	}
	for _, f := range catalog.Functions() {
		t.Run(f.Name(), func(t *testing.T) {
			config, err := configOf(f)
			if err != nil {
				t.Fatal(err)
			}
			run, err := contextOf(f)
			if err != nil {
				t.Fatal(err)
			}
			_, err = transform(t.Context(), f, items, runner.TransformOptions{
				Config: config, Context: run, Allow: runner.Permissions{Create: true, Delete: true, Rename: true},
			})
			if err != nil {
				t.Errorf("run %s: %v", f.Name(), err)
			}
		})
	}
}
