package features

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// testAsInBackup restores through a function that notes what it sees: status,
// owners, uid and the original namespace, which Velero has taken out by then.
func (p *pipelines) testAsInBackup(t *testing.T) {
	p.apply(t, "testdata/pipeline/app", "seen")
	owner := &corev1.ConfigMap{}
	if err := p.ControlPlane.Client.Get(t.Context(), client.ObjectKey{Namespace: "seen", Name: "settings"}, owner); err != nil {
		t.Fatal(err)
	}
	wheel := p.gadget(t, "seen")
	wheel.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: owner.Name, UID: owner.UID}})
	if err := p.ControlPlane.Client.Update(t.Context(), wheel); err != nil {
		t.Fatal(err)
	}
	p.complete(t, p.backup(t, "seen", "seen", named("none")))
	p.put(t, "see", pipelineText("see", "mutators:\n- exec: testfn krm-feature tell-object"))
	p.complete(t, p.restore(t, "seen", "seen", "seen-again", named("see")))

	got := p.gadget(t, "seen-again")
	want := map[string]string{
		"seen/namespace": `"seen"`,
		"seen/owners":    fmt.Sprintf(`[{"apiVersion":"v1","kind":"ConfigMap","name":"settings","uid":%q}]`, owner.UID),
		"seen/uid":       fmt.Sprintf("%q", wheel.GetUID()),
		"seen/status":    `{"phase":"Ready"}`,
	}
	if diff := cmp.Diff(want, got.GetAnnotations()); diff != "" {
		t.Errorf("what the function saw (-want +got):\n%s", diff)
	}
	if owners := got.GetOwnerReferences(); len(owners) > 0 {
		t.Errorf("owners of the restored object: want none, got %v", owners)
	}
	if status, found := got.Object["status"]; found {
		t.Errorf("status of the restored object: want none, got %v", status)
	}
	spec := map[string]any{"large": int64(9007199254740993), "text": "null"}
	if diff := cmp.Diff(spec, got.Object["spec"]); diff != "" {
		t.Errorf("spec of the restored object (-want +got):\n%s", diff)
	}
	namespace := namespaceNamed("seen-again")
	if err := p.ControlPlane.Client.Get(t.Context(), client.ObjectKeyFromObject(namespace), namespace); err != nil {
		t.Fatal(err)
	}
	if came := len(namespace.Annotations) > 0; came != p.multiItem {
		t.Errorf("the Namespace came to the function: %t, want %t: %v", came, p.multiItem, namespace.Annotations)
	}
}

// testKindFromBackup selects a kind that the cluster does not have until the
// restore brings its CustomResourceDefinition.
func (p *pipelines) testKindFromBackup(t *testing.T) {
	p.app(t, "kinds")
	crd := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "gadgets.example.velero-krm.io"}}
	if err := p.ControlPlane.Client.Delete(t.Context(), crd); err != nil {
		t.Fatal(err)
	}
	for err := error(nil); !apierrors.IsNotFound(err); time.Sleep(50 * time.Millisecond) {
		if err = p.ControlPlane.Client.Get(t.Context(), client.ObjectKeyFromObject(crd), crd); t.Context().Err() != nil {
			t.Fatalf("wait for the end of %s: %v", crd.Name, err)
		}
	}
	p.put(t, "gadgets", pipelineText("gadgets", `
mutators:
- builtin: set-labels
  configMap: {labels: '{seen: "yes"}'}
  selectors: [{apiVersion: example.velero-krm.io/v1, kind: Gadget}]
`))
	p.complete(t, p.restore(t, "kinds", "kinds", "kinds-again", named("gadgets")))
	if got := p.gadget(t, "kinds-again").GetLabels()["seen"]; got != "yes" {
		t.Errorf("label of the restored object: want yes, got %q", got)
	}
}

// testClusterScoped changes an object that is in no namespace, on backup and on
// restore.
func (p *pipelines) testClusterScoped(t *testing.T) {
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "auditor"}}
	if err := p.ControlPlane.Client.Create(t.Context(), role.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	p.put(t, "stored", pipelineText("stored", "phases: [Backup]\nmutators:\n"+labelStep("stored", "yes")))
	p.put(t, "back", pipelineText("back", "phases: [Restore]\nmutators:\n"+labelStep("restored", "yes")))
	backup, err := p.Backup(t.Context(), "cluster", velerov1api.BackupSpec{
		IncludedClusterScopedResources: []string{"clusterroles"}, IncludedNamespaceScopedResources: []string{"configmaps"},
		IncludedNamespaces: []string{"default"},
	}, named("stored"))
	if err != nil {
		t.Fatal(err)
	}
	p.complete(t, backup)
	if err := p.ControlPlane.Client.Delete(t.Context(), role.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	restore, err := p.Restore(t.Context(), "cluster", velerov1api.RestoreSpec{BackupName: "cluster"}, named("back"))
	if err != nil {
		t.Fatal(err)
	}
	p.complete(t, restore)
	if err := p.ControlPlane.Client.Get(t.Context(), client.ObjectKeyFromObject(role), role); err != nil {
		t.Fatal(err)
	}
	if role.Labels["stored"] != "yes" || role.Labels["restored"] != "yes" {
		t.Errorf("labels of the restored ClusterRole: want those of both pipelines, got %v", role.Labels)
	}
}

func (p *pipelines) gadget(t *testing.T, namespace string) *unstructured.Unstructured {
	t.Helper()
	gvk := schema.GroupVersionKind{Group: "example.velero-krm.io", Version: "v1", Kind: "Gadget"}
	gadget, err := p.ControlPlane.Get(t.Context(), gvk, namespace, "wheel")
	if err != nil {
		t.Fatal(err)
	}
	return gadget
}

// testEnvironment looks at what a function inherits, on backup and on restore.
func (p *pipelines) testEnvironment(t *testing.T) {
	p.apply(t, "testdata/pipeline/app", "environment")
	p.put(t, "environment", pipelineText("environment", "mutators:\n- {exec: testfn krm-feature tell-environment, selectors: [{kind: Gadget}]}"))
	backup := p.backup(t, "environment", "environment", named("environment"))
	p.complete(t, backup)
	files, err := p.BackupContents(t.Context(), "environment")
	if err != nil {
		t.Fatal(err)
	}
	checkEnvironment(t, decoded(t, files, "resources/gadgets.example.velero-krm.io/namespaces/environment/wheel.json"))

	p.complete(t, p.restore(t, "environment", "environment", "environment-restored", named("environment")))
	checkEnvironment(t, p.gadget(t, "environment-restored"))
}

func checkEnvironment(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	environment := o.GetAnnotations()["seen/environment"]
	var names []string
	for _, line := range strings.Split(environment, "\n") {
		name, value, _ := strings.Cut(line, "=")
		names = append(names, name)
		if (name == "HOME" || name == "TMPDIR") && !strings.Contains(value, "krm-function-") {
			t.Errorf("%s of the function: want a folder of its own, got %s", name, value)
		}
	}
	if diff := cmp.Diff([]string{"HOME", "LANG", "PATH", "TMPDIR"}, names); diff != "" {
		t.Errorf("variables of the function (-want +got):\n%s", diff)
	}
	if strings.Contains(environment, functionSecret) {
		t.Errorf("the function saw a variable of the server:\n%s", environment)
	}
}

// sideBySide is how many objects each of the concurrent backups holds: enough
// that both run for a while.
const sideBySide = 60

// testSideBySide runs backups with different pipelines at once, and one whose
// pipeline does not exist among them. They have a namespace each, because
// Velero queues a backup behind one that shares a namespace with it.
func (p *pipelines) testSideBySide(t *testing.T) {
	names := []string{"left", "right"}
	for _, name := range append(names, "nowhere") {
		p.fill(t, "side-"+name)
	}
	for _, name := range names {
		// One function in the process and one executable each.
		p.put(t, name, pipelineText(name, "mutators:\n"+labelStep("side", name)+"\n- {exec: testfn krm-feature tell-slowly}"))
	}
	backups := make([]*velerov1api.Backup, 3)
	var wait sync.WaitGroup
	for i, name := range append(names, "nowhere") {
		wait.Go(func() {
			var err error
			backups[i], err = p.Backup(t.Context(), "side-"+name, velerov1api.BackupSpec{IncludedNamespaces: []string{"side-" + name}}, named(name))
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if t.Failed() {
		return
	}
	// A whole list is through in a moment: the log would not show that they
	// overlap.
	if !p.multiItem {
		p.checkOverlap(t, "side-left", "side-right")
	}
	for i, name := range names {
		p.complete(t, backups[i])
		p.checkSide(t, name)
	}
	if phase := backups[2].Status.Phase; phase != velerov1api.BackupPhaseFailed && phase != velerov1api.BackupPhasePartiallyFailed {
		t.Errorf("phase of the backup whose pipeline does not exist: want Failed or PartiallyFailed, got %s", phase)
	}
	p.nothingBackedUp(t, "side-nowhere")
}

// checkOverlap looks into the server's log for objects of one backup between
// those of the other: timestamps are of whole seconds.
func (p *pipelines) checkOverlap(t *testing.T, one, other string) {
	t.Helper()
	log, err := os.ReadFile(p.Velero.LogFile)
	if err != nil {
		t.Fatal(err)
	}
	text := string(log)
	first, last := map[string]int{}, map[string]int{}
	for _, backup := range []string{one, other} {
		first[backup] = strings.Index(text, `msg="object changed" backup=velero/`+backup+" ")
		last[backup] = strings.LastIndex(text, `msg="object changed" backup=velero/`+backup+" ")
	}
	if first[one] < 0 || first[other] < 0 || first[one] > last[other] || first[other] > last[one] {
		t.Errorf("the backups did not run at once: objects of %s from byte %d to %d of the log, of %s from %d to %d",
			one, first[one], last[one], other, first[other], last[other])
	}
}

// fill makes a namespace with many objects.
func (p *pipelines) fill(t *testing.T, namespace string) {
	t.Helper()
	if err := p.ControlPlane.CreateNamespace(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	for i := range sideBySide {
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("cm-%02d", i)}}
		if err := p.ControlPlane.Client.Create(t.Context(), cm); err != nil {
			t.Fatal(err)
		}
	}
}

// checkSide looks for the label of one pipeline, and no other, on every object
// of its backup.
func (p *pipelines) checkSide(t *testing.T, name string) {
	t.Helper()
	files, err := p.BackupContents(t.Context(), "side-"+name)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for path, data := range files {
		if !regexp.MustCompile(`^resources/configmaps/namespaces/side-`).MatchString(path) {
			continue
		}
		var cm corev1.ConfigMap
		if err := json.Unmarshal(data, &cm); err != nil {
			t.Fatalf("%s in the tarball: %v", path, err)
		}
		got[cm.Labels["side"]+" seen in "+cm.Annotations["seen/namespace"]]++
	}
	want := map[string]int{fmt.Sprintf("%s seen in %q", name, "side-"+name): sideBySide}
	if !maps.Equal(want, got) {
		t.Errorf("objects of backup side-%s by label: want %v, got %v (keys %q)", name, want, got, slices.Sorted(maps.Keys(got)))
	}
}
