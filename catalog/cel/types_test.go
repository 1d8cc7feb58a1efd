package cel_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/catalog/cel"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// configOf is the config with one rule.
func configOf(t *testing.T, rule map[string]any) *krm.Item {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"apiVersion": "velero-krm.io/v1alpha1", "kind": "Cel", "spec": map[string]any{"rules": []any{rule}},
	})
	if err != nil {
		t.Fatal(err)
	}
	config, err := krm.ParseConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// TestLabelsAndAnnotationsAreTexts sets fields by expressions whose type is
// known before there is an object.
func TestLabelsAndAnnotationsAreTexts(t *testing.T) {
	const hint = `labels and annotations are texts ("1" is the number and '"1"' the text; string() makes a text of a number)`
	tests := map[string]struct{ path, value, want string }{
		"number":                     {"metadata.labels.tier", `1`, "gives a int, and " + hint},
		"boolean":                    {`metadata.annotations["example.com/a"]`, `object.kind == "Pod"`, "gives a bool, and " + hint},
		"null":                       {"metadata.labels.tier", `null`, "gives a null_type, and " + hint},
		"in a template":              {"spec.template.metadata.labels.tier", `1.5`, "gives a double, and " + hint},
		"optional number":            {"metadata.labels.tier", `optional.of(1)`, "gives a optional_type(int), and " + hint},
		"all labels":                 {"metadata.labels", `{"a": 1}`, "gives a map(string, int), and " + hint},
		"all labels, no map":         {"metadata.labels", `"a"`, "gives a string, and " + hint},
		"text":                       {"metadata.labels.tier", `"1"`, ""},
		"text of a number":           {"metadata.labels.tier", `string(1)`, ""},
		"optional text":              {"metadata.labels.tier", `optional.of("a")`, ""},
		"none":                       {"metadata.labels.tier", `optional.none()`, ""},
		"known at run time":          {"metadata.labels.tier", `object.spec.replicas`, ""},
		"time":                       {"metadata.labels.tier", `timestamp("2026-01-02T03:04:05Z")`, ""},
		"all texts":                  {"metadata.labels", `{"a": "1"}`, ""},
		"no label":                   {"spec.tier", `1`, ""},
		"of something called":        {"spec.labels.tier", `1`, ""},
		"in a job template":          {"spec.jobTemplate.metadata.labels.tier", `1`, "gives a int, and " + hint},
		"in a pod of a job":          {"spec.jobTemplate.spec.template.metadata.labels", `{"a": 1}`, "gives a map(string, int), and " + hint},
		"list of a custom resource":  {"spec.metadata.annotations", `[{"key": "a", "value": "b"}]`, ""},
		"value of a custom resource": {"spec.metadata.labels.replicas", `1`, ""},
		"within a custom resource":   {"spec.metadata.labels.a.b", `1`, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := cel.Function().CheckConfig(configOf(t, map[string]any{"set": map[string]any{tc.path: tc.value}}))
			if (err != nil) != (tc.want != "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("want %q, got %v", tc.want, err)
			}
		})
	}
}

// TestMatchMustBeABool has conditions that are fields whose type is known.
func TestMatchMustBeABool(t *testing.T) {
	for expression, want := range map[string]string{
		`object.kind`:                      `gives a string where a bool is needed (compare it, as in object.kind == "Pod")`,
		`object["kind"]`:                   "gives a string where a bool is needed",
		`object.metadata.name`:             "gives a string where a bool is needed",
		`object.metadata.labels["a.b"]`:    "gives a string where a bool is needed",
		`object.metadata.annotations.a`:    "gives a string where a bool is needed",
		`object.metadata.labels`:           "gives a map(string, dyn) where a bool is needed",
		`phase`:                            "gives a string where a bool is needed",
		`1`:                                "gives a int where a bool is needed",
		`object.spec.paused`:               "",
		`has(object.kind)`:                 "",
		`has(object.metadata.labels.a)`:    "",
		`object.kind == "Pod"`:             "",
		`object.spec.template.metadata[0]`: "",
	} {
		err := cel.Function().CheckConfig(configOf(t, map[string]any{"match": expression, "remove": []string{"status"}}))
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q, got %v", expression, want, err)
		}
	}
}

// TestLabelThatIsNoTextAtRunTime has an expression that may give anything.
func TestLabelThatIsNoTextAtRunTime(t *testing.T) {
	for path, value := range map[string]string{
		"metadata.labels.rev": "object.spec.replicas",
		"metadata.labels":     `{"rev": object.spec.replicas}`,
	} {
		item, err := krm.NewItem([]byte(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":2}}`))
		if err != nil {
			t.Fatal(err)
		}
		in := &krm.ResourceList{Items: []*krm.Item{item}, FunctionConfig: configOf(t, map[string]any{"set": map[string]any{path: value}})}
		out, err := cel.Function().Run(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if out.Items[0] != item || !slices.ContainsFunc(out.Results, func(r krm.Result) bool {
			return r.Failed() && strings.Contains(r.Message, "and labels and annotations are texts: write string()")
		}) {
			t.Errorf("set %s: got %v", path, out.Results)
		}
	}
}

// TestExpressionsThatNeedTheContext asks what a step must grant.
func TestExpressionsThatNeedTheContext(t *testing.T) {
	context := []fn.Grant{{Key: "context", Value: "true", When: "with an expression that uses phase or context"}}
	for name, tc := range map[string]struct {
		rule map[string]any
		want []fn.Grant
	}{
		"phase in match":      {map[string]any{"match": `phase == "Backup"`, "remove": []string{"status"}}, context},
		"context in set":      {map[string]any{"set": map[string]any{"spec.a": "context.restore.name"}}, context},
		"phase in a check":    {map[string]any{"validate": []any{map[string]any{"expression": `phase == "Backup"`}}}, context},
		"neither":             {map[string]any{"match": `object.phase == "context"`, "remove": []string{"status"}}, nil},
		"config that is none": {map[string]any{"match": "phase =="}, nil},
	} {
		got := cel.Function().Needs(configOf(t, tc.rule))
		if len(got) == 0 {
			got = nil
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
