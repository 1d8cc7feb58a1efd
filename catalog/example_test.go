package catalog_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/krm"
)

func ExampleLookup() {
	route, _ := krm.NewItem([]byte(`{"apiVersion":"route.openshift.io/v1","kind":"Route",` +
		`"metadata":{"name":"web","annotations":{"openshift.io/host.generated":"true"}},"spec":{"host":"web.apps.old.example.com","path":"/"}}`))
	f, _ := catalog.Lookup("route")
	out, err := f.Run(context.Background(), &krm.ResourceList{Items: []*krm.Item{route}})
	fmt.Println(string(out.Items[0].Raw()), err)
	// Output: {"apiVersion":"route.openshift.io/v1","kind":"Route","metadata":{"annotations":{"openshift.io/host.generated":"true"},"name":"web"},"spec":{"path":"/"}} <nil>
}

func ExampleFunctions() {
	for _, f := range catalog.Functions() {
		if slices.Contains(f.About().Kinds, "Route.route.openshift.io") {
			fmt.Println(f.Name())
		}
	}
	// Output:
	// route
	// set-ingress
}
