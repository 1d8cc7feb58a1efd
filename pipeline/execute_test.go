package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
	"github.com/velero-krm/velero-krm/runner"
)

// program compiles the steps, YAML at the indent of spec's keys.
func program(t *testing.T, spec string, e pipeline.Env) *pipeline.Program {
	t.Helper()
	text := "apiVersion: velero-krm.io/v1alpha1\nkind: Pipeline\nmetadata: {name: test}\nspec:\n" + spec
	p, err := pipeline.Load([]byte(text), "test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	prog, err := pipeline.Compile(p, e)
	if err != nil {
		t.Fatal(err)
	}
	return prog
}

func execute(t *testing.T, prog *pipeline.Program, items ...*krm.Item) *pipeline.Plan {
	t.Helper()
	plan, err := prog.Execute(t.Context(), pipeline.Input{Items: items})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// outline tells a plan in lines: how each object ended, with its trail.
func outline(plan *pipeline.Plan) []string {
	var lines []string
	for _, p := range plan.Items {
		line := fmt.Sprintf("%s %s", p.Status, p.In.Identity())
		if p.Out != nil {
			if p.Out.Identity() != p.In.Identity() {
				line += " now " + p.Out.Identity().String()
			}
			if trail, ok := p.Out.Annotation("trail"); ok {
				line += " " + trail
			}
		}
		lines = append(lines, line)
	}
	for _, a := range plan.Added {
		line := fmt.Sprintf("Added by %s %s", a.Step, a.Item.Identity())
		if trail, ok := a.Item.Annotation("trail"); ok {
			line += " " + trail
		}
		lines = append(lines, line)
	}
	return lines
}

func wantOutline(t *testing.T, plan *pipeline.Plan, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, outline(plan)); diff != "" {
		t.Errorf("plan: -want +got:\n%s\nfailures: %v", diff, plan.Failures())
	}
}

// wantError checks that err is target and names all of parts.
func wantError(t *testing.T, err, target error, parts ...string) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("got error %v, want one that is %v", err, target)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

// TestChecklist runs the pipeline items of the conformance checklist.
func TestChecklist(t *testing.T) {
	t.Run("40-steps-in-order", func(t *testing.T) {
		prog := program(t, `
  mutators:
  - {name: one, builtin: trail, configMap: {add: a}}
  - {name: two, builtin: trail, configMap: {add: b}, selectors: [{annotations: {trail: a}}]}
  - {name: three, builtin: trail, configMap: {add: c}}
`, env())
		plan := execute(t, prog, item(t, "Route", "web", nil))
		wantOutline(t, plan, "Changed Route.route.openshift.io shop/web abc")
	})
	t.Run("40-failure-stops-the-item", func(t *testing.T) {
		var seen []string
		prog := program(t, `
  mutators:
  - {name: one, builtin: say, configMap: {message: hello, severity: info}}
  - {name: two, builtin: trail, configMap: {add: a}}
  - {name: three, builtin: fail, configMap: {name: bad, add: b}}
  - {name: four, builtin: trail, configMap: {add: c}}
  validators:
  - {name: five, builtin: identity}
`, counting(env(), func(name string, in *krm.ResourceList) {
			if name == "identity" {
				for _, it := range in.Items {
					seen = append(seen, it.Identity().Name)
				}
			}
		}))
		bad := item(t, "Route", "bad", nil)
		plan := execute(t, prog, item(t, "Route", "good", nil), bad, item(t, "Route", "fine", nil))
		wantOutline(t, plan,
			"Changed Route.route.openshift.io shop/good abc",
			"Failed Route.route.openshift.io shop/bad",
			"Changed Route.route.openshift.io shop/fine abc")
		failed := plan.Items[1]
		if failed.Out != bad || failed.Step != "three" {
			t.Errorf("failed item: got Out %p and step %q, want the input %p and three", failed.Out, failed.Step, bad)
		}
		var functionErr *runner.FunctionError
		if !errors.As(failed.Err, &functionErr) {
			t.Errorf("error %v holds no *FunctionError", failed.Err)
		}
		for _, part := range []string{`step "three"`, "Route.route.openshift.io shop/bad", "will not touch bad"} {
			if !strings.Contains(failed.Err.Error(), part) {
				t.Errorf("error %q does not say %q", failed.Err, part)
			}
		}
		if diff := cmp.Diff([]string{"good", "fine"}, seen); diff != "" {
			t.Errorf("items of the last step: -want +got:\n%s", diff)
		}
		if got := len(plan.Steps[0].Results); got != 3 {
			t.Errorf("results of the step before the failure: got %d, want 3", got)
		}
		r := plan.Steps[2]
		if r.Selected != 3 || r.Changed != 2 || r.Failed != 1 || r.Calls < 2 {
			t.Errorf("report of the failing step: got %+v", r)
		}
		if !plan.Failed() || plan.Counts().String() != "2 changed, 1 failed" {
			t.Errorf("counts: got %q", plan.Counts())
		}
	})
	t.Run("41-validators-cannot-mutate", func(t *testing.T) {
		web := item(t, "Route", "web", nil)
		prog := program(t, `
  validators:
  - {builtin: trail, configMap: {add: no}}
  - {name: gone, builtin: empty}
  - {name: seen, builtin: fail, configMap: {name: web}, selectors: [{annotations: {trail: no}}]}
  - {name: strict, builtin: fail, configMap: {name: bad}}
`, env())
		plan := execute(t, prog, web, item(t, "Route", "bad", nil))
		wantOutline(t, plan, "Unchanged Route.route.openshift.io shop/web", "Failed Route.route.openshift.io shop/bad")
		if plan.Items[0].Out != web {
			t.Error("a validator's item is not the input")
		}
		if !plan.Steps[3].Validator || plan.Items[1].Step != "strict" {
			t.Errorf("got report %+v and step %q", plan.Steps[3], plan.Items[1].Step)
		}
	})
	t.Run("42-selectors-and-or-once", func(t *testing.T) {
		labelled := func(v string) map[string]any {
			return map[string]any{"metadata": map[string]any{"name": "labelled-" + v, "labels": map[string]any{"app": v, "tier": "web"}}}
		}
		var calls int
		prog := program(t, `
  mutators:
  - builtin: trail
    configMap: {add: x}
    selectors:
    - {kind: Route, name: web}
    - {kind: Route, namespace: shop}
    - {labels: {app: shop, tier: web}}
`, counting(env(), func(string, *krm.ResourceList) { calls++ }))
		plan := execute(t, prog,
			item(t, "Route", "web", nil),
			item(t, "Service", "web", nil),
			item(t, "ConfigMap", "", labelled("shop")),
			item(t, "ConfigMap", "", labelled("other")))
		wantOutline(t, plan,
			"Changed Route.route.openshift.io shop/web x",
			"Unchanged Service shop/web",
			"Changed ConfigMap labelled-shop x",
			"Unchanged ConfigMap labelled-other")
		if calls != 1 || plan.Steps[0].Selected != 2 {
			t.Errorf("got %d calls with %d items, want 1 with 2", calls, plan.Steps[0].Selected)
		}
	})
	t.Run("43-exclude-after-selectors", func(t *testing.T) {
		prog := program(t, `
  mutators:
  - builtin: trail
    configMap: {add: x}
    selectors: [{kind: Route}]
    exclude: [{name: keep}, {kind: Secret}]
  - builtin: trail
    configMap: {add: y}
    exclude: [{kind: Route}]
`, env())
		plan := execute(t, prog, item(t, "Route", "web", nil), item(t, "Route", "keep", nil), item(t, "Secret", "s", nil))
		wantOutline(t, plan,
			"Changed Route.route.openshift.io shop/web x",
			"Unchanged Route.route.openshift.io shop/keep",
			"Changed Secret shop/s y")
	})
	t.Run("44-unselected-keep-place", func(t *testing.T) {
		items := []*krm.Item{
			item(t, "ConfigMap", "a", nil), item(t, "Route", "1", nil), item(t, "ConfigMap", "b", nil),
			item(t, "Route", "2", nil), item(t, "Secret", "c", nil),
		}
		prog := program(t, "  mutators:\n  - {builtin: reverse, selectors: [{kind: Route}, {kind: ConfigMap}]}\n", env())
		result := execute(t, prog, items...).Result()
		for i, it := range items {
			if result[i] != it {
				t.Errorf("item %d: got another than the input %s", i, it.Identity())
			}
		}
	})
	t.Run("45-empty-selection-no-call", func(t *testing.T) {
		calls := 0
		prog := program(t, "  mutators:\n  - {builtin: trail, selectors: [{kind: Route}]}\n", counting(env(), func(string, *krm.ResourceList) { calls++ }))
		plan := execute(t, prog, item(t, "ConfigMap", "a", nil))
		if calls != 0 || plan.Steps[0].Calls != 0 || plan.Steps[0].Selected != 0 {
			t.Errorf("got %d calls, report %+v", calls, plan.Steps[0])
		}
		if plan := execute(t, prog); len(plan.Items) != 0 || calls != 0 {
			t.Errorf("no items: got %d calls and %+v", calls, plan)
		}
	})
	t.Run("46-second-run-changes-nothing", func(t *testing.T) {
		prog := program(t, `
  mutators:
  - {builtin: rename, configMap: {from: a, to: b}, allow: [Rename]}
  - {builtin: trail, configMap: {add: x}, exclude: [{annotations: {trail: x}}]}
`, env())
		first := execute(t, prog, item(t, "Route", "a", nil), item(t, "Secret", "s", nil))
		wantOutline(t, first, "Changed Route.route.openshift.io shop/a now Route.route.openshift.io shop/b x", "Changed Secret shop/s x")
		second := execute(t, prog, first.Result()...)
		wantOutline(t, second, "Unchanged Route.route.openshift.io shop/b x", "Unchanged Secret shop/s x")
	})
	t.Run("47-programs-share-nothing", func(t *testing.T) {
		good := program(t, "  mutators:\n  - {builtin: trail, configMap: {add: good}}\n", env())
		bad := program(t, "  mutators:\n  - {builtin: fail, configMap: {name: web}}\n  - {builtin: trail, configMap: {add: bad}}\n", env())
		web := item(t, "Route", "web", nil)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				plan, err := good.Execute(t.Context(), pipeline.Input{Items: []*krm.Item{web}})
				if err != nil || plan.Failed() {
					t.Errorf("good: got %v, %v", err, plan)
				}
			})
			wg.Go(func() {
				plan, err := bad.Execute(t.Context(), pipeline.Input{Items: []*krm.Item{web}})
				if err != nil || !plan.Failed() || plan.Items[0].Out != web {
					t.Errorf("bad: got %v, %v", err, plan)
				}
			})
		}
		wg.Wait()
	})
	t.Run("48-secrets-stay-secret", func(t *testing.T) {
		const value = "c3dvcmRmaXNoLXN3b3JkZmlzaA=="
		secret := item(t, "Secret", "db", map[string]any{"data": map[string]any{"password": value}})
		plan := execute(t, program(t, "  mutators:\n  - {builtin: trail, configMap: {add: x}}\n  - {builtin: fail, configMap: {name: db}, onError: Ignore}\n", env()), secret)
		said := fmt.Sprintf("%v %v %v %+v", plan.Items[0].Changes(), plan.Failures(), plan.Items[0].Warnings, plan.Steps)
		if strings.Contains(said, value) {
			t.Errorf("the plan tells the value: %s", said)
		}
	})
}

func TestPolicies(t *testing.T) {
	web, db := item(t, "Route", "web", nil), item(t, "Secret", "db", nil)
	cases := map[string]struct {
		reason, spec string
		want         []string
		is           error
		says         []string
	}{
		"removed without permission": {
			reason: "nothing is lost unless the step allows it",
			spec:   "  - {name: s, builtin: drop, configMap: {name: web}}",
			want:   []string{"Failed Route.route.openshift.io shop/web", "Unchanged Secret shop/db"},
			is:     runner.ErrRemoved, says: []string{`step "s"`, "Route.route.openshift.io shop/web", "Delete"},
		},
		"everything removed without permission": {
			reason: "an empty list is no permission",
			spec:   "  - {name: s, builtin: empty}",
			want:   []string{"Failed Route.route.openshift.io shop/web", "Failed Secret shop/db"},
			is:     runner.ErrRemoved, says: []string{`step "s"`, "Delete"},
		},
		"removed": {
			reason: "a removed object takes no part in later steps",
			spec:   "  - {builtin: drop, configMap: {name: web}, allow: [Delete]}\n  - {builtin: trail, configMap: {add: x}}",
			want:   []string{"Removed Route.route.openshift.io shop/web", "Changed Secret shop/db x"},
		},
		"created without permission": {
			reason: "so is creating",
			spec:   "  - {name: s, builtin: create, configMap: {kind: ConfigMap, name: new}}",
			want:   []string{"Failed Route.route.openshift.io shop/web", "Failed Secret shop/db"},
			is:     runner.ErrCreated, says: []string{`step "s"`, "Create"},
		},
		"created": {
			reason: "a created object flows into later steps",
			spec:   "  - {name: c, builtin: create, configMap: {kind: ConfigMap, name: new}, allow: [Create], selectors: [{kind: Route}]}\n  - {builtin: trail, configMap: {add: x}}",
			want:   []string{"Changed Route.route.openshift.io shop/web x", "Changed Secret shop/db x", "Added by c ConfigMap shop/new x"},
		},
		"created and removed": {
			reason: "a created object may be removed again",
			spec:   "  - {name: c, builtin: create, configMap: {kind: ConfigMap, name: new}, allow: [Create]}\n  - {builtin: drop, configMap: {name: new}, allow: [Delete]}",
			want:   []string{"Unchanged Route.route.openshift.io shop/web", "Unchanged Secret shop/db"},
		},
		"created and failed": {
			reason: "a created object on which a step fails is not added, and that is told",
			spec:   "  - {name: c, builtin: create, configMap: {kind: ConfigMap, name: new}, allow: [Create]}\n  - {name: s, builtin: fail, configMap: {name: new, add: x}}",
			want:   []string{"Changed Route.route.openshift.io shop/web x", "Changed Secret shop/db x"},
			says:   []string{`step "s"`, "ConfigMap shop/new"},
		},
		"renamed without permission": {
			reason: "so is renaming",
			spec:   "  - {name: s, builtin: rename, configMap: {from: web, to: new}}",
			want:   []string{"Failed Route.route.openshift.io shop/web", "Unchanged Secret shop/db"},
			is:     runner.ErrRenamed, says: []string{`step "s"`, "Rename"},
		},
		"duplicated": {
			reason: "an object cannot be two",
			spec:   "  - {name: s, builtin: twice, allow: [Create, Delete, Rename]}",
			want:   []string{"Failed Route.route.openshift.io shop/web", "Failed Secret shop/db"},
			is:     runner.ErrDuplicate, says: []string{`step "s"`},
		},
		"outside the selection": {
			reason: "a function touches what it was given and nothing else",
			spec:   "  - {name: s, builtin: create, configMap: {kind: Secret, name: db}, allow: [Create], selectors: [{kind: Route}]}",
			want:   []string{"Failed Route.route.openshift.io shop/web", "Unchanged Secret shop/db"},
			is:     pipeline.ErrOutsideSelection, says: []string{`step "s"`, "Route.route.openshift.io shop/web", "Secret shop/db", "select"},
		},
		"outside the selection without permission": {
			reason: "the message is about the selection, not about creating",
			spec:   "  - {name: s, builtin: create, configMap: {kind: Secret, name: db}, selectors: [{kind: Route}]}",
			want:   []string{"Failed Route.route.openshift.io shop/web", "Unchanged Secret shop/db"},
			is:     pipeline.ErrOutsideSelection,
		},
		"created what is there": {
			reason: "a created object must be new",
			spec:   "  - {name: s, builtin: create, configMap: {kind: Secret, name: db}, allow: [Create]}",
			want:   []string{"Failed Route.route.openshift.io shop/web", "Failed Secret shop/db"},
			says:   []string{`step "s"`, "Secret shop/db"},
		},
		"identity needed again": {
			reason: "an object cannot take the name of one that goes back to it",
			spec: "  - {name: a, builtin: rename, configMap: {from: web, to: old}, allow: [Rename]}\n" +
				"  - {name: b, builtin: create, configMap: {kind: Route, name: x}, allow: [Create], selectors: [{kind: Secret}]}\n" +
				"  - {name: c, builtin: fail, configMap: {name: old}}",
			want: []string{"Failed Route.route.openshift.io shop/web", "Changed Secret shop/db ", "Added by b Route shop/x "},
			says: []string{`step "c"`},
		},
		"ignored": {
			reason: "with onError Ignore an object goes on as it was before the step",
			spec: "  - {builtin: trail, configMap: {add: a}}\n  - {name: s, builtin: fail, configMap: {name: web, add: b}, onError: Ignore}\n" +
				"  - {name: t, builtin: trail, configMap: {add: c}}",
			want: []string{"Changed Route.route.openshift.io shop/web ac", "Changed Secret shop/db abc"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			plan := execute(t, program(t, "  mutators:\n"+tc.spec+"\n", env()), web, db)
			if diff := cmp.Diff(tc.want, outline(plan)); diff != "" {
				t.Errorf("%s: -want +got:\n%s\n%v", tc.reason, diff, plan.Failures())
			}
			if plan.Failed() != (tc.is != nil || tc.says != nil) {
				t.Fatalf("%s: got failures %v", tc.reason, plan.Failures())
			}
			if !plan.Failed() {
				return
			}
			err := plan.Failures()[0]
			target := tc.is
			if target == nil {
				target = err
			}
			wantError(t, err, target, tc.says...)
		})
	}
}

func TestWarnings(t *testing.T) {
	prog := program(t, `
  mutators:
  - {name: say, builtin: say, configMap: {message: is old, severity: warning}}
  - {name: hush, builtin: say, configMap: {message: fine, severity: info}}
  - {name: try, builtin: fail, configMap: {name: web}, onError: Ignore}
`, env())
	plan := execute(t, prog, item(t, "Route", "web", nil))
	got := plan.Items[0].Warnings
	if len(got) != 2 || got[0] != `step "say": is old (spec.host)` || !strings.HasPrefix(got[1], `ignored: step "try": `) {
		t.Errorf("warnings: got %q", got)
	}
	if plan.Failed() {
		t.Errorf("failures: got %v", plan.Failures())
	}
}

func TestErrorResultFailsItem(t *testing.T) {
	prog := program(t, "  validators:\n  - {name: strict, builtin: say, configMap: {message: has no host, severity: error}, selectors: [{kind: Route}]}\n", env())
	plan := execute(t, prog, item(t, "Route", "web", nil), item(t, "Secret", "db", nil))
	wantOutline(t, plan, "Failed Route.route.openshift.io shop/web", "Unchanged Secret shop/db")
	wantError(t, plan.Items[0].Err, runner.ErrErrorResult, `step "strict"`, "Route.route.openshift.io shop/web")
}

func TestContext(t *testing.T) {
	prog := program(t, "  phases: [Restore]\n  mutators:\n  - {builtin: want-context, context: true}\n", env())
	run, err := krm.FromObject(map[string]any{"apiVersion": "v1", "kind": "RunContext", "metadata": map[string]any{"name": "r1"}})
	if err != nil {
		t.Fatal(err)
	}
	web := item(t, "Route", "web", nil)
	plan, err := prog.Execute(t.Context(), pipeline.Input{Items: []*krm.Item{web}, Context: run, Phase: pipeline.Restore})
	if err != nil {
		t.Fatal(err)
	}
	wantOutline(t, plan, "Changed Route.route.openshift.io shop/web r1")

	if _, err := prog.Execute(t.Context(), pipeline.Input{Items: []*krm.Item{web}}); !errors.Is(err, pipeline.ErrNoContext) {
		t.Errorf("without context: got %v, want ErrNoContext", err)
	}
	if _, err := prog.Execute(t.Context(), pipeline.Input{Phase: pipeline.Backup}); !errors.Is(err, pipeline.ErrPhase) {
		t.Errorf("other phase: got %v, want ErrPhase", err)
	}
}

// TestAround sees every call begin, with the name of its step.
func TestAround(t *testing.T) {
	prog := program(t, `
  mutators:
  - {name: one, builtin: trail, configMap: {add: a}}
  - {name: two, builtin: trail, configMap: {add: b}, selectors: [{kind: Secret}]}
  validators:
  - {name: three, builtin: identity}
`, env())
	var calls []string
	around := func(step string, next runner.Function) runner.Function {
		return runner.FunctionFunc(func(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
			calls = append(calls, step)
			return next.Run(ctx, in)
		})
	}
	plan, err := prog.Execute(t.Context(), pipeline.Input{Items: []*krm.Item{item(t, "Route", "web", nil)}, Around: around})
	if err != nil {
		t.Fatal(err)
	}
	wantOutline(t, plan, "Changed Route.route.openshift.io shop/web a")
	if diff := cmp.Diff([]string{"one", "three"}, calls); diff != "" {
		t.Errorf("calls: -want +got:\n%s", diff)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	prog := program(t, "  mutators:\n  - builtin: trail\n", env())
	if plan, err := prog.Execute(ctx, pipeline.Input{Items: []*krm.Item{item(t, "Route", "web", nil)}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v, want context.Canceled", plan, err)
	}
}

// TestTimeout uses the step's own limit on a function that waits for its end.
func TestTimeout(t *testing.T) {
	e := env()
	e.Builtins = func(string) (pipeline.Builtin, bool) { return waiting{}, true }
	prog := program(t, "  mutators:\n  - {name: slow, builtin: wait, timeout: 10ms}\n", e)
	plan := execute(t, prog, item(t, "Route", "web", nil))
	wantOutline(t, plan, "Failed Route.route.openshift.io shop/web")
	wantError(t, plan.Items[0].Err, runner.ErrTimeout, `step "slow"`, "Route.route.openshift.io shop/web", "10ms")
}

type waiting struct{}

func (waiting) Name() string                { return "wait" }
func (waiting) CheckConfig(*krm.Item) error { return nil }
func (waiting) Run(ctx context.Context, _ *krm.ResourceList) (*krm.ResourceList, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Minute):
		return nil, errors.New("not stopped")
	}
}
