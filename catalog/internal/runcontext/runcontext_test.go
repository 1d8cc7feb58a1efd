package runcontext_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

const head = `{"apiVersion":"velero-krm.io/v1alpha1","kind":"RunContext","metadata":{"name":"r"}`

// known is what a function can find out.
type known struct {
	Found          bool
	Phase, Restore string
	FileBackup     bool
	Namespaces     map[string]string
	Shop, Other    string
	Labels         map[string]string
	Annotations    map[string]string
	Hooks          int
	Version        string
}

// find runs a function over items that tells what it knows.
func find(t *testing.T, raws ...string) (known, *krm.ResourceList, error) {
	t.Helper()
	in := &krm.ResourceList{}
	for _, raw := range raws {
		item, err := krm.NewItem([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		in.Items = append(in.Items, item)
	}
	var k known
	f := fn.New("look", "Looks.", func(_ context.Context, _ fn.NoConfig, list *fn.List) error {
		run, ok := runcontext.Of(list)
		k = known{
			Found: ok, Phase: run.Phase(), Restore: run.RestoreName(), FileBackup: run.FileBackup(),
			Namespaces: run.NamespaceMapping(), Shop: run.NewNamespace("shop"), Other: run.NewNamespace("other"),
			Labels: run.RestoreLabels(), Annotations: run.RestoreAnnotations(), Hooks: len(run.RestoreHooks()),
			Version: run.Cluster().KubernetesVersion,
		}
		return nil
	})
	out, err := f.Run(t.Context(), in)
	return k, out, err
}

func TestOf(t *testing.T) {
	const object = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}`
	tests := map[string]struct {
		reason string
		items  []string
		want   known
	}{
		"none":   {"a step without context", []string{object}, known{Shop: "shop", Other: "other"}},
		"backup": {"nothing of a Restore", []string{object, head + `,"phase":"Backup","backup":{"name":"b","spec":{"defaultVolumesToRestic":true}}}`}, known{Found: true, Phase: "Backup", FileBackup: true, Shop: "shop", Other: "other"}},
		"restore": {
			"all of it",
			[]string{head + `,"phase":"Restore","backup":{"name":"b","spec":{"defaultVolumesToFsBackup":false}},"cluster":{"kubernetesVersion":"v1.34.3"},
				"restore":{"name":"r","labels":{"a":"b"},"annotations":{"c":"d"},"spec":{"namespaceMapping":{"shop":"dr"},"hooks":{"resources":[{"name":"h"}]}}}}`, object},
			known{
				Found: true, Phase: "Restore", Restore: "r", Namespaces: map[string]string{"shop": "dr"}, Shop: "dr", Other: "other",
				Labels: map[string]string{"a": "b"}, Annotations: map[string]string{"c": "d"}, Hooks: 1, Version: "v1.34.3",
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, _, err := find(t, tc.items...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// TestOfUnreadable: a context that cannot be read fails the function, so that
// it is not taken for one that tells nothing.
func TestOfUnreadable(t *testing.T) {
	got, out, err := find(t, head+`,"phase":["Restore"]}`)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Results) != 1 || out.Results[0].Severity != krm.Error || !strings.Contains(out.Results[0].Message, "read context of the run") {
		t.Errorf("results: %v", out.Results)
	}
	if !got.Found || got.Phase != "" {
		t.Errorf("got %+v, want one that knows nothing", got)
	}
}
