package pipeline_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
		"misspelt": {
			reason: "what cannot be read is told once", grants: "allow: [delete, Rename], context: true, scope: List",
			want: []string{`p.yaml": line 6: spec.mutators[0].allow[0]: "delete" is not known`},
		},
		"no list": {
			reason: "what cannot be read is told once", grants: "allow: Delete, context: true, scope: List",
			want: []string{`p.yaml": line 6: spec.mutators[0].allow: `},
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

// TestStepsGrantWhatTheConfigNeeds loads steps of a function that needs what
// its config says.
func TestStepsGrantWhatTheConfigNeeds(t *testing.T) {
	tests := map[string]struct {
		reason, step string
		want         []string
	}{
		"granted":    {reason: "loads", step: "configMap: {objects: a}, allow: [Rename], context: true"},
		"not needed": {reason: "loads", step: "configMap: {mappings: a}"},
		"no config": {
			reason: "none says something, too", step: "timeout: 3s",
			want: []string{"line 6: spec.mutators[0].context: sometimes-needy needs the context of the run without mappings (set it to true)"},
		},
		"all": {reason: "each with its reason", step: "configMap: {objects: a}", want: []string{
			"line 6: spec.mutators[0].allow: sometimes-needy is of no use without Rename with objects (add Rename to what the step allows)",
			"line 6: spec.mutators[0].context: sometimes-needy needs the context of the run without mappings (set it to true)",
		}},
		"wrong config": {
			reason: "what it needs is not known then", step: "configMap: {wrong: a}",
			want: []string{"line 6: spec.mutators[0].configMap: data.wrong: unknown key"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			text := "apiVersion: velero-krm.io/v1alpha1\nkind: Pipeline\nmetadata: {name: p}\nspec:\n  mutators:\n  - {builtin: sometimes-needy, " + tc.step + "}\n"
			checkProblems(t, tc.reason, text, tc.want)
		})
	}
}

// TestFunctionsRunInTheirPhases loads steps of a function that is for backups
// alone.
func TestFunctionsRunInTheirPhases(t *testing.T) {
	problem := "spec.mutators[0].builtin: for-backups is for Backup alone, and the pipeline runs in Restore " +
		"(set spec.phases to [Backup], or put the step into a pipeline of its own that has them)"
	tests := map[string]struct {
		reason, phases string
		want           []string
	}{
		"its own":    {reason: "loads", phases: "phases: [Backup]"},
		"the other":  {reason: "it would do harm", phases: "phases: [Restore]", want: []string{"line 7: " + problem}},
		"both":       {reason: "one of them is the other", phases: "phases: [Backup, Restore]", want: []string{"line 7: " + problem}},
		"by default": {reason: "both are", phases: "phases: []", want: []string{"line 7: " + problem}},
		"misspelt": {reason: "told once", phases: "phases: [Backups]", want: []string{
			`line 5: spec.phases[0]: "Backups" is not known (write one of Backup, Restore)`,
		}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			text := "apiVersion: velero-krm.io/v1alpha1\nkind: Pipeline\nmetadata: {name: p}\nspec:\n  " + tc.phases + "\n  mutators:\n  - builtin: for-backups\n"
			checkProblems(t, tc.reason, text, tc.want)
		})
	}
}

// checkProblems loads a pipeline and compares what is wrong with it.
func checkProblems(t *testing.T, reason, text string, want []string) {
	t.Helper()
	_, err := pipeline.Open([]byte(text), "p.yaml", env())
	var bad *pipeline.LoadError
	var got []string
	if errors.As(err, &bad) {
		for _, p := range bad.Problems {
			got = append(got, p.String())
		}
	} else if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", reason, diff)
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
