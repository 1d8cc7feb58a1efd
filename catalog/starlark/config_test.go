package starlark

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// TestConfigIsReadStrictly is no fixture, because a JSON Schema knows only the
// names of the fields of a config that reads itself.
func TestConfigIsReadStrictly(t *testing.T) {
	tests := map[string]struct {
		config string
		want   []string
	}{
		"unknown field": {
			config: "apiVersion: fn.kpt.dev/v1alpha1\nkind: StarlarkRun\nsauce: pass\nparams: text\n",
			want:   []string{"sauce: unknown field (known: source, params)", "params: must be a map, is a string", "source: is required (the script)"},
		},
		"own kind":  {config: "apiVersion: velero-krm.io/v1alpha1\nkind: Starlark\nspec: {source: 1}\n", want: []string{"spec.source: must be a string, is a number (put it in quotes)"}},
		"ConfigMap": {config: "apiVersion: v1\nkind: ConfigMap\ndata: {source: [1]}\n", want: []string{"data.source: must be a string, is a list"}},
		"no data":   {config: "apiVersion: v1\nkind: ConfigMap\ndata: text\n", want: []string{"data: must be a map, is a string"}},
		"no script": {config: "apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n", want: []string{"data.source: is required (the script)"}},
		"none":      {want: []string{"source: is required (the script)"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var config *krm.Item
			if tc.config != "" {
				var err error
				if config, err = krm.ParseConfig([]byte(tc.config)); err != nil {
					t.Fatal(err)
				}
			}
			var ce *fn.ConfigError
			if err := Function().CheckConfig(config); !errors.As(err, &ce) {
				t.Fatalf("got %v, want a ConfigError", err)
			}
			var got []string
			for _, p := range ce.Problems {
				got = append(got, p.String())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
