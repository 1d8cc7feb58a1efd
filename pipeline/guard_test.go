package pipeline_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
	"github.com/velero-krm/velero-krm/runner"
)

// TestSettle has an object take the identity of one that fails afterwards.
func TestSettle(t *testing.T) {
	prog := program(t, `
  mutators:
  - {name: away, builtin: rename, configMap: {from: a, to: c}, allow: [Rename]}
  - {name: into, builtin: rename, configMap: {from: b, to: a}, allow: [Rename]}
  - {name: late, builtin: fail, configMap: {name: c}}
`, env())
	plan := execute(t, prog, item(t, "Secret", "a", nil), item(t, "Secret", "b", nil))
	wantOutline(t, plan, "Failed Secret shop/a", "Failed Secret shop/b")
	wantError(t, plan.Items[1].Err, pipeline.ErrCollision, `step "into"`, "Secret shop/b", "Secret shop/a")
}

// TestSettleAcrossVersions: the API server knows one object of the name.
func TestSettleAcrossVersions(t *testing.T) {
	prog := program(t, `
  mutators:
  - {name: away, builtin: rename, configMap: {from: a, to: c}, allow: [Rename]}
  - {name: into, builtin: rename, configMap: {from: b, to: a, apiVersion: apps/v1beta1}, allow: [Rename]}
  - {name: late, builtin: fail, configMap: {name: c}}
`, env())
	plan := execute(t, prog, item(t, "Deployment", "a", nil), item(t, "Deployment", "b", nil))
	wantOutline(t, plan, "Failed Deployment.apps shop/a", "Failed Deployment.apps shop/b")
	wantError(t, plan.Items[1].Err, pipeline.ErrCollision, `step "into"`, "Deployment.apps shop/b", "Deployment.apps shop/a")
}

// TestSettleLeavesWhatHasNoName: it gets one later, of its own.
func TestSettleLeavesWhatHasNoName(t *testing.T) {
	generated := item(t, "Secret", "", map[string]any{"metadata": map[string]any{"generateName": "s-", "namespace": "shop"}})
	prog := program(t, `
  mutators:
  - {name: make, builtin: create, configMap: {kind: Secret, generateName: s-}, allow: [Create], selectors: [{kind: Route}]}
  - {name: late, builtin: fail, configMap: {name: ""}, selectors: [{kind: Secret}], exclude: [{annotations: {made: "true"}}]}
`, env())
	plan := execute(t, prog, item(t, "Route", "web", nil), generated)
	if len(plan.Errors) != 0 || len(plan.Added) != 1 || plan.Items[1].Status != runner.Failed {
		t.Errorf("got %s: %v", plan.Counts(), plan.Failures())
	}
}

// TestSettleChain has each object of a long list take the identity of the one
// before it, and the first one fail: all have to go back.
func TestSettleChain(t *testing.T) {
	const n = 20_000 // looking at all of them for each one would take minutes
	prog := program(t, `
  mutators:
  - {name: away, builtin: shift, scope: List, allow: [Rename]}
  - {name: late, builtin: fail, configMap: {name: "first"}, selectors: [{name: "first"}]}
`, env())
	items := make([]*krm.Item, n)
	for i := range items {
		items[i] = item(t, "Secret", fmt.Sprintf("s-%d", i), nil)
	}
	plan := execute(t, prog, items...)
	if got := plan.Counts(); got.Failed != n {
		t.Fatalf("got %s, want all failed", got)
	}
	wantError(t, plan.Items[n-1].Err, pipeline.ErrCollision, `step "away"`, fmt.Sprintf("Secret shop/s-%d", n-1))
}

// TestReplacementFails: what a step removed is not lost when what it made of
// it fails later.
func TestReplacementFails(t *testing.T) {
	const replace = "  mutators:\n  - {name: replace, builtin: replace, configMap: {from: a, to: b}, allow: [Create, Delete]}\n"
	const late = "  - {name: late, builtin: fail, configMap: {name: b}, selectors: [{name: b}]}\n"
	cases := map[string]struct {
		reason, spec string
		want         []string
		errors       []string
	}{
		"later step": {
			reason: "the object is gone, and so would be what it was made of",
			spec:   replace + late,
			want:   []string{"Failed Secret shop/a", "Unchanged Secret shop/other"}, errors: []string{"Secret shop/b"},
		},
		"validator": {
			reason: "the same",
			spec:   replace + "  validators:\n" + late,
			want:   []string{"Failed Secret shop/a", "Unchanged Secret shop/other"}, errors: []string{"Secret shop/b"},
		},
		"replaced twice": {
			reason: "it goes back to the first",
			spec: replace + "  - {name: again, builtin: replace, configMap: {from: b, to: c}, allow: [Create, Delete]}\n" +
				"  - {name: late, builtin: fail, configMap: {name: c}, selectors: [{name: c}]}\n",
			want: []string{"Failed Secret shop/a", "Unchanged Secret shop/other"}, errors: []string{"Secret shop/b", "Secret shop/c"},
		},
		"taken place": {
			reason: "what moved to where it goes back makes room",
			spec:   replace + "  - {name: into, builtin: rename, configMap: {from: other, to: a}, allow: [Rename]}\n" + late,
			want:   []string{"Failed Secret shop/a", "Failed Secret shop/other"}, errors: []string{"Secret shop/b"},
		},
		"removed by another step": {
			reason: "that was meant, whatever else fails",
			spec: "  mutators:\n  - {builtin: drop, configMap: {name: a}, allow: [Delete]}\n" +
				"  - {builtin: create, configMap: {kind: Secret, name: b}, allow: [Create]}\n" + late,
			want: []string{"Removed Secret shop/a", "Unchanged Secret shop/other"}, errors: []string{"Secret shop/b"},
		},
		"ignored": {
			reason: "it does not fail",
			spec:   replace + "  - {builtin: fail, configMap: {name: b}, onError: Ignore, selectors: [{name: b}]}\n",
			want:   []string{"Removed Secret shop/a", "Unchanged Secret shop/other", "Added by replace Secret shop/b"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			plan := execute(t, program(t, tc.spec, env()), item(t, "Secret", "a", nil), item(t, "Secret", "other", nil))
			wantOutline(t, plan, tc.want...)
			if plan.Items[0].Status == runner.Failed {
				wantError(t, plan.Items[0].Err, pipeline.ErrReplacement, `step "replace": Secret shop/a: `, "Secret shop/b")
			}
			if len(plan.Errors) != len(tc.errors) {
				t.Fatalf("%s: got %v, want errors about %s", tc.reason, plan.Errors, tc.errors)
			}
			for i, err := range plan.Errors {
				wantError(t, err, err, tc.errors[i])
			}
		})
	}
}

// TestStepErrorNamesTheObject also when the cause names one whose name begins
// or ends with it.
func TestStepErrorNamesTheObject(t *testing.T) {
	object := krm.Identity{APIVersion: "v1", Kind: "Secret", Namespace: "shop", Name: "db"}
	for cause, want := range map[string]string{
		"it became Secret shop/db":        `step "s": it became Secret shop/db`,
		"Secret shop/db: gone":            `step "s": Secret shop/db: gone`,
		"like Secret shop/db-old":         `step "s": Secret shop/db: like Secret shop/db-old`,
		"like Secret shop/db.old: no":     `step "s": Secret shop/db: like Secret shop/db.old: no`,
		"SealedSecret shop/db":            `step "s": Secret shop/db: SealedSecret shop/db`,
		"Secret shop/db2, Secret shop/db": `step "s": Secret shop/db2, Secret shop/db`,
	} {
		if got := (&pipeline.StepError{Step: "s", Object: object, Err: errors.New(cause)}).Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestGuard has functions meet objects that they were not given.
func TestGuard(t *testing.T) {
	route := func(label string) *krm.Item {
		return item(t, "Route", "web", map[string]any{"metadata": map[string]any{
			"name": "web", "namespace": "shop", "labels": map[string]any{"copy": label},
		}})
	}
	db := item(t, "Secret", "db", nil)
	cases := map[string]struct {
		reason, spec string
		items        []*krm.Item
		want         []string
		is           error
	}{
		"the object twice": {
			reason: "the copy that was given may be returned although the other is outside",
			spec:   "  mutators: [{builtin: trail, configMap: {add: x}, selectors: [{labels: {copy: a}}]}]",
			items:  []*krm.Item{route("a"), route("b")},
			want:   []string{"Changed Route.route.openshift.io shop/web x", "Unchanged Route.route.openshift.io shop/web"},
		},
		"one that failed before": {
			reason: "it stays as it came, so nothing may take its place",
			spec: "  mutators: [{builtin: fail, configMap: {name: db}, selectors: [{kind: Secret}]}," +
				" {name: next, builtin: create, configMap: {kind: Secret, name: db}, allow: [Create]}]",
			items: []*krm.Item{route("a"), db},
			want:  []string{"Failed Route.route.openshift.io shop/web", "Failed Secret shop/db"},
			is:    pipeline.ErrOutsideSelection,
		},
		"another version": {
			reason: "it would take the place of the object that is not selected",
			spec: "  mutators: [{builtin: create, configMap: {apiVersion: apps/v1beta1, kind: Deployment, name: db}," +
				" allow: [Create], selectors: [{kind: Route}]}]",
			items: []*krm.Item{route("a"), item(t, "Deployment", "db", nil)},
			want:  []string{"Failed Route.route.openshift.io shop/web", "Unchanged Deployment.apps shop/db"},
			is:    pipeline.ErrOutsideSelection,
		},
		"a validator": {
			reason: "what it returns is dropped, whatever it is",
			spec:   "  validators: [{builtin: create, configMap: {kind: Secret, name: db}, selectors: [{kind: Route}]}]",
			items:  []*krm.Item{route("a"), db},
			want:   []string{"Unchanged Route.route.openshift.io shop/web", "Unchanged Secret shop/db"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			plan := execute(t, program(t, tc.spec+"\n", env()), tc.items...)
			wantOutline(t, plan, tc.want...)
			if tc.is != nil && !errors.Is(plan.Items[0].Err, tc.is) {
				t.Errorf("%s: got %v, want %v", tc.reason, plan.Items[0].Err, tc.is)
			}
		})
	}
}
