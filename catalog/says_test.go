package catalog_test

import (
	"encoding/base64"
	"path/filepath"
	"regexp"
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

// TestResultsAreSayings runs every fixture: what a function says about no object
// in particular is one of its sayings, or a Secret could punch holes into it.
func TestResultsAreSayings(t *testing.T) {
	others := map[string]string{
		"starlark": "a script says what it likes",
		"cel":      "rules have names",
	}
	placeholders := strings.NewReplacer("%d", "[0-9]+", "%s", ".*")
	for _, f := range catalog.Functions() {
		if others[f.Name()] != "" {
			continue
		}
		var formats []string
		for _, format := range f.Sayings() {
			formats = append(formats, placeholders.Replace(regexp.QuoteMeta(format)))
		}
		syntax := regexp.MustCompile("^(?:" + strings.Join(formats, "|") + ")$")
		inputs, err := filepath.Glob(filepath.Join(f.Name(), "testdata", "*", "input.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, input := range inputs {
			out, err := f.Run(t.Context(), readFixture(t, filepath.Dir(input)))
			if err != nil {
				continue
			}
			for _, r := range out.Results {
				if r.ResourceRef == nil && !r.Failed() && !syntax.MatchString(r.Message) {
					t.Errorf("%s: %s says %q: name its words by fn.Says", input, f.Name(), r.Message)
				}
			}
		}
	}
}
