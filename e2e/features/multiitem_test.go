package features

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestMultiItem is the plugin in the Velero with multi-item actions: first all
// that it does on an unmodified Velero, then what is only possible here.
func TestMultiItem(t *testing.T) {
	p := newPipelines(t, multiItemServer, concurrent...)
	t.Run("Kinds", p.testKinds)
	t.Run("Shop", p.testShop)
	t.Run("Backup", p.testBackup)
	t.Run("Delete", p.testDelete)
	t.Run("Choice", p.testChoice)
	t.Run("Defaults", p.testDefaults)
	t.Run("BrokenDefault", p.testBrokenDefault)
	t.Run("BadFunctions", p.testBadFunctions)
	t.Run("AsInBackup", p.testAsInBackup)
	t.Run("Environment", p.testEnvironment)
	t.Run("ClusterScoped", p.testClusterScoped)
	t.Run("SideBySide", p.testSideBySide)
	t.Run("OneCall", p.testOneCall)
	t.Run("RenameEverywhere", p.testRenameEverywhere)
	t.Run("Namespace", p.testNamespace)
	t.Run("SameAsStock", p.testSameAsStock)
}

func (p *pipelines) testKinds(t *testing.T) {
	want := []string{"BackupItemActionV2", "BackupMultiItemAction", "RestoreItemActionV2", "RestoreMultiItemAction"}
	if diff := cmp.Diff(want, p.kindsOf(t, "velero-krm.io/pipeline")); diff != "" {
		t.Errorf("kinds of the plugin (-want +got):\n%s", diff)
	}
}

// testOneCall counts the calls of Execute for a list of some hundred objects,
// as the server logs them.
func (p *pipelines) testOneCall(t *testing.T) {
	const objects = 700
	if err := p.ControlPlane.CreateNamespace(t.Context(), "many"); err != nil {
		t.Fatal(err)
	}
	for i := range objects {
		cm := &corev1.ConfigMap{}
		cm.Namespace, cm.Name, cm.Data = "many", fmt.Sprintf("many-%04d", i), map[string]string{"i": fmt.Sprint(i)}
		if err := p.ControlPlane.Client.Create(t.Context(), cm); err != nil {
			t.Fatal(err)
		}
	}
	p.put(t, "many", pipelineText("many", "mutators:\n"+labelStep("seen", "yes")))
	p.put(t, "again", pipelineText("again", "mutators:\n"+labelStep("again", "yes")))

	p.complete(t, p.backup(t, "many", "many", named("many")))
	log, err := p.BackupLog(t.Context(), "many")
	if err != nil {
		t.Fatal(err)
	}
	checkOneCall(t, "backup", string(log), objects)

	p.complete(t, p.restore(t, "many", "many", "many-again", named("again")))
	log, err = p.RestoreLog(t.Context(), "many-again")
	if err != nil {
		t.Fatal(err)
	}
	checkOneCall(t, "restore", string(log), objects)
	want := labelled(labelled(p.objects(t, "many"), "seen", "yes"), "again", "yes")
	if diff := cmp.Diff(want, p.objects(t, "many-again")); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
}

// callLine is what the server logs when an action has run over a list.
var callLine = regexp.MustCompile(`msg="[^"]*multi-item action[^"]*".*`)

// checkOneCall reads from the server's log that there was one call for at least
// so many items.
func checkOneCall(t *testing.T, what, log string, objects int) {
	t.Helper()
	var calls []string
	for _, line := range callLine.FindAllString(log, -1) {
		if strings.Contains(line, "calls=") {
			calls = append(calls, line)
		}
	}
	if len(calls) != 1 || !strings.Contains(calls[0], "calls=1") {
		t.Errorf("%s: lines about calls of Execute: want one, with calls=1, got %q", what, calls)
	}
	updated := regexp.MustCompile(`updated=(\d+)`).FindStringSubmatch(strings.Join(calls, ""))
	if updated == nil || atoi(updated[1]) < objects {
		t.Errorf("%s: want %d objects or more updated in that call, got %q", what, objects, calls)
	}
}

func atoi(digits string) int {
	n, _ := strconv.Atoi(digits) // the expression takes digits alone
	return n
}

// testRenameEverywhere restores with a function that gets the whole list: it
// renames a ConfigMap and all that refers to it.
func (p *pipelines) testRenameEverywhere(t *testing.T) {
	p.apply(t, "testdata/multiitem/rename", "naming")
	p.complete(t, p.backup(t, "naming", "naming", named("none")))
	p.put(t, "naming", pipelineText("naming", `
mutators:
- name: rename
  builtin: rename
  scope: List
  allow: [Rename]
  config:
    apiVersion: velero-krm.io/v1alpha1
    kind: Rename
    spec:
      renames:
      - {kind: ConfigMap, from: modes, to: modes-dr}
`))
	p.complete(t, p.restore(t, "naming", "naming", "naming-dr", named("naming")))

	want := p.objects(t, "naming")
	renamed := want["ConfigMap/modes"]
	dig(t, renamed, "metadata")["name"] = "modes-dr"
	delete(want, "ConfigMap/modes")
	want["ConfigMap/modes-dr"] = renamed
	pod := dig(t, want["Deployment/front"], "spec", "template", "spec")
	dig(t, pod, "volumes", 0, "configMap")["name"] = "modes-dr"
	dig(t, pod, "containers", 0, "envFrom", 0, "configMapRef")["name"] = "modes-dr"
	dig(t, pod, "containers", 0, "env", 0, "valueFrom", "configMapKeyRef")["name"] = "modes-dr"
	if diff := cmp.Diff(want, p.objects(t, "naming-dr")); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
}

// dig returns the mapping at a path of keys and indexes.
func dig(t *testing.T, o any, path ...any) map[string]any {
	t.Helper()
	for _, step := range path {
		switch at := o.(type) {
		case map[string]any:
			o = at[step.(string)]
		case []any:
			o = at[step.(int)]
		}
	}
	found, ok := o.(map[string]any)
	if !ok {
		t.Fatalf("no mapping at %v, but %v", path, o)
	}
	return found
}

// testNamespace changes a Namespace on a restore, which no item action can.
func (p *pipelines) testNamespace(t *testing.T) {
	p.app(t, "spaces")
	p.put(t, "spaces", pipelineText("spaces", `
mutators:
- builtin: set-labels
  configMap: {labels: '{tier: "gold"}'}
  selectors: [{apiVersion: v1, kind: Namespace}]
`))
	p.complete(t, p.restore(t, "spaces", "spaces", "spaces-dr", named("spaces")))
	restored := namespaceNamed("spaces-dr")
	if err := p.ControlPlane.Client.Get(t.Context(), client.ObjectKeyFromObject(restored), restored); err != nil {
		t.Fatal(err)
	}
	if restored.Labels["tier"] != "gold" {
		t.Errorf("labels of the restored Namespace: want tier=gold, got %v", restored.Labels)
	}
	if diff := cmp.Diff(p.objects(t, "spaces"), p.objects(t, "spaces-dr")); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
}

// itemWise are functions that look at one object at a time.
const itemWise = `
mutators:
- {exec: route}
- {exec: service}
- {exec: set-image-registry, configMap: {from: registry.old.example, to: registry.dr.example/mirror}}
- {builtin: set-annotations, configMap: {annotations: '{moved: "yes"}'}}
- {builtin: set-replicas, configMap: {replicas: "1"}}
- builtin: drop
  allow: [Delete]
  config:
    apiVersion: velero-krm.io/v1alpha1
    kind: Drop
    spec:
      selectors:
      - {kind: Secret, name: victim}
`

// testSameAsStock backs up and restores the same objects with the same
// functions through both servers, and compares every object.
func (p *pipelines) testSameAsStock(t *testing.T) {
	folders := map[string][]string{
		"same": {"testdata/pipeline/app", "testdata/pipeline/workloads"},
		"sold": {filepath.Join(shop, "app"), "testdata/multiitem/rename"},
	}
	p.put(t, "same", pipelineText("same", itemWise))
	for namespace, dirs := range folders {
		p.apply(t, dirs[0], namespace)
		p.applyInto(t, dirs[1], namespace)
		p.complete(t, p.backup(t, namespace, namespace, named("none")))
	}
	ours := map[string]outcome{}
	for namespace := range folders {
		ours[namespace] = p.bothWays(t, namespace, "multi")
	}
	stock := p.config
	stock.Binary = filepath.Join(programs(), stockServer)
	if err := p.RestartVelero(t.Context(), stock); err != nil {
		t.Fatal(err)
	}
	for namespace := range folders {
		theirs := p.bothWays(t, namespace, "single")
		if len(theirs.restored) < 5 || len(theirs.backedUp) < 10 {
			t.Fatalf("%s: too little to compare: %d restored, %d backed up", namespace, len(theirs.restored), len(theirs.backedUp))
		}
		if diff := cmp.Diff(theirs.backedUp, ours[namespace].backedUp); diff != "" {
			t.Errorf("%s: the tarball of multi-item actions differs from that of item actions (-item +multi-item):\n%s", namespace, diff)
		}
		if diff := cmp.Diff(theirs.restored, ours[namespace].restored); diff != "" {
			t.Errorf("%s: what multi-item actions restore differs from what item actions do (-item +multi-item):\n%s", namespace, diff)
		}
	}
}

// outcome is what a backup and a restore made of the same objects.
type outcome struct {
	backedUp, restored map[string]map[string]any
}

// bothWays runs the pipeline on a backup, and on a restore of one that was made
// without.
func (p *pipelines) bothWays(t *testing.T, namespace, suffix string) outcome {
	t.Helper()
	name := namespace + "-" + suffix
	p.complete(t, p.backup(t, name, namespace, named("same")))
	files, err := p.BackupContents(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	out := outcome{backedUp: map[string]map[string]any{}}
	for path := range files {
		if strings.HasPrefix(path, "resources/") && strings.HasSuffix(path, ".json") {
			out.backedUp[path] = decoded(t, files, path).Object
		}
	}
	p.complete(t, p.restore(t, namespace, namespace, name, named("same")))
	out.restored = p.objects(t, name)
	for _, o := range out.restored {
		withoutJobUID(o)
	}
	return out
}

// withoutJobUID removes what the API server makes of a Job's own UID.
func withoutJobUID(o any) {
	switch o := o.(type) {
	case map[string]any:
		delete(o, "controller-uid")
		delete(o, "batch.kubernetes.io/controller-uid")
		for _, v := range o {
			withoutJobUID(v)
		}
	case []any:
		for _, v := range o {
			withoutJobUID(v)
		}
	}
}
