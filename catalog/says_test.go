package catalog_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// TestMessagesDoNotTellThatASecretHoldsAWordOfThem runs a function beside a
// Secret whose value is a word that the function says.
func TestMessagesDoNotTellThatASecretHoldsAWordOfThem(t *testing.T) {
	const want = "values redacted for good: 1 (secrets: 1)"
	text := "apiVersion: velero-krm.io/v1alpha1\nkind: Pipeline\nmetadata: {name: p}\nspec:\n  phases: [Backup]\n  mutators:\n  - builtin: redact-secrets\n"
	program, err := pipeline.Open([]byte(text), "p.yaml", pipeline.Env{
		Builtins: func(name string) (pipeline.Builtin, bool) { f, ok := catalog.Lookup(name); return f, ok },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range append(strings.FieldsFunc(want, func(r rune) bool { return strings.ContainsRune(" :()", r) }), "secret", want) {
		secret, err := krm.FromObject(map[string]any{
			"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "super-secret-password", "namespace": "shop"},
			"data": map[string]any{"k": base64.StdEncoding.EncodeToString([]byte(value))},
		})
		if err != nil {
			t.Fatal(err)
		}
		plan, err := program.Execute(t.Context(), pipeline.Input{Items: []*krm.Item{secret}})
		if err != nil {
			t.Fatal(err)
		}
		if got := plan.Steps[0].Results[0].Message; got != want {
			t.Errorf("the Secret holds %q: got %q", value, got)
		}
	}
}
