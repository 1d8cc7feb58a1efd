package catalog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// restoredWith runs the pipeline of a restore over one object, with another
// namespaceMapping than the example's.
func restoredWith(t *testing.T, mapping string, backup *krm.Item) *krm.Item {
	t.Helper()
	run := mustItem(t, strings.Replace(string(openshiftContext(t, pipeline.Restore).Raw()), `{"shop":"shop-dr"}`, mapping, 1))
	plan, err := openshiftProgram(t, "openshift-restore.yaml", false).Execute(t.Context(), pipeline.Input{Phase: pipeline.Restore, Items: []*krm.Item{backup}, Context: run})
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Items[0].Err; err != nil {
		t.Fatalf("%s: %v", backup.Identity(), err)
	}
	return plan.Items[0].Out
}

// TestOpenShiftChainedMapping restores with a mapping that Velero accepts: a new
// name is the old one of another namespace.
func TestOpenShiftChainedMapping(t *testing.T) {
	const chain = `{"shop":"base","base":"base-dr"}`
	for name, tc := range map[string]struct{ backup, want string }{
		"nothing to map": {
			backup: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"},"data":{"a":"b"}}`,
			want:   `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"},"data":{"a":"b"}}`,
		},
		"users": {
			backup: `{"apiVersion":"security.openshift.io/v1","kind":"SecurityContextConstraints","metadata":{"name":"s"},"users":["system:serviceaccount:shop:a","system:serviceaccount:base:a"]}`,
			want:   `{"apiVersion":"security.openshift.io/v1","kind":"SecurityContextConstraints","metadata":{"name":"s"},"users":["system:serviceaccount:base:a","system:serviceaccount:base-dr:a"]}`,
		},
	} {
		got := restoredWith(t, chain, mustItem(t, tc.backup))
		if diff := cmp.Diff(mustItem(t, tc.want).Object(), got.Object()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestOpenShiftSharedImagesBesidePlugin maps the namespace openshift: the plugin
// maps images in it that have no digest, and both must agree.
func TestOpenShiftSharedImagesBesidePlugin(t *testing.T) {
	backup := mustItem(t, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop","annotations":{"openshift.io/backup-registry-hostname":"old:5000"}},`+
		`"spec":{"containers":[{"name":"tag","image":"old:5000/openshift/x:1","resources":{}},{"name":"digest","image":"old:5000/openshift/x@sha256:1","resources":{}}]}}`)
	ours := restoredWith(t, `{"openshift":"mine"}`, backup)
	b := newBeside(t, pipeline.Restore, "openshift-restore.yaml", nil)
	b.plugin.namespaces = map[string]string{"openshift": "mine"}
	for order, item := range b.restoreOrders(t, backup, ours) {
		containers := elements(mapping(item.Object(), "spec")["containers"])
		for i, want := range []string{"/mine/x:1", "/openshift/x"} {
			if got := text(containers[i], "image"); !strings.HasSuffix(got, want) || strings.HasPrefix(got, "old:") {
				t.Errorf("%s: image %q, want one that ends in %s", order, got, want)
			}
		}
	}
}
