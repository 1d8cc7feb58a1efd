package plugin

import (
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/velero-krm/velero-krm/fn/runcontext"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// metadataOf is what the API server sends of an object of which only that is
// asked for.
func metadataOf(namespace, name, uid string, annotations map[string]string) metav1.PartialObjectMetadata {
	return metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(uid), Annotations: annotations}}
}

const (
	dockercfgs   = "secrets type=kubernetes.io/dockercfg"
	dockerConfig = "secrets type=kubernetes.io/dockerconfigjson"
)

func TestPullSecrets(t *testing.T) {
	w := newOpenShift(t, []string{asking(runcontext.PullSecrets)}, aBackup("b1", nil))
	w.metadata[dockercfgs] = []metav1.PartialObjectMetadata{
		metadataOf("shop-dr", "default-dockercfg-new", "", map[string]string{"openshift.io/internal-registry-auth-token.service-account": "default"}),
		metadataOf("shop-dr", "default-dockercfg-gone", "", map[string]string{"openshift.io/internal-registry-auth-token.service-account": "default"}),
		metadataOf("shop-dr", "builder-dockercfg-old", "", map[string]string{"kubernetes.io/service-account.name": "builder", "kubernetes.io/service-account.uid": "u1"}),
		metadataOf("shop-dr", "builder-dockercfg-stale", "", map[string]string{"kubernetes.io/service-account.name": "builder", "kubernetes.io/service-account.uid": "u0"}),
		metadataOf("other", "default-dockercfg-x", "", nil),
	}
	w.metadata[dockerConfig] = []metav1.PartialObjectMetadata{metadataOf("shop-dr", "quay", "", nil), metadataOf("db", "quay", "", nil)}
	w.metadata["serviceaccounts"] = []metav1.PartialObjectMetadata{
		metadataOf("shop-dr", "default", "u2", map[string]string{"openshift.io/internal-registry-pull-secret-ref": "default-dockercfg-new"}),
		metadataOf("shop-dr", "builder", "u1", nil),
	}
	restore := aRestore("r1", wants("p"))
	restore.Spec.IncludedNamespaces, restore.Spec.NamespaceMapping = []string{"shop", "db"}, map[string]string{"shop": "shop-dr"}
	got, err := w.factsOf(t, restoreRef(restore))
	if err != nil {
		t.Fatal(err)
	}
	const cfg, json = "kubernetes.io/dockercfg", "kubernetes.io/dockerconfigjson"
	want := map[string][]runcontext.PullSecret{
		"db": {{Name: "quay", Type: json}},
		"shop-dr": {
			{Name: "builder-dockercfg-old", Type: cfg, ServiceAccount: "builder"},
			{Name: "builder-dockercfg-stale", Type: cfg},
			{Name: "default-dockercfg-gone", Type: cfg},
			{Name: "default-dockercfg-new", Type: cfg, ServiceAccount: "default"},
			{Name: "quay", Type: json},
		},
	}
	if diff := gocmp.Diff(want, got.PullSecrets); diff != "" {
		t.Errorf("pull secrets (-want +got):\n%s", diff)
	}
	calls := []string{
		"list secrets db type=kubernetes.io/dockercfg", "list secrets db type=kubernetes.io/dockerconfigjson",
		"list secrets shop-dr type=kubernetes.io/dockercfg", "list secrets shop-dr type=kubernetes.io/dockerconfigjson",
		"list serviceaccounts db", "list serviceaccounts shop-dr",
	}
	if diff := gocmp.Diff(calls, w.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestPullSecretsOfAll: nobody names namespaces, so one list has them all; no
// Secret is generated, so nobody asks for service accounts.
func TestPullSecretsOfAll(t *testing.T) {
	w := newOpenShift(t, []string{asking(runcontext.PullSecrets)}, aBackup("b1", nil))
	w.metadata[dockerConfig] = []metav1.PartialObjectMetadata{metadataOf("shop", "quay", "", nil), metadataOf("tmp", "quay", "", nil), metadataOf("db", "quay", "", nil)}
	restore := aRestore("r1", wants("p"))
	restore.Spec.ExcludedNamespaces = []string{"tmp"}
	got, err := w.factsOf(t, restoreRef(restore))
	if err != nil {
		t.Fatal(err)
	}
	quay := []runcontext.PullSecret{{Name: "quay", Type: "kubernetes.io/dockerconfigjson"}}
	if diff := gocmp.Diff(map[string][]runcontext.PullSecret{"db": quay, "shop": quay}, got.PullSecrets); diff != "" {
		t.Errorf("pull secrets (-want +got):\n%s", diff)
	}
	if want := []string{"list secrets  type=kubernetes.io/dockercfg", "list secrets  type=kubernetes.io/dockerconfigjson"}; len(w.calls) != len(want) {
		t.Errorf("calls: got %q, want %q", w.calls, want)
	}
}

// TestPullSecretsOfBackup: a backup has no destination, so nobody is asked.
func TestPullSecretsOfBackup(t *testing.T) {
	w := newOpenShift(t, []string{asking(runcontext.PullSecrets)})
	got, err := w.factsOf(t, backupRef(aBackup("b1", wants("p"))))
	if err != nil {
		t.Fatal(err)
	}
	if got.PullSecrets != nil || len(w.calls) > 0 || !slices.Contains(got.Facts, runcontext.PullSecrets) {
		t.Errorf("got %v after calls %q, want nothing", got, w.calls)
	}
}
