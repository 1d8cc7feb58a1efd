package pipeline_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

var _ pipeline.Follower = fn.Function{}

func TestCutSteps(t *testing.T) {
	e := env()
	e.Builtins = func(name string) (pipeline.Builtin, bool) {
		f := testFunction{name: name, run: func(map[string]string, *krm.ResourceList) error { return nil }}
		if name == "follow" {
			f.follows = "references to it"
		}
		return f, true
	}
	tests := map[string]struct {
		reason string
		step   pipeline.Step
		cut    bool
	}{
		"all":        {"nothing is left out", pipeline.Step{Builtin: "follow"}, false},
		"kind":       {"a Deployment that refers is not shown", pipeline.Step{Builtin: "follow", Selectors: []pipeline.Selector{{Kind: "ConfigMap"}}}, true},
		"name":       {"nor one of another name", pipeline.Step{Builtin: "follow", Selectors: []pipeline.Selector{{Namespace: "shop", Name: "web"}}}, true},
		"apiVersion": {"nor one of another group", pipeline.Step{Builtin: "follow", Selectors: []pipeline.Selector{{APIVersion: "v1"}}}, true},
		"exclude":    {"nor one that is excluded", pipeline.Step{Builtin: "follow", Exclude: []pipeline.Selector{{Kind: "Secret"}}}, true},
		"namespace":  {"an application as a whole", pipeline.Step{Builtin: "follow", Selectors: []pipeline.Selector{{Namespace: "shop"}}, Exclude: []pipeline.Selector{{Labels: map[string]string{"a": "b"}}}}, false},
		"other":      {"a function that looks at each object for itself", pipeline.Step{Builtin: "mark", Selectors: []pipeline.Selector{{Kind: "ConfigMap"}}}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			program, err := pipeline.Compile(&pipeline.Pipeline{
				APIVersion: pipeline.APIVersion, Kind: pipeline.Kind, Metadata: pipeline.Metadata{Name: "made"},
				Spec: pipeline.Spec{Mutators: []pipeline.Step{tc.step}},
			}, e)
			if err != nil {
				t.Fatal(err)
			}
			var want []pipeline.CutStep
			if tc.cut {
				want = []pipeline.CutStep{{Step: "follow", Builtin: "follow", Follows: "references to it"}}
			}
			if diff := cmp.Diff(want, program.CutSteps()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}
