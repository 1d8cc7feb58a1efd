package pipeline_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
	"github.com/velero-krm/velero-krm/runner"
)

// ask asks for the additional items config.items with each object.
func ask(config map[string]string, l *krm.ResourceList) error {
	for _, it := range l.Items {
		for tag := range strings.FieldsSeq(config["items"]) {
			l.Results = append(l.Results, krm.Result{
				Message: "additional item", Severity: krm.Info, ResourceRef: krm.RefTo(it.Identity()),
				Tags: map[string]string{krm.AdditionalItemTag: tag},
			})
		}
	}
	return nil
}

// envWithAsk is [env] with the builtin ask.
func envWithAsk() pipeline.Env {
	e := env()
	others := e.Builtins
	e.Builtins = func(name string) (pipeline.Builtin, bool) {
		if name == "ask" {
			return testFunction{name: name, run: ask}, true
		}
		return others(name)
	}
	return e
}

func TestAdditionalItems(t *testing.T) {
	web, db := item(t, "Route", "web", nil), item(t, "Secret", "db", nil)
	const first, second = "  - {name: one, builtin: ask, configMap: {items: secrets/shop/b secrets/shop/a}}\n",
		"  - {name: two, builtin: ask, configMap: {items: things.example.org/c secrets/shop/b}, selectors: [{kind: Route}]"
	for name, tc := range map[string]struct {
		reason, spec string
		want         map[string][]string
		is           error
		says         string
	}{
		"Steps": {
			"what several steps ask for comes together, in their order and each once", first + second + "}",
			map[string][]string{"web": {"secrets/shop/b", "secrets/shop/a", "things.example.org/c"}, "db": {"secrets/shop/b", "secrets/shop/a"}},
			nil, "",
		},
		"Renamed": {
			"they go with the object whatever it is called", first + "  - {builtin: rename, configMap: {from: web, to: new}, allow: [Rename]}\n" + second + "}",
			map[string][]string{"web": {"secrets/shop/b", "secrets/shop/a", "things.example.org/c"}, "db": {"secrets/shop/b", "secrets/shop/a"}},
			nil, "",
		},
		"Removed": {
			"what is not backed up takes nothing along", first + "  - {builtin: drop, configMap: {name: web}, allow: [Delete]}",
			map[string][]string{"db": {"secrets/shop/b", "secrets/shop/a"}},
			nil, "",
		},
		"Failed": {
			"nor does what failed", first + "  - {name: two, builtin: say, configMap: {severity: error, message: no}, selectors: [{kind: Route}]}",
			map[string][]string{"db": {"secrets/shop/b", "secrets/shop/a"}},
			runner.ErrErrorResult, `step "two"`,
		},
		"Malformed": {
			"it fails the object by name, the others go on", first + strings.ReplaceAll(second, "things.example.org/c", "Secret/c") + "}",
			map[string][]string{"db": {"secrets/shop/b", "secrets/shop/a"}},
			krm.ErrAdditionalItem, `step "two": Route.route.openshift.io shop/web: `,
		},
		"Ignored": {
			"as any failure of the step", first + strings.ReplaceAll(second, "things.example.org/c", "Secret/c") + ", onError: Ignore}",
			map[string][]string{"web": {"secrets/shop/b", "secrets/shop/a"}, "db": {"secrets/shop/b", "secrets/shop/a"}},
			nil, "",
		},
		"Created": {
			"Velero did not hand it out, and takes nothing with it", "  - {name: make, builtin: create, configMap: {kind: ConfigMap, name: new}, allow: [Create]}\n" + first,
			map[string][]string{"web": {"secrets/shop/b", "secrets/shop/a"}, "db": {"secrets/shop/b", "secrets/shop/a"}},
			pipeline.ErrAdditionalOfCreated, `step "one": ConfigMap shop/new: `,
		},
	} {
		t.Run(name, func(t *testing.T) {
			plan := execute(t, program(t, "  mutators:\n"+tc.spec, envWithAsk()), web, db)
			got := map[string][]string{}
			for _, p := range plan.Items {
				for _, additional := range p.Additional {
					got[p.In.Identity().Name] = append(got[p.In.Identity().Name], additional.String())
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
			if err := errors.Join(plan.Failures()...); tc.is != nil {
				wantError(t, err, tc.is, tc.says)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}
