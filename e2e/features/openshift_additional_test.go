package features

import (
	"bytes"
	"context"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/velero-krm/velero-krm/krm"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/velero-krm/velero-krm/e2e/stack"
)

// takeAlong is a function in another language as far as the plugin can tell: an
// executable that answers in YAML. It asks, with each object, for what its
// annotation says.
func takeAlong(stdin io.Reader, stdout, _ io.Writer) error {
	data, err := io.ReadAll(stdin)
	if err != nil {
		return err
	}
	list, err := krm.Decode(data, krm.DecodeOptions{})
	if err != nil {
		return err
	}
	for _, item := range list.Items {
		wanted, _ := item.Annotation("take-along")
		for tag := range strings.FieldsSeq(wanted) {
			list.Results = append(list.Results, krm.Result{
				Message: "taken along", ResourceRef: krm.RefTo(item.Identity()), Tags: map[string]string{"velero-krm.io/additional-item": tag},
			})
		}
	}
	_, err = io.Copy(stdout, bytes.NewReader(krm.EncodeYAML(list)))
	return err
}

const constraintsFolder = "resources/securitycontextconstraints.security.openshift.io/cluster/"

// testAdditionalItems backs a namespace up and nothing else: the ready pipeline
// has Velero take along the constraints that its service account was granted,
// which are of the cluster and not selected. A Restore of the account alone
// then brings back what a function of the restore asks for with it.
func (p *pipelines) testAdditionalItems(t *testing.T) {
	suffix := map[bool]string{true: "", false: "-stock"}[p.multiItem]
	p.grant(t)
	for name, tc := range map[string]struct {
		pipeline string
		cluster  *bool
		want     []string
	}{
		"granted":   {"openshift-backup", nil, []string{"granted-all", "granted-web"}},
		"untouched": {"none", nil, nil},
		"excluded":  {"openshift-backup", new(bool), nil},
	} {
		backup, err := p.Backup(t.Context(), name+suffix, velerov1api.BackupSpec{
			IncludedNamespaces: []string{"granted"}, IncludeClusterResources: tc.cluster,
		}, named(tc.pipeline))
		if err != nil {
			t.Fatal(err)
		}
		p.complete(t, backup)
		if diff := cmp.Diff(tc.want, p.constraintsIn(t, name+suffix)); diff != "" {
			t.Errorf("constraints in backup %s (-want +got):\n%s", backup.Name, diff)
		}
	}
	p.restoreWithAccount(t, "granted"+suffix)
}

// grant puts the application and the constraints into the cluster, the latter
// until the test ends: other backups are of the whole cluster.
func (p *pipelines) grant(t *testing.T) {
	t.Helper()
	constraints, err := stack.ReadManifests(filepath.Join(openshiftData, "granting"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.remove(context.WithoutCancel(t.Context()), t, constraints) })
	if err := p.ControlPlane.Apply(t.Context(), constraints...); err != nil {
		t.Fatal(err)
	}
	p.apply(t, filepath.Join(openshiftData, "granted"), "granted")
}

func (p *pipelines) remove(ctx context.Context, t *testing.T, objects []*unstructured.Unstructured) {
	t.Helper()
	for _, o := range objects {
		if err := p.ControlPlane.Client.Delete(ctx, o); client.IgnoreNotFound(err) != nil {
			t.Errorf("remove %s: %v", o.GetName(), err)
		}
	}
}

// constraintsIn returns the names of the constraints in a backup, sorted.
func (p *pipelines) constraintsIn(t *testing.T, backup string) []string {
	t.Helper()
	files, err := p.BackupContents(t.Context(), backup)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for file := range files {
		if strings.HasPrefix(file, constraintsFolder) {
			names = append(names, strings.TrimSuffix(path.Base(file), ".json"))
		}
	}
	slices.Sort(names)
	return names
}

func (p *pipelines) restoreWithAccount(t *testing.T, backup string) {
	t.Helper()
	p.put(t, "take-along", pipelineText("take-along", `
phases: [Restore]
mutators:
- exec: testfn krm-feature take-along
  selectors: [{kind: ServiceAccount}]
`))
	web := &unstructured.Unstructured{}
	web.SetAPIVersion("security.openshift.io/v1")
	web.SetKind("SecurityContextConstraints")
	web.SetName("granted-web")
	p.remove(t.Context(), t, []*unstructured.Unstructured{web})
	to := backup + "-dr"
	restore, err := p.Restore(t.Context(), to, velerov1api.RestoreSpec{
		BackupName: backup, NamespaceMapping: map[string]string{"granted": to},
		LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
	}, named("take-along"))
	if err != nil {
		t.Fatal(err)
	}
	p.complete(t, restore)
	objects := p.objects(t, to)
	for name, want := range map[string]bool{"ServiceAccount/web": true, "Secret/web-key": true, "Secret/not-taken": false} {
		if _, found := objects[name]; found != want {
			t.Errorf("%s in %s: restored %v, want %v", name, to, found, want)
		}
	}
	if err := p.ControlPlane.Client.Get(t.Context(), client.ObjectKeyFromObject(web), web); err != nil {
		t.Errorf("the constraint that the account takes along: %v", err)
	}
}
