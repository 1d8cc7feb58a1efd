package catalog_test

import (
	"context"
	"fmt"

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
		fmt.Println(f.Name())
	}
	// Output:
	// clear-cluster-fields
	// drop
	// drop-generated
	// fix-scale-target
	// hold-deployment-configs
	// map-namespaces
	// move-internal-images
	// note-cluster
	// prepare-image-tags
	// prepare-pods
	// redact-secrets
	// remove-annotations
	// remove-dockercfg
	// remove-fields
	// rename
	// replace
	// required-fields
	// route
	// service
	// set-annotations
	// set-image-registry
	// set-ingress
	// set-labels
	// set-migrated-volumes
	// set-replicas
	// set-storage-class
	// suspend
}
