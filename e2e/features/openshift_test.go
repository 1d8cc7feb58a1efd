package features

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/velero-krm/velero-krm/internal/expect"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/velero-krm/velero-krm/e2e/stack"
)

// Where the example namespace is, and what this test adds to it.
const (
	openshiftExample = "../../examples/openshift"
	openshiftData    = "testdata/openshift"
)

// clusterScoped are the resources of the example that no namespace holds.
var clusterScoped = []string{
	"securitycontextconstraints.security.openshift.io", "clusterrolebindings.authorization.openshift.io", "persistentvolumes",
}

// TestOpenShift moves the namespace of examples/openshift, which has an object
// for everything that openshift-velero-plugin does, from one cluster to another
// with a registry of another name, into another namespace, by the pipelines of
// deploy. What is in the backups and what is restored is compared with
// expected.yaml, which was written by hand. Secrets go the same way, sealed.
// Each half runs on a Velero with multi-item actions and on a stock Velero.
func TestOpenShift(t *testing.T) {
	before := newCluster(t, "old")
	live := before.exampleObjects(t)
	v := newVault(t, before)
	before.backUpShop(t, "shop")
	v.backUp(t)
	t.Run("AdditionalItems", before.testAdditionalItems)
	before.become(t, stockServer)
	before.backUpShop(t, "shop-stock")
	t.Run("AdditionalItemsOnStock", before.testAdditionalItems)

	t.Run("Backup", func(t *testing.T) { before.checkBackup(t, "shop", live, readExpected(t, nil)) })
	t.Run("BackupOnStock", func(t *testing.T) {
		before.checkBackup(t, "shop-stock", live, readExpectedOfStock(t, nil))
	})
	t.Run("SealedBackup", v.checkBackups)
	added := before.addOldObjects(t, "shop")

	after := newCluster(t, "new", stack.WithS3(before.S3))
	v.after = after
	shops := map[string]*shopMove{
		multiItemServer: {pipelines: after, backup: "shop", to: "shop-dr", live: live, added: added, expected: readExpected},
		stockServer:     {pipelines: after, backup: "shop", to: "shop-stock-dr", live: live, added: added, expected: readExpected},
	}
	for _, server := range []string{multiItemServer, stockServer} {
		t.Run(server, func(t *testing.T) {
			after.become(t, server)
			t.Run("Facts", after.testFacts)
			t.Run("Restore", shops[server].testRestore)
			t.Run("Unseal", v.testUnseal)
			t.Run("WithoutKey", v.testWithoutKey)
			t.Run("ByMistake", v.testByMistake)
			t.Run("Redacted", v.testRedacted)
		})
	}
	stock := &shopMove{pipelines: after, backup: "shop-stock", to: "shop-stock-only", live: live, expected: readExpectedOfStock}
	t.Run("StockAlone", stock.testRestore)
	t.Run("NoLeak", v.testNoLeak)
}

// newCluster starts a cluster with OpenShift's kinds, and with what the folder
// of that name tells of it.
func newCluster(t *testing.T, folder string, opts ...stack.Option) *pipelines {
	t.Helper()
	bin := programs()
	functions := installFunctions(t, bin)
	config := stack.VeleroConfig{
		Binary:  filepath.Join(bin, multiItemServer),
		Plugins: []string{filepath.Join(bin, "velero-plugin-krm")},
		Env:     []string{"KRM_FN_DIR=" + functions},
		Flags:   []string{"--log-level", "debug"},
	}
	s := stack.ForTest(t, append([]stack.Option{
		stack.WithManifests(filepath.Join(openshiftExample, "crds.yaml"), filepath.Join(openshiftData, "kinds"), filepath.Join(openshiftData, folder)),
		stack.WithVelero(config.Binary), stack.WithPlugins(config.Plugins...), stack.WithEnv(config.Env...), stack.WithFlags(config.Flags...),
	}, opts...)...)
	p := &pipelines{Stack: s, functions: functions, config: config, multiItem: true}
	p.become(t, multiItemServer)
	return p
}

// become runs another server with the pipelines that are made for it.
func (p *pipelines) become(t *testing.T, server string) {
	t.Helper()
	file := "openshift-pipelines.yaml"
	if p.multiItem = server == multiItemServer; !p.multiItem {
		file = "openshift-pipelines-stock.yaml"
	}
	objects, err := stack.ReadManifests(filepath.Join("../../deploy", file))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.ControlPlane.Apply(t.Context(), objects...); err != nil {
		t.Fatal(err)
	}
	if filepath.Base(p.Velero.Binary) == server {
		return
	}
	p.config.Binary = filepath.Join(programs(), server)
	if err := p.RestartVelero(t.Context(), p.config); err != nil {
		t.Fatal(err)
	}
}

// exampleObjects puts the example into the cluster and returns it as it is
// there, by name.
func (p *pipelines) exampleObjects(t *testing.T) map[string]*krm.Item {
	t.Helper()
	objects, err := stack.ReadManifests(filepath.Join(openshiftExample, "objects"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.ControlPlane.Apply(t.Context(), objects...); err != nil {
		t.Fatal(err)
	}
	live := map[string]*krm.Item{}
	for _, o := range objects {
		got, err := p.ControlPlane.Get(t.Context(), o.GroupVersionKind(), o.GetNamespace(), o.GetName())
		if err != nil {
			t.Fatal(err)
		}
		item := itemOf(t, got.Object)
		live[item.Identity().String()] = item
	}
	if len(live) < 40 {
		t.Fatalf("objects of the example: want 40 or more, got %d", len(live))
	}
	return live
}

// backUpShop backs the example up with the ready pipeline.
func (p *pipelines) backUpShop(t *testing.T, name string) {
	t.Helper()
	backup, err := p.Backup(t.Context(), name, velerov1api.BackupSpec{
		IncludedNamespaces: []string{"shop"}, IncludedClusterScopedResources: clusterScoped,
	}, named("openshift-backup"))
	if err != nil {
		t.Fatal(err)
	}
	p.complete(t, backup)
}

// checkBackup compares every object of a tarball with what was there and what
// is expected to become of it.
func (p *pipelines) checkBackup(t *testing.T, backup string, live map[string]*krm.Item, expected map[string]expect.Object) {
	t.Helper()
	files, err := p.BackupContents(t.Context(), backup)
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string]map[string]any{}
	for path, content := range files {
		// The same objects are there once more, by the version of their kind.
		if !strings.HasPrefix(path, "resources/") || strings.Contains(path, "-preferredversion/") {
			continue
		}
		item := storedItem(t, content)
		// The API server may have written an Event, of a cluster IP that it repaired.
		if kind := item.Identity().Kind; kind != "CustomResourceDefinition" && kind != "Namespace" && kind != "Event" {
			stored[item.Identity().String()] = item.Object()
		}
	}
	want := map[string]map[string]any{}
	for name, item := range live {
		e, ok := expected[name]
		if !ok {
			t.Errorf("expected.yaml does not have %s", name)
		}
		want[name] = expectedOf(t, e, pipeline.Backup, item).Object()
	}
	if diff := cmp.Diff(want, stored); diff != "" {
		t.Errorf("objects in backup %s (-want +got):\n%s", backup, diff)
	}
}

// shopMove is the example's way into a new cluster.
type shopMove struct {
	*pipelines
	// backup is restored into the namespace to.
	backup, to string
	// live are the objects of the old cluster, added those that only the backup
	// has, by name.
	live, added map[string]*krm.Item
	// expected reads what is expected of each object.
	expected func(*testing.T, *strings.Replacer) map[string]expect.Object
}

// testRestore restores as the stage run of a migration.
func (p *shopMove) testRestore(t *testing.T) {
	to := p.to
	p.apply(t, filepath.Join(openshiftData, "project"), to)
	p.removeClusterScoped(t)
	there := p.restored(t, to)

	run := p.stage(t)
	p.complete(t, run)
	names := strings.NewReplacer("shop-dr", to, "shop-stage", run.Name)
	want := p.wantRestored(t, p.live, names)
	for name, o := range p.wantRestored(t, p.added, names) {
		want[name] = p.asCreated(t, o, to)
	}
	// Velero gives an account that exists what the backup's has beside it.
	account := "ServiceAccount " + to + "/builder"
	wanted, found := want[account], there[account]
	for _, list := range []string{"secrets", "imagePullSecrets"} {
		more, _ := wanted[list].([]any)
		has, _ := found[list].([]any)
		found[list] = slices.Concat(has, more)
	}
	maps.Copy(want, there)
	if diff := cmp.Diff(want, p.restored(t, to)); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
}

// addOldObjects puts objects into a backup that only an OpenShift cluster, or
// one of another time, could hold, with what is expected to be noted on them. It
// returns them by name, as they were before.
func (p *pipelines) addOldObjects(t *testing.T, backup string) map[string]*krm.Item {
	t.Helper()
	objects, err := stack.ReadManifests(filepath.Join(openshiftExample, "objects-openshift.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	added, files, expected := map[string]*krm.Item{}, map[string][]byte{}, readExpected(t, nil)
	for _, o := range objects {
		// It is restored, and its name is one that only OpenShift's API server takes.
		if o.GetName() == "front:prod" {
			continue
		}
		mapping, err := p.ControlPlane.Client.RESTMapper().RESTMapping(o.GroupVersionKind().GroupKind(), o.GroupVersionKind().Version)
		if err != nil {
			t.Fatal(err)
		}
		item := itemOf(t, o.Object)
		name := item.Identity().String()
		added[name] = item
		item = expectedOf(t, expected[name], pipeline.Backup, item)
		files["resources/"+mapping.Resource.GroupResource().String()+"/namespaces/"+o.GetNamespace()+"/"+o.GetName()+".json"] = item.Raw()
	}
	if err := p.AddToBackup(t.Context(), backup, files); err != nil {
		t.Fatal(err)
	}
	return added
}

// asCreated returns an object with what the API server sets on a new one.
func (p *pipelines) asCreated(t *testing.T, o map[string]any, namespace string) map[string]any {
	t.Helper()
	created := &unstructured.Unstructured{Object: itemOf(t, o).Object()}
	created.SetNamespace(namespace)
	created.SetName(created.GetName() + "-tried")
	if err := p.ControlPlane.Client.Create(t.Context(), created, client.DryRunAll); err != nil {
		t.Fatal(err)
	}
	created.SetName(strings.TrimSuffix(created.GetName(), "-tried"))
	return settled(created)
}

// stage runs a Restore that is the one of the example's context-restore.yaml.
func (p *shopMove) stage(t *testing.T) *velerov1api.Restore {
	t.Helper()
	examples, err := stack.ReadManifests(filepath.Join(openshiftExample, "context-restore.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	labels, _, err := unstructured.NestedStringMap(examples[0].Object, "restore", "labels")
	if err != nil {
		t.Fatal(err)
	}
	annotations, _, err := unstructured.NestedStringMap(examples[0].Object, "restore", "annotations")
	if err != nil {
		t.Fatal(err)
	}
	restore, err := p.Restore(t.Context(), p.to, velerov1api.RestoreSpec{
		BackupName: p.backup, NamespaceMapping: map[string]string{"shop": p.to}, Hooks: exampleHooks(t, examples[0]),
	}, stack.WithLabels(labels), stack.WithAnnotations(annotations), named("openshift-restore"))
	if err != nil {
		t.Fatal(err)
	}
	return restore
}

// exampleHooks returns the hooks of the example's context-restore.yaml, with what
// a context does not tell: what runs.
func exampleHooks(t *testing.T, example *unstructured.Unstructured) velerov1api.RestoreHooks {
	t.Helper()
	told, _, err := unstructured.NestedMap(example.Object, "restore", "spec", "hooks")
	if err != nil {
		t.Fatal(err)
	}
	var hooks velerov1api.RestoreHooks
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(told, &hooks); err != nil {
		t.Fatal(err)
	}
	if len(hooks.Resources) == 0 {
		t.Fatal("context-restore.yaml has no hooks")
	}
	for _, hook := range hooks.Resources {
		for _, post := range hook.PostHooks {
			post.Init.InitContainers = []runtime.RawExtension{{Raw: []byte(`{"name":"` + hook.Name + `","image":"quay.io/shop/mail:1","command":["flush-all"]}`)}}
		}
	}
	return hooks
}

// wantRestored is what expected.yaml says of each object, with the names of
// this restore, as it is found in the new cluster.
func (p *shopMove) wantRestored(t *testing.T, objects map[string]*krm.Item, names *strings.Replacer) map[string]map[string]any {
	t.Helper()
	want, expected := map[string]map[string]any{}, p.expected(t, names)
	for name, item := range objects {
		e := expected[name]
		after := expectedOf(t, e, pipeline.Restore, expectedOf(t, e, pipeline.Backup, item))
		if after == nil {
			continue
		}
		o := &unstructured.Unstructured{Object: after.Object()}
		if o.GetNamespace() != "" {
			o.SetNamespace(names.Replace("shop-dr"))
		}
		want[itemOf(t, o.Object).Identity().String()] = settled(o)
	}
	return want
}

// restored returns what is in a namespace of the cluster and what the example
// has outside of namespaces, by name.
func (p *pipelines) restored(t *testing.T, namespace string) map[string]map[string]any {
	t.Helper()
	objects, err := p.ControlPlane.Objects(t.Context(), namespace)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range p.clusterScoped() {
		err := p.ControlPlane.Client.Get(t.Context(), client.ObjectKeyFromObject(o), o)
		if client.IgnoreNotFound(err) != nil {
			t.Fatal(err)
		}
		if err == nil {
			objects = append(objects, o)
		}
	}
	found := map[string]map[string]any{}
	for _, o := range objects {
		item := itemOf(t, o.Object)
		found[item.Identity().String()] = settled(o)
	}
	return found
}

// removeClusterScoped takes what an earlier restore made outside of namespaces
// out of the cluster.
func (p *pipelines) removeClusterScoped(t *testing.T) {
	t.Helper()
	for _, o := range p.clusterScoped() {
		if err := p.ControlPlane.Client.Delete(t.Context(), o); client.IgnoreNotFound(err) != nil {
			t.Fatal(err)
		}
	}
}

func (p *pipelines) clusterScoped() []*unstructured.Unstructured {
	var objects []*unstructured.Unstructured
	for _, id := range []krm.Identity{
		{APIVersion: "security.openshift.io/v1", Kind: "SecurityContextConstraints", Name: "shop-anyuid"},
		{APIVersion: "authorization.openshift.io/v1", Kind: "ClusterRoleBinding", Name: "shop-readers"},
		{APIVersion: "v1", Kind: "PersistentVolume", Name: "pv-data"},
	} {
		o := &unstructured.Unstructured{}
		o.SetAPIVersion(id.APIVersion)
		o.SetKind(id.Kind)
		o.SetName(id.Name)
		objects = append(objects, o)
	}
	return objects
}

// testFacts shows a function what it may know of the new cluster.
func (p *pipelines) testFacts(t *testing.T) {
	namespace := map[bool]string{true: "shop-facts", false: "shop-facts-stock"}[p.multiItem]
	p.apply(t, filepath.Join(openshiftData, "project"), namespace)
	p.removeClusterScoped(t)
	p.put(t, "facts", pipelineText("facts", `
mutators:
- exec: testfn krm-feature tell-cluster
  context: true
  facts: [openshiftVersion, internalRegistry, registryState, pullSecrets, securityContextConstraints]
  selectors: [{kind: ConfigMap, name: settings}]
`))
	restore, err := p.Restore(t.Context(), namespace, velerov1api.RestoreSpec{
		BackupName: "shop", NamespaceMapping: map[string]string{"shop": namespace}, IncludedResources: []string{"configmaps"},
	}, named("facts"))
	if err != nil {
		t.Fatal(err)
	}
	p.complete(t, restore)
	settings := p.objects(t, namespace)["ConfigMap/settings"]
	told, _, err := unstructured.NestedString(settings, "metadata", "annotations", "seen/cluster")
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(told), &got); err != nil {
		t.Fatalf("%v in %q", err, told)
	}
	const dockercfg = "kubernetes.io/dockercfg"
	want := map[string]any{
		"facts":             []any{"internalRegistry", "openshiftVersion", "pullSecrets", "registryState", "securityContextConstraints"},
		"kubernetesVersion": "v1.34.3",
		"openshiftVersion":  "4.21.4",
		"internalRegistry":  "image-registry.openshift-image-registry.svc:5000",
		"registryState":     "Managed",
		"pullSecrets": map[string]any{namespace: []any{
			map[string]any{"name": "builder-dockercfg-new1", "type": dockercfg, "serviceAccount": "builder"},
			map[string]any{"name": "default-dockercfg-gone", "type": dockercfg},
			map[string]any{"name": "default-dockercfg-new2", "type": dockercfg, "serviceAccount": "default"},
		}},
		"securityContextConstraints": map[string]any{
			"serviceAccounts": map[string]any{"shop-facts/web": []any{"anyuid"}},
			"namespaces":      map[string]any{"shop-dr": []any{"anyuid"}},
			"all":             []any{"restricted-v2"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what the function was told of the cluster (-want +got):\n%s", diff)
	}
}
