package catalog_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/pipeline"
)

// TestMistakesOfTheStepAreToldAtLoad loads pipelines whose config or phases
// show that the function could do nothing but fail, or do harm.
func TestMistakesOfTheStepAreToldAtLoad(t *testing.T) {
	forBackup := "(set spec.phases to [Backup], or put the step into a pipeline of its own that has them)"
	tests := map[string]struct {
		reason, spec string
		want         []string
	}{
		"move objects": {
			reason: "each object would fail", spec: "mutators:\n- {builtin: map-namespaces, configMap: {objects: true, mappings: '{a: b}'}}",
			want: []string{"spec.mutators[0].allow: map-namespaces is of no use without Rename with objects: true (add Rename to what the step allows)"},
		},
		"move objects, granted": {reason: "nothing is missing", spec: "mutators:\n- {builtin: map-namespaces, allow: [Rename], configMap: {objects: true, mappings: '{a: b}'}}"},
		"no mappings": {
			reason: "they come from the Restore", spec: "mutators:\n- builtin: map-namespaces",
			want: []string{"spec.mutators[0].context: map-namespaces needs the context of the run without mappings (set it to true)"},
		},
		"phase in an expression": {
			reason: "it would have no value", spec: "mutators:\n- {builtin: cel, configMap: {rules: \"[{match: 'phase == \\\"Backup\\\"', remove: [status]}]\"}}",
			want: []string{"spec.mutators[0].context: cel needs the context of the run with an expression that uses phase or context (set it to true)"},
		},
		"what is served": {
			reason: "nothing could be checked", spec: "phases: [Restore]\nvalidators:\n- builtin: served-apis",
			want: []string{"spec.validators[0].context: served-apis needs the context of the run without served (set it to true)"},
		},
		"what is served, told": {reason: "a validator does no harm in any phase", spec: "validators:\n- {builtin: served-apis, configMap: {served: '{v1: [Secret]}'}}"},
		"seal on restore": {
			reason: "the Secrets would be unusable", spec: "phases: [Restore]\nmutators:\n- {builtin: seal-secrets, configMap: {recipients: age1e82spq85ls9pmxvdwv5nrq9pa45g2le8m23cv9q2t3g7ykd2dszqj5hh6j}}",
			want: []string{"spec.mutators[0].builtin: seal-secrets is for Backup alone, and the pipeline runs in Restore " + forBackup},
		},
		"move images on backup": {
			reason: "the new cluster's registry is not known", spec: "phases: [Backup]\nmutators:\n- {builtin: move-internal-images, context: true, configMap: {from: a.example}}",
			want: []string{"spec.mutators[0].builtin: move-internal-images is for Restore alone, and the pipeline runs in Backup " + strings.ReplaceAll(forBackup, "[Backup]", "[Restore]")},
		},
		"move images on backup, told": {
			reason: "nothing of a Restore is needed", spec: "phases: [Backup]\nmutators:\n- {builtin: move-internal-images, configMap: {from: a.example, to: b.example}}",
		},
		"move images, wrongly": {
			reason: "nobody knows what is meant", spec: "phases: [Backup]\nmutators:\n- {builtin: move-internal-images, configMap: {from: a/b, to: b.example}}",
			want: []string{"spec.mutators[0].configMap: read config: data.from: is no host of a registry (as image-registry.openshift-image-registry.svc:5000)"},
		},
		"redact by default": {
			reason: "the default is both", spec: "mutators:\n- builtin: redact-secrets",
			want: []string{"spec.mutators[0].builtin: redact-secrets is for Backup alone, and the pipeline runs in Restore " + forBackup},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			text := "apiVersion: velero-krm.io/v1alpha1\nkind: Pipeline\nmetadata: {name: p}\nspec:\n  " + strings.ReplaceAll(tc.spec, "\n", "\n  ")
			_, err := pipeline.Open([]byte(text), "p.yaml", pipeline.Env{
				Builtins: func(name string) (pipeline.Builtin, bool) { f, ok := catalog.Lookup(name); return f, ok },
			})
			var bad *pipeline.LoadError
			var got []string
			if errors.As(err, &bad) {
				for _, p := range bad.Problems {
					p.Line = 0
					got = append(got, p.String())
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// TestConfigsNeedWhatTheFunctionStates asks every config of every fixture.
func TestConfigsNeedWhatTheFunctionStates(t *testing.T) {
	for _, f := range catalog.Functions() {
		configs, err := filepath.Glob(filepath.Join(f.Name(), "testdata", "*", "input.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		stated := f.About().Needs.Grants()
		for _, input := range configs {
			for _, g := range f.Needs(readFixture(t, filepath.Dir(input)).FunctionConfig) {
				if !slices.ContainsFunc(stated, func(s fn.Grant) bool { return s.Key == g.Key && s.Value == g.Value }) {
					t.Errorf("%s: its config needs %s: %s, which fn.About does not state", input, g.Key, g.Value)
				}
			}
		}
	}
}
