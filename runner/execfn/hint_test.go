package execfn_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/execfn"
)

// TestHintsStay: a Secret that holds a help text, which has all our words in
// it, makes no hole into what we say to do.
func TestHintsStay(t *testing.T) {
	source, err := os.ReadFile("../internal/hint/hint.go")
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, quoted := range regexp.MustCompile(`"[^"\n]+"`).FindAllString(string(source), -1) {
		words = append(words, strings.Trim(quoted, `"`))
	}
	data, err := json.Marshal(strings.Join(words, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	secret, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"help":` + string(data) + `}}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{
		"exit code":     "exit 127",
		"signal":        "kill -9 $$",
		"nothing":       "true",
		"truncated":     `printf '{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList","items":['`,
		"log on stdout": `printf 'hello\n{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList","items":[]}'`,
		"no list":       "echo [1]",
		"two lists":     `for i in 1 2; do printf '{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList","items":[]}'; done`,
	} {
		t.Run(name, func(t *testing.T) {
			f, err := execfn.New(write(t, "#!/bin/sh\ncat >/dev/null\n"+script+"\n", 0o755))
			if err != nil {
				t.Fatal(err)
			}
			out, err := runner.Transform(t.Context(), f, []*krm.Item{secret}, runner.TransformOptions{})
			if err != nil {
				t.Fatal(err)
			}
			fe, ok := out.Items[0].Err.(*runner.FunctionError) //nolint:errorlint // the very error
			if !ok || fe.Hint == "" || strings.Contains(fe.Hint, runner.Redacted) {
				t.Errorf("the hint of %v is %+v", out.Items[0].Err, fe)
			}
		})
	}
}
