package runnertest_test

import (
	"testing"

	"github.com/velero-krm/velero-krm/runner/runnertest"
	"github.com/velero-krm/velero-krm/runner/runnertest/behave"
)

func TestItemsAreTheWholeChecklist(t *testing.T) {
	titles := map[string]bool{}
	for i, item := range runnertest.Items() {
		if item.Number != i+1 {
			t.Errorf("item %d stands at place %d", item.Number, i+1)
		}
		if titles[item.Title] {
			t.Errorf("title %q twice", item.Title)
		}
		titles[item.Title] = true
	}
	if len(titles) != 49 {
		t.Errorf("%d items, want 49", len(titles))
	}
}

func TestBehavioursHaveNames(t *testing.T) {
	names := map[string]bool{}
	for _, b := range behave.All() {
		if names[b.Name] {
			t.Errorf("behaviour %q twice", b.Name)
		}
		names[b.Name] = true
		if b.List == nil && b.Program == nil {
			t.Errorf("behaviour %q does nothing", b.Name)
		}
	}
}
