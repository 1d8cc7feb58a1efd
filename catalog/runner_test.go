package catalog_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/gofn"
)

var _ runner.Function = fn.Function{}

func mustItem(t *testing.T, raw string) *krm.Item {
	t.Helper()
	item, err := krm.NewItem([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return item
}

func mustConfig(t *testing.T, text string) *krm.Item {
	t.Helper()
	config, err := krm.ParseConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// TestOneBadObjectFailsAlone runs a function as the runner does: an object it
// cannot transform must not take the batch with it.
func TestOneBadObjectFailsAlone(t *testing.T) {
	f, _ := catalog.Lookup("set-labels")
	var items []*krm.Item
	for i := range 9 {
		labels := `{}`
		if i == 4 {
			labels = `["no mapping"]`
		}
		items = append(items, mustItem(t, fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c%d","labels":%s}}`, i, labels)))
	}
	out, err := runner.Transform(t.Context(), gofn.New(f.Name(), f.Run), items, runner.TransformOptions{
		Name: f.Name(), Config: mustConfig(t, `{apiVersion: v1, kind: ConfigMap, data: {labels: "a: b"}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range out.Items {
		want := runner.Changed
		if i == 4 {
			want = runner.Failed
		}
		if o.Status != want {
			t.Errorf("object %d is %s, want %s: %v", i, o.Status, want, o.Err)
		}
	}
	if bad := out.Items[4]; bad.Out != bad.In || !errors.Is(bad.Err, runner.ErrErrorResult) {
		t.Errorf("the bad object: %v", bad.Err)
	}
}

// TestFunctionsRunAtTheSameTime shares one function and one list between
// goroutines, for the race detector to look at.
func TestFunctionsRunAtTheSameTime(t *testing.T) {
	f, _ := catalog.Lookup("set-image-registry")
	in := &krm.ResourceList{
		FunctionConfig: mustConfig(t, `{apiVersion: v1, kind: ConfigMap, data: {from: docker.io, to: r.example}}`),
		Items:          []*krm.Item{mustItem(t, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"image":"nginx"}]}}`)},
	}
	const want = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"image":"r.example/library/nginx"}]}}`
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				out, err := f.Run(t.Context(), in)
				if err != nil {
					t.Error(err)
					return
				}
				if diff := cmp.Diff(want, string(out.Items[0].Raw())); diff != "" {
					t.Errorf("object (-want +got):\n%s", diff)
				}
			}
		})
	}
	wg.Wait()
}
