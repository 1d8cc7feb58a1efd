package expr_test

import (
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/catalog/internal/expr"
)

func TestCompile(t *testing.T) {
	if _, err := expr.Compile("secret("); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v, want an error that does not show the expression", err)
	}
}

func TestCheckTemplate(t *testing.T) {
	re, err := expr.Compile(`(a)(?P<name>b)`)
	if err != nil {
		t.Fatal(err)
	}
	for template, ok := range map[string]bool{
		"x": true, "$1-${2}-${name}": true, "$name": true, "$$5": true, "$0": true,
		"$3": false, "$1x": false, "${other}": false,
	} {
		if err := expr.CheckTemplate("to", re, template); (err == nil) != ok {
			t.Errorf("%q: %v", template, err)
		}
	}
}
