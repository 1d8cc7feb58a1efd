package pipeline_test

import (
	"fmt"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
	"github.com/velero-krm/velero-krm/runner"
)

// blame fails the item config.name by name, and notes on each how many there are.
func blame(config map[string]string, l *krm.ResourceList) error {
	for _, it := range l.Items {
		if it.Identity().Name == config["name"] {
			l.Results = append(l.Results, krm.Result{Message: "not this one", Severity: krm.Error, ResourceRef: krm.RefTo(it.Identity())})
		}
	}
	return trail(map[string]string{"add": fmt.Sprint("of ", len(l.Items), ",")}, l)
}

// blaming is an environment with blame.
func blaming() pipeline.Env {
	e := env()
	others := e.Builtins
	e.Builtins = func(name string) (pipeline.Builtin, bool) {
		if name == "blame" {
			return testFunction{name: name, run: blame}, true
		}
		return others(name)
	}
	return e
}

// TestScopeList has what becomes of a list that a step needs as a whole when
// the step fails on one object of it.
func TestScopeList(t *testing.T) {
	cases := map[string]struct {
		reason string
		spec   string
		want   []string
		err    error
		says   []string
		calls  int
	}{
		"named": {
			reason: "the others are done as if it had not been there; before and after it is no concern of theirs", calls: 2,
			spec: "  mutators:\n  - {builtin: trail, configMap: {add: 'before,'}}\n" +
				"  - {name: all, builtin: blame, scope: List, configMap: {name: b}}\n  - {builtin: trail, configMap: {add: after}}\n",
			want: []string{"Changed ConfigMap shop/a before,of 2,after", "Failed ConfigMap shop/b", "Changed Secret shop/db before,of 2,after"},
			err:  runner.ErrErrorResult, says: []string{`step "all": `, "ConfigMap shop/b: not this one"},
		},
		"not named": {
			reason: "the failure may be about any", calls: 1,
			spec: "  mutators:\n  - {name: all, builtin: fail, scope: List, configMap: {name: b}}\n",
			want: []string{"Failed ConfigMap shop/a", "Failed ConfigMap shop/b", "Failed Secret shop/db"},
			err:  runner.ErrWholeList, says: []string{"the whole list failed, for it does not name the objects that it is about: ", "will not touch b"},
		},
		"ignored": {
			reason: "b stays in the list, and the others must fit it", calls: 1,
			spec: "  mutators:\n  - {name: all, builtin: blame, scope: List, onError: Ignore, configMap: {name: b}}\n  - {builtin: trail, configMap: {add: after}}\n",
			want: []string{"Changed ConfigMap shop/a after", "Changed ConfigMap shop/b after", "Changed Secret shop/db after"},
		},
		"outside": {
			reason: "who takes the place of an object outside is not asked to go on without", calls: 1,
			spec: "  mutators:\n  - {name: all, builtin: rename, scope: List, allow: [Rename], configMap: {from: a, to: b}, exclude: [{name: b}]}\n",
			want: []string{"Failed ConfigMap shop/a", "Unchanged ConfigMap shop/b", "Failed Secret shop/db"},
			err:  pipeline.ErrOutsideSelection, says: []string{"the whole list failed: ", "select that object too"},
		},
		"validator": {
			reason: "it changes nothing, so it need not run again", calls: 1,
			spec: "  validators:\n  - {name: all, builtin: blame, scope: List, configMap: {name: b}}\n",
			want: []string{"Unchanged ConfigMap shop/a", "Failed ConfigMap shop/b", "Unchanged Secret shop/db"},
			err:  runner.ErrErrorResult,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			plan := execute(t, program(t, tc.spec, blaming()), item(t, "ConfigMap", "a", nil), item(t, "ConfigMap", "b", nil), item(t, "Secret", "db", nil))
			wantOutline(t, plan, tc.want...)
			for _, s := range plan.Steps {
				if s.Name == "all" && s.Calls != tc.calls {
					t.Errorf("%s: %d calls, want %d", tc.reason, s.Calls, tc.calls)
				}
			}
			failures := plan.Failures()
			if tc.err == nil {
				if len(failures) > 0 {
					t.Errorf("%s: %v", tc.reason, failures)
				}
				return
			}
			if len(failures) == 0 {
				t.Fatalf("%s: nothing failed", tc.reason)
			}
			wantError(t, failures[len(failures)-1], tc.err, tc.says...)
		})
	}
}
