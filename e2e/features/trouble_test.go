package features

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	hclog "github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"github.com/velero-krm/velero-krm/multiitem"
	"github.com/velero-krm/velero-krm/multiitem/multiitemtest"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"github.com/vmware-tanzu/velero/pkg/plugin/framework"
	"github.com/vmware-tanzu/velero/pkg/plugin/framework/common"
	proto "github.com/vmware-tanzu/velero/pkg/plugin/generated"
	"google.golang.org/grpc"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/velero-krm/velero-krm/e2e/stack"
)

// pluginMain becomes the plugin with the actions of multiitemtest when a Velero
// started this binary, and does not return; it returns at once otherwise.
func pluginMain() {
	handshake := framework.Handshake()
	if os.Getenv(handshake.MagicCookieKey) != handshake.MagicCookieValue {
		return
	}
	plugins, err := multiitemtest.Plugins(func(context.Context) { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) })
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	plugins[string(common.PluginKindPluginLister)] = &lister{}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake, Plugins: plugins, GRPCServer: plugin.DefaultGRPCServer,
		Logger: hclog.New(&hclog.LoggerOptions{Output: io.Discard}),
	})
	os.Exit(0)
}

// lister lists the two actions under both kinds. Velero's own refuses kinds
// that it does not know, and velero/framework serves no plugin that breaks the
// protocol.
type lister struct {
	plugin.NetRPCUnsupportedPlugin
	proto.UnimplementedPluginListerServer
}

// GRPCServer registers the service.
func (l *lister) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	proto.RegisterPluginListerServer(s, l)
	return nil
}

// GRPCClient is never called: this is the plugin's side.
func (*lister) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.ErrUnsupported
}

// ListPlugins tells the server what to ask this process for.
func (*lister) ListPlugins(context.Context, *proto.Empty) (*proto.ListPluginsResponse, error) {
	resp := &proto.ListPluginsResponse{}
	for _, kind := range multiitem.Kinds() {
		for _, name := range []string{multiitemtest.Scripted, multiitemtest.Hostile} {
			resp.Plugins = append(resp.Plugins, &proto.PluginIdentifier{Command: os.Args[0], Kind: string(kind), Name: name})
		}
	}
	return resp, nil
}

// troubled is how many objects the runs in trouble have.
const troubled = 120

// TestTrouble runs backups and restores with plugins that die, hang and lie, in
// the Velero with multi-item actions: every object is accounted for.
func TestTrouble(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &pipelines{Stack: stack.ForTest(t,
		stack.WithVelero(filepath.Join(programs(), multiItemServer)), stack.WithPlugins(self), stack.WithFlags(concurrent...),
		// A plugin that hangs is not waited for as long as one in a cluster.
		stack.WithEnv("VELERO_MULTI_ITEM_PROGRESS_TIMEOUT=5s"))}
	if err := p.ControlPlane.CreateNamespace(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	for i := range troubled {
		cm := &corev1.ConfigMap{Data: map[string]string{"i": fmt.Sprint(i)}}
		cm.Namespace, cm.Name, cm.Labels = "shop", fmt.Sprintf("item-%03d", i), map[string]string{"app": "shop"}
		if err := p.ControlPlane.Client.Create(t.Context(), cm); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("Killed", p.testKilled)
	t.Run("KilledOnRestore", p.testKilledOnRestore)
	t.Run("Counts", p.testCounts)
	t.Run("Poison", p.testPoison)
	t.Run("Hangs", p.testHangs)
	t.Run("Refuses", p.testRefuses)
	t.Run("Lies", p.testLies)
}

// scriptOf tells the plugin what to do in a run.
func scriptOf(t *testing.T, s multiitemtest.Script) stack.ObjectOption {
	t.Helper()
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return stack.WithAnnotations(map[string]string{multiitemtest.ScriptAnnotation: string(data)})
}

// troubledBackup makes a backup of the ConfigMaps.
func (p *pipelines) troubledBackup(t *testing.T, name string, s multiitemtest.Script) *velerov1api.Backup {
	t.Helper()
	backup, err := p.Backup(t.Context(), name, velerov1api.BackupSpec{IncludedNamespaces: []string{"shop"}, IncludedResources: []string{"configmaps"}}, scriptOf(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return backup
}

// updatedIn returns which ConfigMaps a tarball has, and whether each was
// updated by the plugin.
func (p *pipelines) updatedIn(t *testing.T, backup string) map[string]bool {
	t.Helper()
	files, err := p.BackupContents(t.Context(), backup)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for path := range files {
		if name, ok := strings.CutPrefix(path, "resources/configmaps/namespaces/shop/"); ok {
			_, updated := decoded(t, files, path).Object["changed"]
			found[strings.TrimSuffix(name, ".json")] = updated
		}
	}
	return found
}

// wantAll fails the test unless the tarball has every object, updated, but for
// those that the backup's results name as failed.
func (p *pipelines) wantAll(t *testing.T, backup *velerov1api.Backup, failed int) {
	t.Helper()
	found := p.updatedIn(t, backup.Name)
	reported := strings.Join(p.errorsOf(t, backup), "\n")
	missing := 0
	for i := range troubled {
		name := fmt.Sprintf("item-%03d", i)
		updated, in := found[name]
		switch {
		case in && !updated:
			t.Errorf("%s is in the backup as it was", name)
		case !in:
			missing++
			if !strings.Contains(reported, name) {
				t.Errorf("%s is neither in the backup nor in its errors:\n%s", name, reported)
			}
		}
	}
	if missing != failed {
		t.Errorf("objects that are not in the backup: want %d, got %d; errors:\n%s", failed, missing, reported)
	}
}

// testKilled kills the plugin's process at random points of backups that run
// side by side.
func (p *pipelines) testKilled(t *testing.T) {
	const backups = 8
	rnd := rand.New(rand.NewPCG(3, 9))
	var wait sync.WaitGroup
	made := make([]*velerov1api.Backup, backups)
	errs := make([]error, backups)
	for i := range backups {
		// Killed in the first call, and in every second run in the next one too.
		script := multiitemtest.Script{KillAfter: []int{rnd.IntN(troubled)}}
		if i%2 == 1 {
			script.KillAfter = append(script.KillAfter, rnd.IntN(10))
		}
		option := scriptOf(t, script)
		wait.Go(func() {
			made[i], errs[i] = p.Backup(t.Context(), fmt.Sprintf("killed-%d", i), velerov1api.BackupSpec{
				IncludedNamespaces: []string{"shop"}, IncludedResources: []string{"configmaps"},
			}, option)
		})
	}
	wait.Wait()
	for i, backup := range made {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		p.complete(t, backup)
		p.wantAll(t, backup, 0)
	}
}

func (p *pipelines) testKilledOnRestore(t *testing.T) {
	p.complete(t, p.troubledBackup(t, "plain", multiitemtest.Script{Read: "decline"}))
	for i, after := range []int{0, 37, troubled - 1} {
		name := fmt.Sprintf("killed-restore-%d", i)
		p.complete(t, p.restore(t, "plain", "shop", name, scriptOf(t, multiitemtest.Script{KillAfter: []int{after}})))
		var list corev1.ConfigMapList
		if err := p.ControlPlane.Client.List(t.Context(), &list, client.InNamespace(name)); err != nil {
			t.Fatal(err)
		}
		if len(list.Items) != troubled {
			t.Errorf("killed after %d answers: want %d objects, got %d", after, troubled, len(list.Items))
		}
	}
}

// counted is one run with an object of each kind: one skipped, one failed, one
// with two warnings, one created, and the others updated.
var counted = multiitemtest.Script{
	Do:     map[int]string{3: multiitemtest.DoSkip, 4: multiitemtest.DoFail, 5: multiitemtest.DoWarn},
	Create: 1,
}

// testCounts checks what Velero tells of a run in numbers and in its list of
// resources.
func (p *pipelines) testCounts(t *testing.T) {
	t.Run("Backup", p.testCountsOfBackup)
	t.Run("Restore", p.testCountsOfRestore)
}

func (p *pipelines) testCountsOfBackup(t *testing.T) {
	backup := p.troubledBackup(t, "counted", counted)
	found := p.updatedIn(t, "counted")
	if _, in := found["created-0"]; !in || len(found) != troubled-2+1 {
		t.Errorf("ConfigMaps in the tarball: want %d and the created one, got %d: %v", troubled-2+1, len(found), found)
	}
	listed := p.listed(t, "backups/counted/counted-resource-list.json.gz")
	var want []string
	for name := range found {
		want = append(want, "shop/"+name)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, listed["v1/ConfigMap"]); diff != "" {
		t.Errorf("list of resources (-tarball +list):\n%s", diff)
	}
	total := 0
	for _, names := range listed {
		total += len(names)
	}
	progress := backup.Status.Progress
	if progress == nil || progress.TotalItems != total || progress.ItemsBackedUp != total {
		t.Errorf("progress: want %d of %d, got %+v", total, total, progress)
	}
	if backup.Status.Errors != 1 || backup.Status.Warnings != 2 || backup.Status.Phase != velerov1api.BackupPhasePartiallyFailed {
		t.Errorf("want 1 error, 2 warnings, PartiallyFailed, got %d, %d, %s", backup.Status.Errors, backup.Status.Warnings, backup.Status.Phase)
	}
}

func (p *pipelines) testCountsOfRestore(t *testing.T) {
	restore := p.restore(t, "plain", "shop", "counted-restore", scriptOf(t, counted))
	var list corev1.ConfigMapList
	if err := p.ControlPlane.Client.List(t.Context(), &list, client.InNamespace("counted-restore")); err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != troubled-2+1 {
		t.Errorf("ConfigMaps: want %d, got %d", troubled-2+1, len(list.Items))
	}
	counts, total := map[string]int{}, 0
	for resource, names := range p.listed(t, "restores/counted-restore/restore-counted-restore-resource-list.json.gz") {
		for _, name := range names {
			_, what, _ := strings.Cut(name, "(")
			counts[resource+" "+strings.TrimSuffix(what, ")")]++
			total++
		}
	}
	want := map[string]int{"v1/ConfigMap created": troubled - 2 + 1, "v1/ConfigMap skipped": 1, "v1/ConfigMap failed": 1, "v1/Namespace created": 1}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("list of restored resources (-want +got):\n%s", diff)
	}
	progress := restore.Status.Progress
	if progress == nil || progress.TotalItems != total || progress.ItemsRestored != total {
		t.Errorf("progress: want %d of %d, got %+v", total, total, progress)
	}
	if restore.Status.Errors != 1 || restore.Status.Warnings != 2 || restore.Status.Phase != velerov1api.RestorePhasePartiallyFailed {
		t.Errorf("want 1 error, 2 warnings, PartiallyFailed, got %d, %d, %s", restore.Status.Errors, restore.Status.Warnings, restore.Status.Phase)
	}
}

// listed reads Velero's list of the resources of a run.
func (p *pipelines) listed(t *testing.T, key string) map[string][]string {
	t.Helper()
	packed, err := p.S3.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	var resources map[string][]string
	if err := json.NewDecoder(reader).Decode(&resources); err != nil {
		t.Fatalf("decode %s: %v", key, err)
	}
	return resources
}

// testPoison has one object that kills the process each time: it fails by name
// and the others go through, on backup and on restore.
func (p *pipelines) testPoison(t *testing.T) {
	script := multiitemtest.Script{Do: map[int]string{17: multiitemtest.DoKill}}
	backup := p.troubledBackup(t, "poisoned", script)
	if backup.Status.Phase != velerov1api.BackupPhasePartiallyFailed {
		t.Errorf("phase: want PartiallyFailed, got %s", backup.Status.Phase)
	}
	p.wantAll(t, backup, 1)
	contains(t, strings.Join(p.errorsOf(t, backup), "\n"), multiitemtest.Scripted, "plugin process died")

	restore := p.restore(t, "plain", "shop", "poisoned-restore", scriptOf(t, script))
	if restore.Status.Phase != velerov1api.RestorePhasePartiallyFailed {
		t.Errorf("phase: want PartiallyFailed, got %s", restore.Status.Phase)
	}
	reported := p.errorsOf(t, restore)
	contains(t, strings.Join(reported, "\n"), multiitemtest.Scripted, "plugin process died")
	var list corev1.ConfigMapList
	if err := p.ControlPlane.Client.List(t.Context(), &list, client.InNamespace("poisoned-restore")); err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != troubled-1 || len(reported) != 1 {
		t.Errorf("want %d objects and one error, got %d and %q", troubled-1, len(list.Items), reported)
	}
	for _, cm := range list.Items {
		if strings.Contains(reported[0], cm.Name) {
			t.Errorf("%s was created and is reported as failed", cm.Name)
		}
	}
}

// testHangs has a plugin that says nothing more at one object.
func (p *pipelines) testHangs(t *testing.T) {
	backup := p.troubledBackup(t, "hanging", multiitemtest.Script{Do: map[int]string{5: multiitemtest.DoHang}})
	if backup.Status.Phase != velerov1api.BackupPhasePartiallyFailed {
		t.Errorf("phase: want PartiallyFailed, got %s", backup.Status.Phase)
	}
	p.wantAll(t, backup, 1)
}

// testRefuses has a plugin that cannot do the run: nothing is backed up or
// restored.
func (p *pipelines) testRefuses(t *testing.T) {
	script := multiitemtest.Script{Read: "refuse"}
	backup := p.troubledBackup(t, "refused", script)
	if backup.Status.Phase != velerov1api.BackupPhaseFailed {
		t.Errorf("phase: want Failed, got %s", backup.Status.Phase)
	}
	contains(t, backup.Status.FailureReason, multiitemtest.Scripted, "does not load")
	p.nothingBackedUp(t, "refused")

	restore := p.restore(t, "plain", "shop", "refused-restore", scriptOf(t, script))
	if !slices.Contains([]velerov1api.RestorePhase{velerov1api.RestorePhaseFailed, velerov1api.RestorePhasePartiallyFailed}, restore.Status.Phase) {
		t.Errorf("phase: want Failed or PartiallyFailed, got %s", restore.Status.Phase)
	}
	p.absent(t, namespaceNamed("refused-restore"))
}

// testLies has plugins that answer for what they were not sent, twice, or not
// at all, and break the protocol in every other way that the suite knows.
func (p *pipelines) testLies(t *testing.T) {
	for _, lie := range []string{"unknown-index", "answers-twice", "answers-nothing", "forgets-one", "closes-at-once", "updated-to-nothing", "part-out-of-order"} {
		backup := p.troubledBackup(t, "lies-"+lie, multiitemtest.Script{Hostile: lie})
		reported := strings.Join(p.errorsOf(t, backup), "\n")
		found := p.updatedIn(t, backup.Name)
		for i := range troubled {
			name := fmt.Sprintf("item-%03d", i)
			if _, in := found[name]; !in && !strings.Contains(reported, name) {
				t.Errorf("%s: %s is neither in the backup nor in its errors", lie, name)
			}
		}
		if len(found) < troubled && !strings.Contains(reported, multiitemtest.Hostile) {
			t.Errorf("%s: the errors do not name the action:\n%.2000s", lie, reported)
		}
	}
}
