package route

import (
	"context"

	"github.com/velero-krm/velero-krm/fn"
)

// generatedAnnotation is set by OpenShift's API server on Routes that came
// without a host; then the host has the old cluster's domain in it.
const generatedAnnotation = "openshift.io/host.generated"

// Function returns the function.
func Function() fn.Function {
	return fn.New("route", "Removes the host of OpenShift Routes whose host was generated, so that the target cluster generates its own.", transform, fn.Describe(fn.About{Kinds: []string{"Route.route.openshift.io"}}))
}

func transform(_ context.Context, _ fn.NoConfig, list *fn.List) error {
	for o := range list.Of("route.openshift.io", "Route") {
		if v, _ := o.Annotation(generatedAnnotation); v == "true" {
			// Removed, not set to "": openshift-velero-plugin's "" leaves
			// nothing on the wire either, as the typed field is omitempty.
			o.Remove("spec", "host")
		}
	}
	return nil
}
