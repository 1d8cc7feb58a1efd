package runner_test

import (
	"context"
	"fmt"
	"time"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/gofn"
)

func ExampleTransform() {
	names := []string{"web", "broken", "db"}
	var items []*krm.Item
	for _, name := range names {
		it, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"` + name + `","namespace":"shop"}}`))
		if err != nil {
			fmt.Println(err)
			return
		}
		items = append(items, it)
	}
	label := gofn.New("label", func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		for i, it := range in.Items {
			if it.Identity().Name == "broken" {
				return nil, fmt.Errorf("cannot label this")
			}
			in.Items[i] = it.WithAnnotation("example.com/seen", "yes")
		}
		return in, nil
	})
	out, err := runner.Transform(context.Background(), runner.WithTimeout(label, time.Minute), items, runner.TransformOptions{Name: "label"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range out.Items {
		fmt.Println(o.In.Identity(), o.Status)
		if o.Err != nil {
			fmt.Println(" ", o.Err)
		}
	}
	// Output:
	// ConfigMap shop/web Changed
	// ConfigMap shop/broken Failed
	//   run function "label": cannot label this
	// ConfigMap shop/db Changed
}

func ExampleRedact() {
	secret, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db"},"data":{"password":"aHVudGVyMi1yZWFs"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(runner.Redact("login with hunter2-real failed", []*krm.Item{secret}))
	// Output: login with [redacted] failed
}
