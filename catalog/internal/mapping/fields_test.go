package mapping_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/catalog/internal/mapping"
)

func TestFields(t *testing.T) {
	env := func(i int) []any { return []any{"spec", "env", i, "value"} }
	note := []any{"metadata", "annotations", "a.b/c"}
	tests := map[string]struct {
		reason string
		add    [][]any
		first  []any
		others string
	}{
		"none":     {"nothing to tell", nil, nil, ""},
		"one":      {"there are no others", [][]any{note}, note, ""},
		"spec":     {"what runs goes first", [][]any{note, env(0)}, env(0), ` (nor in metadata.annotations["a.b/c"])`},
		"template": {"so it is for pods", [][]any{{"spec", "template", "metadata", "annotations", "x"}, {"spec", "zone"}}, []any{"spec", "zone"}, " (nor in spec.template.metadata.annotations.x)"},
		"all": {
			"six are named, elements by number",
			[][]any{env(10), env(9), env(2), env(1), env(0), note},
			env(0),
			` (nor in spec.env[1].value, spec.env[2].value, spec.env[9].value, spec.env[10].value, metadata.annotations["a.b/c"])`,
		},
		"too many": {
			"the least important are counted",
			[][]any{note, env(7), env(6), env(5), env(4), env(3), env(2), env(1), env(0)},
			env(0),
			` (nor in spec.env[1].value, spec.env[2].value, spec.env[3].value, spec.env[4].value, spec.env[5].value and 3 more)`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var f mapping.Fields
			for _, at := range tc.add {
				f.Add(at)
			}
			if diff := cmp.Diff(tc.first, f.First()); diff != "" {
				t.Errorf("%s: First (-want +got):\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.others, f.Others()); diff != "" {
				t.Errorf("%s: Others (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}
