package pipeline_test

import (
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/pipeline"
)

// TestStepsGrantWhatFunctionsAlwaysNeed loads steps of a function that needs
// Delete, Rename, the context and the whole list.
func TestStepsGrantWhatFunctionsAlwaysNeed(t *testing.T) {
	tests := map[string]struct {
		reason, grants string
		stock          bool
		want           []string
	}{
		"everything": {reason: "loads", grants: "allow: [Rename, Delete], context: true, scope: List"},
		"nothing": {
			reason: "each that is missing is told, with what to write", want: []string{
				"spec.mutators[0].allow: needy is of no use without Delete (add Delete to what the step allows)",
				"spec.mutators[0].allow: needy is of no use without Rename (add Rename to what the step allows)",
				"spec.mutators[0].context: needy needs the context of the run (set it to true)",
				"spec.mutators[0].scope: needy needs the whole list at once (set it to List)",
			},
		},
		"a part on a stock Velero": {
			reason: "it is not told to write what would be refused", grants: "allow: [Delete, Rename], context: true", stock: true,
			want: []string{"a stock Velero hands over one object per call (leave the step out, or use a Velero with multi-item actions)"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			text := "apiVersion: velero-krm.io/v1alpha1\nkind: Pipeline\nmetadata: {name: p}\nspec:\n  mutators:\n  - {builtin: needy, " + tc.grants + "}\n"
			e := env()
			e.StockVelero = tc.stock
			_, err := pipeline.Open([]byte(text), "p.yaml", e)
			if (err != nil) != (len(tc.want) > 0) {
				t.Fatalf("%s: got %v", tc.reason, err)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s: want %q in %v", tc.reason, want, err)
				}
			}
		})
	}
}

// TestNobodyIsToldToWriteWhatIsRefused has a function whose errors a step may
// not ignore.
func TestNobodyIsToldToWriteWhatIsRefused(t *testing.T) {
	prog := program(t, "  mutators:\n  - {builtin: hide-or-fail, configMap: {name: web}}\n", env())
	plan := execute(t, prog, item(t, "Secret", "web", nil))
	err := plan.Items[0].Err
	if err == nil || strings.Contains(err.Error(), "Ignore") || !strings.Contains(err.Error(), "or leave the object out of the Backup or Restore") {
		t.Errorf("got %v", err)
	}
}
