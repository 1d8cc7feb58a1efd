package plugin

import (
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/velero-krm/velero-krm/fn/runcontext"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// TestContextOfRestore: what a function may know of the run, and nothing of
// what hooks run.
func TestContextOfRestore(t *testing.T) {
	yes := true
	backup := aBackup("b1", map[string]string{"note": "weekly"})
	backup.Labels = map[string]string{"team": "shop"}
	backup.Spec = velerov1api.BackupSpec{IncludedNamespaces: []string{"shop"}, ExcludedNamespaces: []string{"tmp"}, StorageLocation: "default", DefaultVolumesToFsBackup: &yes}
	restore := aRestore("r1", wants("p"))
	restore.Labels = map[string]string{"to": "dr"}
	restore.Spec = velerov1api.RestoreSpec{
		BackupName: "b1", ScheduleName: "daily", IncludedNamespaces: []string{"shop"}, ExcludedNamespaces: []string{"tmp"},
		NamespaceMapping: map[string]string{"shop": "shop-dr"},
		Hooks: velerov1api.RestoreHooks{Resources: []velerov1api.RestoreResourceHookSpec{{
			Name: "warm-up", IncludedNamespaces: []string{"shop"}, IncludedResources: []string{"pods"},
			LabelSelector: &metav1.LabelSelector{
				MatchLabels:      map[string]string{"app": "web"},
				MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "tier", Operator: metav1.LabelSelectorOpIn, Values: []string{"front"}}},
			},
			PostHooks: []velerov1api.RestoreResourceHook{
				{Exec: &velerov1api.ExecRestoreHook{Container: "web", Command: []string{"login", "s3cr3t"}}},
				{Init: &velerov1api.InitRestoreHook{InitContainers: []runtime.RawExtension{{Raw: []byte(`{"name":"s3cr3t"}`)}}}},
			},
		}}},
	}
	w := newWorld(t, []string{yamlPipeline("p", "\tmutators: [{builtin: context, context: true}]\n")}, backup)
	loaded, err := w.runFor(t.Context(), restoreRef(restore))
	if err != nil {
		t.Fatal(err)
	}
	if raw := string(loaded.context.Raw()); strings.Contains(raw, "s3cr3t") {
		t.Errorf("the context tells what hooks run: %s", raw)
	}
	got, err := runcontext.Read(loaded.context)
	if err != nil {
		t.Fatal(err)
	}
	want := &runcontext.RunContext{
		APIVersion: runcontext.APIVersion, Kind: runcontext.Kind, Metadata: runcontext.Metadata{Name: "r1", Namespace: ns}, Phase: runcontext.PhaseRestore,
		Backup: &runcontext.Backup{
			Name: "b1", Namespace: ns, UID: "uid-b1", Labels: map[string]string{"team": "shop"}, Annotations: map[string]string{"note": "weekly"},
			Spec: runcontext.BackupSpec{IncludedNamespaces: []string{"shop"}, ExcludedNamespaces: []string{"tmp"}, StorageLocation: "default", DefaultVolumesToFsBackup: &yes},
		},
		Restore: &runcontext.Restore{
			Name: "r1", Namespace: ns, UID: "uid-r1", Labels: map[string]string{"to": "dr"}, Annotations: wants("p"),
			Spec: runcontext.RestoreSpec{
				BackupName: "b1", ScheduleName: "daily", IncludedNamespaces: []string{"shop"}, ExcludedNamespaces: []string{"tmp"},
				NamespaceMapping: map[string]string{"shop": "shop-dr"},
				Hooks: runcontext.RestoreHooks{Resources: []runcontext.RestoreHook{{
					Name: "warm-up", IncludedNamespaces: []string{"shop"}, IncludedResources: []string{"pods"},
					LabelSelector: &runcontext.LabelSelector{
						MatchLabels:      map[string]string{"app": "web"},
						MatchExpressions: []runcontext.LabelRequirement{{Key: "tier", Operator: "In", Values: []string{"front"}}},
					},
					PostHooks: []runcontext.PostHook{{Exec: &runcontext.ExecHook{Container: "web"}}, {Init: &runcontext.InitHook{}}},
				}}},
			},
		},
		Cluster: runcontext.Cluster{KubernetesVersion: got.Cluster.KubernetesVersion},
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("context (-want +got):\n%s", diff)
	}
	if got.Cluster.KubernetesVersion == "" {
		t.Error("the version of the cluster is not told")
	}
}
