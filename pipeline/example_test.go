package pipeline_test

import (
	"context"
	"fmt"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// A pipeline of one step over two objects.
func Example() {
	p, err := pipeline.Load([]byte(`
apiVersion: velero-krm.io/v1alpha1
kind: Pipeline
metadata: {name: to-dr}
spec:
  mutators:
  - name: routes
    builtin: route
    selectors: [{apiVersion: route.openshift.io/v1, kind: Route}]
`), "to-dr.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	program, err := pipeline.Compile(p, pipeline.Env{
		Builtins:     func(name string) (pipeline.Builtin, bool) { f, ok := catalog.Lookup(name); return f, ok },
		BuiltinNames: catalog.Names(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var items []*krm.Item
	for _, raw := range []string{
		`{"apiVersion":"route.openshift.io/v1","kind":"Route","metadata":{"name":"web","namespace":"shop","annotations":{"openshift.io/host.generated":"true"}},"spec":{"host":"web.old.example"}}`,
		`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","namespace":"shop"}}`,
	} {
		item, err := krm.NewItem([]byte(raw))
		if err != nil {
			fmt.Println(err)
			return
		}
		items = append(items, item)
	}
	plan, err := program.Execute(context.Background(), pipeline.Input{Phase: pipeline.Restore, Items: items})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, item := range plan.Items {
		fmt.Println(item.Status, item.In.Identity())
		for _, change := range item.Changes() {
			fmt.Println(" ", change.Path, change.Before)
		}
	}
	fmt.Println(plan.Counts())
	// Output:
	// Changed Route.route.openshift.io shop/web
	//   spec.host web.old.example
	// Unchanged Secret shop/db
	// 1 changed, 1 unchanged
}
