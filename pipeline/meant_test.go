package pipeline_test

import (
	"testing"

	"github.com/velero-krm/velero-krm/krm"
)

// TestMeant is about selectors that match nothing.
func TestMeant(t *testing.T) {
	items := []*krm.Item{}
	for _, text := range []string{
		`{"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"nightly","namespace":"acme"}}`,
		`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"acme"}}`,
		`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","namespace":"other"}}`,
	} {
		it, err := krm.NewItem([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, it)
	}
	tests := map[string]struct{ reason, selectors, want string }{
		"case":               {"kinds are told apart by case", "{kind: Cronjob}", `did you mean kind "CronJob"?`},
		"plural":             {"a resource is no kind", "{kind: cronjobs}", `did you mean kind "CronJob"?`},
		"group":              {"a group that is far from the right one", "{apiVersion: v1, kind: CronJob}", "the apiVersion of CronJob is batch/v1 here"},
		"version":            {"an older version", "{apiVersion: batch/v1beta1, kind: CronJob}", `did you mean apiVersion "batch/v1"?`},
		"both":               {"two mistakes in one", "{apiVersion: v1, kind: Cronjob}", `did you mean kind "CronJob", apiVersion "batch/v1"?`},
		"namespace":          {"a letter too many", "{kind: CronJob, namespace: acmee}", `did you mean namespace "acme"?`},
		"name":               {"a letter too few", "{kind: Deployment, name: we}", `did you mean name "web"?`},
		"the second of them": {"any selector may be the misspelt one", "{kind: Nonsense}, {kind: Deploymnt}", `did you mean kind "Deployment"?`},
		"far":                {"no guessing", "{kind: Ingress}", ""},
		"other namespace":    {"what is there has another kind", "{kind: CronJob, namespace: other}", ""},
		"labels":             {"labels have no near ones", "{kind: CronJob, labels: {a: b}}", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			prog := program(t, "  mutators:\n  - {name: s, builtin: identity, selectors: ["+tc.selectors+"]}\n", env())
			if got := prog.Meant("s", items); got != tc.want {
				t.Errorf("%s: got %q, want %q", tc.reason, got, tc.want)
			}
			if got := prog.Meant("other", items); got != "" {
				t.Errorf("a step that is not there: got %q", got)
			}
		})
	}
}
