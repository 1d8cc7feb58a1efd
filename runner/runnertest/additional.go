package runnertest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/runnertest/behave"
)

// additionalItems are about what a function asks of Velero beside the list.
func additionalItems() []Item {
	return []Item{{Number: 49, Title: "additional-items-go-with-their-object", test: testAdditional}}
}

func testAdditional(s *suite) {
	t := s.t
	wanted := func(name string) []krm.AdditionalItem {
		return []krm.AdditionalItem{
			{Resource: "secrets", Namespace: "ns", Name: name},
			{Group: "example.org", Resource: "things", Name: "of-all"},
		}
	}
	t.Log("decision: each once, in the order of the results, whatever becomes of other objects")
	for _, behaviour := range []string{"ask-additional", "ask-additional-in-yaml"} {
		items := []*krm.Item{configMap(t, "a", ""), configMap(t, "b", label(behave.Poison)), configMap(t, "c", "")}
		out := transform(t, s.must(t, behaviour), items, runner.TransformOptions{})
		wantStatus(t, out, runner.Unchanged, runner.Failed, runner.Unchanged)
		wantAdditional(t, out, wanted("a"), nil, wanted("c"))
		wantIs(t, out.Items[1].Err, krm.ErrAdditionalItem)
		wantText(t, out.Items[1].Err, "secret b")
	}
	out := transform(t, s.must(t, "ask-additional-and-rename"), configMaps(t, "a"), runner.TransformOptions{Allow: allow()})
	wantStatus(t, out, runner.Changed)
	wantAdditional(t, out, wanted("renamed-a"))

	t.Log("decision: it must be known which object they go with, and validators ask for nothing")
	for _, behaviour := range []string{"ask-additional-of-another", "ask-additional-of-nobody"} {
		out := transform(t, s.must(t, behaviour), configMaps(t, "a", "b"), runner.TransformOptions{})
		wantStatus(t, out, runner.Failed, runner.Failed)
		wantAdditional(t, out, nil, nil)
		wantIs(t, out.Items[0].Err, krm.ErrAdditionalItem)
	}
	out = transform(t, s.must(t, "ask-additional"), configMaps(t, "a"), runner.TransformOptions{Validate: true})
	wantStatus(t, out, runner.Failed)
	wantIs(t, out.Items[0].Err, krm.ErrAdditionalItem)
	wantText(t, out.Items[0].Err, "validator")
}

func wantAdditional(t *testing.T, out *runner.Outcome, want ...[]krm.AdditionalItem) {
	t.Helper()
	for i, o := range out.Items {
		if diff := cmp.Diff(want[i], o.Additional); diff != "" {
			t.Errorf("additional items of object %d (-want +got):\n%s", i, diff)
		}
	}
}
