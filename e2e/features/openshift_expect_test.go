package features

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/internal/expect"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// readExpected reads what is expected of the example, with other names in the
// place of those that it uses.
func readExpected(t *testing.T, names *strings.Replacer) map[string]expect.Object {
	t.Helper()
	return withHooks(t, readTable(t, filepath.Join(openshiftExample, "expected.yaml"), names))
}

// withHooks adds to what is expected what Velero itself does.
func withHooks(t *testing.T, table map[string]expect.Object) map[string]expect.Object {
	t.Helper()
	for name, more := range readTable(t, filepath.Join(openshiftData, "hooks.yaml"), nil) {
		e, ok := table[name]
		if !ok {
			t.Fatalf("expected.yaml does not have %s, which has a hook", name)
		}
		e.Effects = slices.Concat(e.Effects, more.Effects)
		table[name] = e
	}
	return table
}

// readExpectedOfStock reads what is expected when a stock Velero did the backup:
// the steps that look at the whole list are not in its pipeline.
func readExpectedOfStock(t *testing.T, names *strings.Replacer) map[string]expect.Object {
	t.Helper()
	table := readTable(t, filepath.Join(openshiftExample, "expected.yaml"), names)
	for name, e := range table {
		e.Effects = slices.DeleteFunc(e.Effects, func(e expect.Effect) bool {
			return e.Phase == pipeline.Backup && e.Action != "01-common-backup-plugin"
		})
		table[name] = e
	}
	maps.Copy(table, readTable(t, filepath.Join(openshiftData, "stock.yaml"), names))
	return withHooks(t, table)
}

func readTable(t *testing.T, path string, names *strings.Replacer) map[string]expect.Object {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if names != nil {
		text = []byte(names.Replace(string(text)))
	}
	table, err := expect.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// expectedOf applies the effects of one phase; nil for an object that is gone.
func expectedOf(t *testing.T, e expect.Object, phase pipeline.Phase, item *krm.Item) *krm.Item {
	t.Helper()
	after, err := e.After(phase, item)
	if err != nil {
		t.Fatal(err)
	}
	return after
}

func itemOf(t *testing.T, object map[string]any) *krm.Item {
	t.Helper()
	item, err := krm.FromObject(object)
	if err != nil {
		t.Fatal(err)
	}
	return item
}

// storedItem reads a file of a tarball.
func storedItem(t *testing.T, content []byte) *krm.Item {
	t.Helper()
	items, err := krm.ReadItems(bytes.NewReader(content), "backup")
	if err != nil || len(items) != 1 {
		t.Fatalf("want one object in a file of the backup, got %d, error %v", len(items), err)
	}
	return items[0]
}

// settled returns an object without what Velero and a cluster set on every one,
// and without fields that say nothing.
func settled(o *unstructured.Unstructured) map[string]any {
	if o.GetKind() == "Job" {
		o = o.DeepCopy()
		clusterSetOfJob(o.Object)
	}
	plain := plain(o)
	unstructured.RemoveNestedField(plain, "metadata", "ownerReferences")
	return withoutEmpty(plain)
}

// clusterSetOfJob removes the selector that a cluster makes of the Job's uid.
func clusterSetOfJob(o map[string]any) {
	unstructured.RemoveNestedField(o, "spec", "selector")
	for _, labels := range [][]string{{"metadata", "labels"}, {"spec", "template", "metadata", "labels"}} {
		for _, key := range []string{"controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"} {
			unstructured.RemoveNestedField(o, append(labels, key)...)
		}
	}
}

// withoutEmpty removes mappings and lists that have nothing in them, by keys:
// an API server may or may not write them.
func withoutEmpty(o map[string]any) map[string]any {
	for key, value := range o {
		switch v := value.(type) {
		case map[string]any:
			if len(withoutEmpty(v)) == 0 {
				delete(o, key)
			}
		case []any:
			for _, element := range v {
				if m, ok := element.(map[string]any); ok {
					withoutEmpty(m)
				}
			}
			if len(v) == 0 {
				delete(o, key)
			}
		}
	}
	return o
}
