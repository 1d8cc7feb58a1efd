package pipeline_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/fn/runcontext"
	"github.com/velero-krm/velero-krm/pipeline"
)

// curious is a function that reads facts.
type curious struct{ testFunction }

var _ pipeline.FactReader = curious{}

func (curious) Facts() []runcontext.Fact {
	return []runcontext.Fact{runcontext.PullSecrets, runcontext.InternalRegistry}
}

// TestFactNeeds: what a step names and what its function names, if it gets the
// context at all.
func TestFactNeeds(t *testing.T) {
	e := env()
	find := e.Builtins
	e.Builtins = func(name string) (pipeline.Builtin, bool) {
		if name == "curious" {
			return curious{catalogue()["identity"]}, true
		}
		return find(name)
	}
	p := &pipeline.Pipeline{
		APIVersion: pipeline.APIVersion, Kind: pipeline.Kind, Metadata: pipeline.Metadata{Name: "made"},
		Spec: pipeline.Spec{
			Mutators: []pipeline.Step{
				{Name: "no context", Builtin: "curious"},
				{Name: "function's own", Builtin: "curious", Context: true},
				{Name: "both", Builtin: "curious", Context: true, Facts: []runcontext.Fact{runcontext.RegistryState, runcontext.PullSecrets}},
				{Name: "none", Builtin: "identity", Context: true},
			},
			Validators: []pipeline.Step{{Name: "check", Builtin: "identity", Context: true, Facts: []runcontext.Fact{runcontext.OpenShiftVersion}}},
		},
	}
	prog, err := pipeline.Compile(p, e)
	if err != nil {
		t.Fatal(err)
	}
	want := []pipeline.FactNeed{
		{Step: "function's own", Fact: runcontext.InternalRegistry},
		{Step: "function's own", Fact: runcontext.PullSecrets},
		{Step: "both", Fact: runcontext.InternalRegistry},
		{Step: "both", Fact: runcontext.PullSecrets},
		{Step: "both", Fact: runcontext.RegistryState},
		{Step: "check", Fact: runcontext.OpenShiftVersion},
	}
	if diff := cmp.Diff(want, prog.FactNeeds()); diff != "" {
		t.Errorf("FactNeeds (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]runcontext.Fact{runcontext.RegistryState, runcontext.PullSecrets}, p.Spec.Mutators[2].Facts); diff != "" {
		t.Errorf("Compile changed the pipeline (-want +got):\n%s", diff)
	}
}
