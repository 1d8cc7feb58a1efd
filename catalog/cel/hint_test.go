package cel_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/catalog/cel"
	"github.com/velero-krm/velero-krm/krm"
)

// TestCommonSlipsHaveAHint compiles what people write who come from other
// languages.
func TestCommonSlipsHaveAHint(t *testing.T) {
	for expression, want := range map[string]string{
		`object.kind = "x"`:           "compare with ==",
		`object.kind='x'`:             "compare with ==",
		`object.kind == 'x`:           "close the quotation mark",
		`object.kind == "x`:           "close the quotation mark",
		`object.kind == 'x' and true`: "write && for and",
		`object.kind == 'x' or true`:  "write || for or",
		`object.kind ==`:              "something is missing at the end",
	} {
		rule := map[string]any{"match": expression, "remove": []string{"status"}}
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
		if err := cel.Function().CheckConfig(config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q, got %v", expression, want, err)
		}
	}
}
