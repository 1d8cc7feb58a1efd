package pipeline_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/pipeline"
	"github.com/velero-krm/velero-krm/runner"
)

// TestPlanCounts has a step create, one remove, and one fail on what was created.
func TestPlanCounts(t *testing.T) {
	prog := program(t, `
  mutators:
  - {builtin: drop, configMap: {name: old}, allow: [Delete]}
  - {name: good, builtin: create, configMap: {kind: Secret, name: good}, allow: [Create]}
  - {name: bad, builtin: create, configMap: {kind: Secret, name: bad}, allow: [Create]}
  - {builtin: fail, configMap: {name: bad}, selectors: [{name: bad}]}
`, env())
	web := item(t, "Route", "web", nil)
	plan := execute(t, prog, web, item(t, "Route", "old", nil))
	if got, want := plan.Counts(), (pipeline.Counts{Unchanged: 1, Removed: 1, Added: 1, Failed: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if s := plan.Steps[0]; s.Selected != 2 || s.Removed != 1 || s.Unchanged != 1 {
		t.Errorf("report of the step that removes: got %+v", s)
	}
	var names []string
	for _, it := range plan.Result() {
		names = append(names, it.Identity().Name)
	}
	if diff := cmp.Diff([]string{"web", "good"}, names); diff != "" {
		t.Errorf("result: -want +got:\n%s", diff)
	}
}

// TestPlanOfWhatCameBack has steps undo and ignore what others did.
func TestPlanOfWhatCameBack(t *testing.T) {
	prog := program(t, `
  mutators:
  - {name: there, builtin: rename, configMap: {from: web, to: other}, allow: [Rename]}
  - {name: back, builtin: rename, configMap: {from: other, to: web}, allow: [Rename]}
  - {name: try, builtin: fail, configMap: {name: web}, onError: Ignore}
`, env())
	web := item(t, "Route", "web", nil)
	got := execute(t, prog, web).Items[0]
	if got.Status != runner.Unchanged || got.Out != web || got.Err != nil || got.Step != "" || len(got.Warnings) != 1 {
		t.Errorf("got %+v, want the object as it came with one warning and no error", got)
	}
}

func TestSelectorWantsTheAnnotationToBeThere(t *testing.T) {
	if (pipeline.Selector{Annotations: map[string]string{"a": ""}}).Matches(item(t, "Route", "web", nil)) {
		t.Error("an annotation that is not there was taken for an empty one")
	}
}
