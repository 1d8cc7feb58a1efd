package pipeline_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/fn/runcontext"
	"github.com/velero-krm/velero-krm/krm"
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

// TestContextIsNarrowed: each step is shown the facts that it needs itself, in
// this run and in the next.
func TestContextIsNarrowed(t *testing.T) {
	var mu sync.Mutex
	seen := map[string][]string{}
	e := env()
	e.Builtins = func(name string) (pipeline.Builtin, bool) {
		return testFunction{name: name, run: func(_ map[string]string, l *krm.ResourceList) error {
			mu.Lock()
			defer mu.Unlock()
			for _, it := range l.Items {
				if c, err := runcontext.Read(it); err == nil {
					seen[name] = append(seen[name], fmt.Sprintf("%s %v %s%s", c.Metadata.Name, c.Cluster.Facts, c.Cluster.OpenShiftVersion, c.Cluster.RegistryState))
				}
			}
			return nil
		}}, true
	}
	prog, err := pipeline.Compile(&pipeline.Pipeline{
		APIVersion: pipeline.APIVersion, Kind: pipeline.Kind, Metadata: pipeline.Metadata{Name: "made"},
		Spec: pipeline.Spec{Mutators: []pipeline.Step{
			{Builtin: "a", Context: true, Facts: []runcontext.Fact{runcontext.OpenShiftVersion}},
			{Builtin: "b", Context: true},
			{Builtin: "c"},
		}},
	}, e)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"r1", "r1", "r2"} {
		run := &runcontext.RunContext{
			Metadata: runcontext.Metadata{Name: name}, Phase: runcontext.PhaseBackup, Backup: &runcontext.Backup{Name: name},
			Cluster: runcontext.Cluster{
				Facts:            []runcontext.Fact{runcontext.OpenShiftVersion, runcontext.RegistryState},
				OpenShiftVersion: "4.21", RegistryState: runcontext.RegistryManaged,
			},
		}
		shown, err := run.Item()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := prog.Execute(t.Context(), pipeline.Input{Items: []*krm.Item{item(t, "ConfigMap", "one", nil)}, Context: shown}); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string][]string{
		"a": {"r1 [openshiftVersion] 4.21", "r1 [openshiftVersion] 4.21", "r2 [openshiftVersion] 4.21"},
		"b": {"r1 [] ", "r1 [] ", "r2 [] "},
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("contexts (-want +got):\n%s", diff)
	}
}
