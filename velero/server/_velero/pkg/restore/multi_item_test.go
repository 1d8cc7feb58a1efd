/*
Copyright the Velero contributors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package restore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	mia "github.com/velero-krm/velero-krm/multiitem"
	corev1api "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vmware-tanzu/velero/internal/volume"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"github.com/vmware-tanzu/velero/pkg/builder"
	"github.com/vmware-tanzu/velero/pkg/kuberesource"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	riav2 "github.com/vmware-tanzu/velero/pkg/plugin/velero/restoreitemaction/v2"
	"github.com/vmware-tanzu/velero/pkg/test"
	"github.com/vmware-tanzu/velero/pkg/types"
	"github.com/vmware-tanzu/velero/pkg/util/results"
)

func TestMultiItemUpdatesInOneCall(t *testing.T) {
	first := &testMultiItemAction{name: "example.com/first", answers: map[string]func(*mia.Item) mia.Answer{
		"secrets ns-1/a":  setLabel("first", "yes"),
		"namespaces ns-1": setLabel("team", "blue"),
		"customresourcedefinitions.apiextensions.k8s.io crds.example.com": setLabel("first", "yes"),
	}}
	second := &testMultiItemAction{name: "example.com/second", answers: map[string]func(*mia.Item) mia.Answer{
		"secrets ns-1/a": func(it *mia.Item) mia.Answer {
			obj := new(unstructured.Unstructured)
			if err := obj.UnmarshalJSON(it.Object); err != nil || obj.GetLabels()["first"] != "yes" {
				return it.Failed("what the first action did is not there")
			}
			return setLabel("second", "yes")(it).WithWarnings("look at this")
		},
	}}
	r := multiItemCase{
		// Actions change labels; the selection is by those in the backup.
		restore: defaultRestore().LabelSelector(&metav1.LabelSelector{MatchLabels: map[string]string{"app": "shop"}}).
			NamespaceMappings("ns-1", "ns-9").Result(),
		tarball: test.NewTarWriter(t).
			AddItems("customresourcedefinitions.apiextensions.k8s.io", builder.ForCustomResourceDefinitionV1Beta1("crds.example.com").ObjectMeta(builder.WithLabels("app", "shop")).Result()).
			AddItems("secrets", secret("ns-1", "a"), secret("ns-1", "b"), builder.ForSecret("ns-1", "c").Result()).
			AddItems("namespaces", builder.ForNamespace("ns-1").Result(), builder.ForNamespace("ns-2").Result()).
			Done(),
		actions: []*testMultiItemAction{first, second},
	}.run(t)

	// The API server of the tests never establishes a definition.
	assert.Len(t, r.errs.Cluster, 1)
	assert.Empty(t, r.errs.Namespaces)
	assert.Empty(t, r.errs.Velero)
	want := []string{
		"customresourcedefinitions.apiextensions.k8s.io crds.example.com", "secrets ns-1/a", "secrets ns-1/b", "namespaces ns-1",
	}
	for _, action := range []*testMultiItemAction{first, second} {
		require.Len(t, action.calls, 1, "an action is executed once")
		assert.Equal(t, want, action.calls[0])
		assert.Equal(t, []bool{false}, action.late)
	}
	labels := r.labels(t, test.Secrets(), "ns-9", "a")
	assert.Equal(t, "yes", labels["first"])
	assert.Equal(t, "yes", labels["second"])
	assert.Equal(t, "yes", r.labels(t, test.CRDs(), "", "crds.example.com")["first"])
	ns, err := r.KubeClient.CoreV1().Namespaces().Get(t.Context(), "ns-9", metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, "blue", ns.Labels["team"])
	assert.Equal(t, results.Result{Namespaces: map[string][]string{
		"ns-9": {`secrets/ns-1/a: multi-item action "example.com/second": look at this`},
	}}, r.warnings)
}

func TestMultiItemLeavesOut(t *testing.T) {
	action := &testMultiItemAction{name: "example.com/a", answers: map[string]func(*mia.Item) mia.Answer{
		"secrets ns-1/failed":            fail,
		"secrets ns-1/skipped":           skip,
		"persistentvolumes failed":       fail,
		"secrets ns-1/moved":             edit(func(obj *unstructured.Unstructured) { obj.SetNamespace("ns-2") }),
		"secrets ns-1/other-kind":        edit(func(obj *unstructured.Unstructured) { obj.SetKind("ConfigMap") }),
		"secrets ns-1/other-group":       edit(func(obj *unstructured.Unstructured) { obj.SetAPIVersion("apps/v1") }),
		"serviceaccounts ns-1/no-object": func(it *mia.Item) mia.Answer { return it.Updated(json.RawMessage(`{}`)) },
	}}
	r := multiItemCase{
		tarball: test.NewTarWriter(t).
			AddItems("secrets", secret("ns-1", "failed"), secret("ns-1", "skipped"), secret("ns-1", "fine"),
				secret("ns-1", "moved"), secret("ns-1", "other-kind"), secret("ns-1", "other-group")).
			AddItems("serviceaccounts", builder.ForServiceAccount("ns-1", "no-object").Result()).
			AddItems("persistentvolumes", builder.ForPersistentVolume("failed").Result()).
			Done(),
		actions: []*testMultiItemAction{action},
		// What is left out does not come back.
		items: []riav2.RestoreItemAction{additionalAction("secrets",
			velero.ResourceIdentifier{GroupResource: kuberesource.Secrets, Namespace: "ns-1", Name: "failed"},
			velero.ResourceIdentifier{GroupResource: kuberesource.Secrets, Namespace: "ns-1", Name: "skipped"})},
	}.run(t)

	assertEmptyResults(t, r.warnings)
	assert.Equal(t, []string{`error preparing persistentvolumes/failed: multi-item action "example.com/a": no such registry`}, r.errs.Cluster)
	assert.Empty(t, r.errs.Velero)
	assert.ElementsMatch(t, []string{
		`error preparing secrets/ns-1/failed: multi-item action "example.com/a": no such registry`,
		`error preparing secrets/ns-1/moved: multi-item action "example.com/a": action changed the namespace from "ns-1" to "ns-2"`,
		`error preparing secrets/ns-1/other-kind: multi-item action "example.com/a": action changed the kind from "Secret" to "ConfigMap"`,
		`error preparing secrets/ns-1/other-group: multi-item action "example.com/a": action changed the API group from "" to "apps"`,
		`error preparing serviceaccounts/ns-1/no-object: multi-item action "example.com/a": object has no kind or no name`,
	}, r.errs.Namespaces["ns-1"])
	assert.Equal(t, []string{"secrets ns-1/fine"}, r.created)
	assert.Equal(t, []string{
		"ns-1/failed(failed)", "ns-1/fine(created)", "ns-1/moved(failed)",
		"ns-1/other-group(failed)", "ns-1/other-kind(failed)", "ns-1/skipped(skipped)",
	}, r.status("v1/Secret"))
	assert.Equal(t, []string{"failed(failed)"}, r.status("v1/PersistentVolume"))
	assert.Len(t, action.calls, 1)
}

func TestMultiItemRenames(t *testing.T) {
	asked := &recordResourcesAction{}
	asked = asked.ForResource("serviceaccounts").WithAdditionalItems([]velero.ResourceIdentifier{
		{GroupResource: kuberesource.Secrets, Namespace: "ns-1", Name: "old"},
		{GroupResource: kuberesource.Secrets, Namespace: "ns-1", Name: "new"},
		{GroupResource: kuberesource.Secrets, Namespace: "ns-1", Name: "x"},
	})
	action := &testMultiItemAction{name: "example.com/a", answers: map[string]func(*mia.Item) mia.Answer{
		"secrets ns-1/old":   rename("new"),
		"secrets ns-1/x":     edit(func(obj *unstructured.Unstructured) { obj.SetName("y"); obj.SetLabels(map[string]string{"was": "x"}) }),
		"secrets ns-1/y":     edit(func(obj *unstructured.Unstructured) { obj.SetName("x"); obj.SetLabels(map[string]string{"was": "y"}) }),
		"secrets ns-1/twice": rename("kept"),
		// Its name is free for another.
		"secrets ns-1/gone": skip,
		"secrets ns-1/heir": rename("gone"),
	}}
	r := multiItemCase{
		priorities: types.Priorities{HighPriorities: []string{"serviceaccounts"}},
		tarball: test.NewTarWriter(t).
			AddItems("secrets", secret("ns-1", "gone"), secret("ns-1", "heir"), secret("ns-1", "kept"), secret("ns-1", "old"),
				secret("ns-1", "twice"), secret("ns-1", "x"), secret("ns-1", "y")).
			AddItems("serviceaccounts", builder.ForServiceAccount("ns-1", "sa").Result()).
			Done(),
		actions: []*testMultiItemAction{action},
		items:   []riav2.RestoreItemAction{asked},
	}.run(t)

	assertEmptyResults(t, r.warnings)
	assert.Equal(t, results.Result{Namespaces: map[string][]string{"ns-1": {
		`error preparing secrets/ns-1/twice: multi-item actions: renamed to "kept", which is the name of another item of the restore`,
	}}}, r.errs)
	assertAPIContents(t, r.harness, map[*test.APIResource][]string{
		test.Secrets(): {"ns-1/new", "ns-1/x", "ns-1/y", "ns-1/kept", "ns-1/gone"},
	})
	assert.Equal(t, "x", r.labels(t, test.Secrets(), "ns-1", "y")["was"])
	assert.Equal(t, "y", r.labels(t, test.Secrets(), "ns-1", "x")["was"])
	assert.Equal(t, []string{
		"ns-1/gone(created)", "ns-1/kept(created)", "ns-1/new(created)", "ns-1/twice(failed)", "ns-1/x(created)", "ns-1/y(created)",
	}, r.status("v1/Secret"))
	// The ServiceAccount's additional items are restored before it, once each.
	assert.Equal(t, []string{"secrets ns-1/new", "secrets ns-1/x", "serviceaccounts ns-1/sa"}, r.created[:3])
	assert.Len(t, action.calls, 1)
}

func TestMultiItemRenameKeepsVolumeData(t *testing.T) {
	action := &testMultiItemAction{name: "example.com/a", answers: map[string]func(*mia.Item) mia.Answer{
		"persistentvolumes snapshot":         rename("new-1"),
		"persistentvolumes plain":            rename("new-2"),
		"persistentvolumeclaims ns-1/moved":  rename("new-3"),
		"pods ns-1/with-data":                rename("new-4"),
		"pods ns-1/without":                  rename("new-5"),
		"persistentvolumeclaims ns-1/static": rename("new-6"),
	}}
	r := multiItemCase{
		tarball: test.NewTarWriter(t).
			AddItems("persistentvolumes",
				builder.ForPersistentVolume("snapshot").ReclaimPolicy(corev1api.PersistentVolumeReclaimRetain).Result(),
				builder.ForPersistentVolume("plain").ReclaimPolicy(corev1api.PersistentVolumeReclaimRetain).Result()).
			AddItems("persistentvolumeclaims", builder.ForPersistentVolumeClaim("ns-1", "moved").Result(), builder.ForPersistentVolumeClaim("ns-1", "static").Result()).
			AddItems("pods", builder.ForPod("ns-1", "with-data").Result(), builder.ForPod("ns-1", "without").Result()).
			Done(),
		actions: []*testMultiItemAction{action},
		change: func(_ *harness, data *Request) {
			data.BackupVolumeInfoMap = map[string]volume.BackupVolumeInfo{
				"snapshot": {PVName: "snapshot", BackupMethod: volume.NativeSnapshot},
				"other":    {PVName: "other", BackupMethod: volume.CSISnapshot, SnapshotDataMoved: true, PVCNamespace: "ns-1", PVCName: "moved"},
			}
			data.PodVolumeBackups = []*velerov1api.PodVolumeBackup{builder.ForPodVolumeBackup("velero", "pvb").PodNamespace("ns-1").PodName("with-data").Result()}
		},
	}.run(t)

	const reason = "the backup has volume data that is restored by its name"
	assert.Equal(t, []string{`error preparing persistentvolumes/snapshot: multi-item action "example.com/a": action renamed it to "new-1": ` + reason}, r.errs.Cluster)
	assert.ElementsMatch(t, []string{
		`error preparing persistentvolumeclaims/ns-1/moved: multi-item action "example.com/a": action renamed it to "new-3": ` + reason,
		`error preparing pods/ns-1/with-data: multi-item action "example.com/a": action renamed it to "new-4": ` + reason,
	}, r.errs.Namespaces["ns-1"])
	assert.ElementsMatch(t, []string{"persistentvolumes /new-2", "persistentvolumeclaims ns-1/new-6", "pods ns-1/new-5"}, r.created)
}

func TestMultiItemCreates(t *testing.T) {
	create := func(kind, resource, namespace, name string) mia.Created {
		return mia.Created{ID: mia.ResourceIdentifier{Resource: resource, Namespace: namespace, Name: name}, Object: newObject(t, kind, namespace, name)}
	}
	wrong := create("Secret", "secrets", "ns-1", "wrong")
	wrong.ID.Namespace = "ns-2"
	first := &testMultiItemAction{name: "example.com/first", creates: []mia.Created{
		create("ServiceAccount", "serviceaccounts", "ns-1", "made"),
		create("Secret", "secrets", "ns-new", "made"),
		create("Namespace", "namespaces", "", "ns-made"),
		create("Secret", "secrets", "ns-1", "a"),
		create("Pod", "pods", "ns-1", "excluded"),
		wrong,
	}}
	second := &testMultiItemAction{name: "example.com/second", answers: map[string]func(*mia.Item) mia.Answer{
		"secrets ns-new/made": setLabel("second", "yes"),
	}}
	r := multiItemCase{
		restore:    defaultRestore().ExcludedResources("pods").Result(),
		priorities: types.Priorities{HighPriorities: []string{"namespaces", "serviceaccounts"}},
		tarball:    test.NewTarWriter(t).AddItems("secrets", secret("ns-1", "a")).Done(),
		actions:    []*testMultiItemAction{first, second},
	}.run(t)

	assert.Equal(t, results.Result{Namespaces: map[string][]string{
		"ns-1": {`not restoring pods/ns-1/excluded, which multi-item action "example.com/first" created: the restore excludes the resource`},
	}}, r.warnings)
	require.Len(t, r.errs.Velero, 2)
	assert.Contains(t, r.errs.Velero[0], `secrets ns-1/a`)
	assert.Contains(t, r.errs.Velero[0], `an item of the restore has that name`)
	assert.Contains(t, r.errs.Velero[1], `secrets ns-2/wrong`)
	assert.Empty(t, r.errs.Namespaces)
	assert.Equal(t, []string{"serviceaccounts ns-1/made", "secrets ns-1/a", "secrets ns-new/made"}, r.created)
	assert.Equal(t, "yes", r.labels(t, test.Secrets(), "ns-new", "made")["second"])
	for _, name := range []string{"ns-1", "ns-new", "ns-made"} {
		_, err := r.KubeClient.CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{})
		require.NoError(t, err, "namespace %s", name)
	}
	assert.Equal(t, []string{"ns-1/a(created)", "ns-new/made(created)"}, r.status("v1/Secret"))
}

func TestMultiItemCreatesNamespaceOfExcludedResource(t *testing.T) {
	namespace := func(name string) mia.Created {
		return mia.Created{
			ID:     mia.ResourceIdentifier{Resource: "namespaces", Name: name},
			Object: json.RawMessage(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"` + name + `","labels":{"team":"blue"}}}`),
		}
	}
	r := multiItemCase{
		restore: defaultRestore().IncludedResources("secrets").Result(),
		tarball: test.NewTarWriter(t).AddItems("secrets", secret("ns-1", "a")).Done(),
		actions: []*testMultiItemAction{{name: "example.com/a", creates: []mia.Created{namespace("ns-1"), namespace("ns-2")}}},
	}.run(t)

	assertEmptyResults(t, r.warnings, r.errs)
	namespaces, err := r.KubeClient.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	require.Len(t, namespaces.Items, 1)
	assert.Equal(t, "ns-1", namespaces.Items[0].Name)
	assert.Equal(t, map[string]string{"team": "blue"}, namespaces.Items[0].Labels)
}

func TestMultiItemAdditionalItems(t *testing.T) {
	id := func(name string) mia.ResourceIdentifier {
		return mia.ResourceIdentifier{Resource: "persistentvolumes", Name: name}
	}
	action := &testMultiItemAction{name: "example.com/a", answers: map[string]func(*mia.Item) mia.Answer{
		"persistentvolumeclaims ns-1/claim": func(it *mia.Item) mia.Answer {
			return it.Unchanged().WithAdditional(id("pv"), id("missing"), mia.ResourceIdentifier{Resource: "secrets", Namespace: "ns-2", Name: "excluded"})
		},
		"persistentvolumes pv": func(it *mia.Item) mia.Answer {
			return setLabel("seen", "yes")(it).WithAdditional(id("pv"), id("next"))
		},
	}}
	r := multiItemCase{
		// Cluster-scoped resources are not selected then, but may be added.
		restore:    defaultRestore().IncludedNamespaces("ns-1").Result(),
		priorities: types.Priorities{HighPriorities: []string{"persistentvolumes"}},
		tarball: test.NewTarWriter(t).
			AddItems("persistentvolumeclaims", builder.ForPersistentVolumeClaim("ns-1", "claim").Result()).
			AddItems("persistentvolumes",
				builder.ForPersistentVolume("next").ReclaimPolicy(corev1api.PersistentVolumeReclaimRetain).Result(),
				builder.ForPersistentVolume("pv").ReclaimPolicy(corev1api.PersistentVolumeReclaimRetain).Result()).
			AddItems("secrets", secret("ns-2", "excluded")).
			Done(),
		actions: []*testMultiItemAction{action},
	}.run(t)

	assertEmptyResults(t, r.errs)
	require.Len(t, r.warnings.Cluster, 1)
	assert.Contains(t, r.warnings.Cluster[0], `unable to restore additional item persistentvolumes/missing of multi-item action "example.com/a"`)
	assert.Equal(t, []string{"persistentvolumes /pv", "persistentvolumes /next", "persistentvolumeclaims ns-1/claim"}, r.created)
	assert.Equal(t, "yes", r.labels(t, test.PVs(), "", "pv")["seen"])
	assert.Equal(t, [][]string{{"persistentvolumeclaims ns-1/claim"}, {"persistentvolumes pv"}, {"persistentvolumes next"}}, action.calls)
	assert.Equal(t, []bool{false, true, true}, action.late)
}

func TestMultiItemLateItems(t *testing.T) {
	late := func(resource, namespace, name string) velero.ResourceIdentifier {
		return velero.ResourceIdentifier{GroupResource: kuberesource.Secrets, Namespace: namespace, Name: name}
	}
	asked := []velero.ResourceIdentifier{
		late("secrets", "ns-2", "changed"), late("secrets", "ns-2", "changed"), late("secrets", "ns-2", "renamed"), late("secrets", "ns-2", "renamed"),
		late("secrets", "ns-2", "failed"), late("secrets", "ns-2", "failed"), late("secrets", "ns-2", "skipped"), late("secrets", "ns-3", "inside"),
	}
	action := &testMultiItemAction{name: "example.com/a", answers: map[string]func(*mia.Item) mia.Answer{
		"secrets ns-2/changed": func(it *mia.Item) mia.Answer {
			return setLabel("seen", "yes")(it).WithAdditional(mia.ResourceIdentifier{Resource: "serviceaccounts", Namespace: "ns-2", Name: "sa"})
		},
		"secrets ns-2/renamed": rename("new"),
		"secrets ns-2/failed":  fail,
		"secrets ns-2/skipped": skip,
		"namespaces ns-2":      setLabel("team", "blue"),
		"namespaces ns-3":      fail,
	}}
	labelled := builder.ForPod("ns-1", "pod").ObjectMeta(builder.WithLabels("pick", "me")).Result()
	r := multiItemCase{
		restore: defaultRestore().LabelSelector(&metav1.LabelSelector{MatchLabels: map[string]string{"pick": "me"}}).Result(),
		tarball: test.NewTarWriter(t).
			AddItems("pods", labelled).
			AddItems("secrets", secret("ns-2", "changed"), secret("ns-2", "renamed"), secret("ns-2", "failed"), secret("ns-2", "skipped"), secret("ns-3", "inside")).
			AddItems("serviceaccounts", builder.ForServiceAccount("ns-2", "sa").Result()).
			AddItems("namespaces", builder.ForNamespace("ns-2").Result(), builder.ForNamespace("ns-3").Result()).
			Done(),
		actions: []*testMultiItemAction{action},
		items:   []riav2.RestoreItemAction{additionalAction("pods", asked...)},
	}.run(t)

	assert.Equal(t, []string{`error preparing secrets/ns-2/failed: multi-item action "example.com/a": no such registry`}, r.errs.Namespaces["ns-2"])
	assert.Equal(t, []string{
		`error preparing namespaces/ns-3: multi-item action "example.com/a": no such registry`,
		`not restoring 0 items of namespace "ns-3": its Namespace failed, and the cluster has none; the restore log and the list of restored items name them`,
		`error preparing secrets/ns-3/inside: its Namespace failed`,
	}, r.errs.Namespaces["ns-3"])
	assertEmptyResults(t, r.warnings)
	assert.Equal(t, []string{"serviceaccounts ns-2/sa", "secrets ns-2/changed", "secrets ns-2/new", "pods ns-1/pod"}, r.created)
	assert.Equal(t, "yes", r.labels(t, test.Secrets(), "ns-2", "changed")["seen"])
	ns, err := r.KubeClient.CoreV1().Namespaces().Get(t.Context(), "ns-2", metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, "blue", ns.Labels["team"])
	_, err = r.KubeClient.CoreV1().Namespaces().Get(t.Context(), "ns-3", metav1.GetOptions{})
	require.Error(t, err)
	assert.Equal(t, []string{"ns-2/changed(created)", "ns-2/failed(failed)", "ns-2/new(created)", "ns-2/skipped(skipped)"}, r.status("v1/Secret"))
	seen := map[string]int{}
	for i, call := range action.calls {
		assert.Equal(t, i > 0, action.late[i])
		for _, item := range call {
			seen[item]++
		}
	}
	for item, n := range seen {
		assert.Equal(t, 1, n, "%s is sent once", item)
	}
	assert.Len(t, seen, 8)
}

func TestMultiItemRefusesBeforeAnything(t *testing.T) {
	for name, change := range map[string]func(a *testMultiItemAction){
		"the action refuses the run":    func(a *testMultiItemAction) { a.refuse = errors.New(`pipeline "to-dr" does not load`) },
		"the selector cannot be parsed": func(a *testMultiItemAction) { a.selector.LabelSelector = "=" },
	} {
		t.Run(name, func(t *testing.T) {
			action := &testMultiItemAction{name: "example.com/a"}
			change(action)
			r := multiItemCase{
				tarball: test.NewTarWriter(t).
					AddItems("customresourcedefinitions.apiextensions.k8s.io", builder.ForCustomResourceDefinitionV1Beta1("crds.example.com").Result()).
					AddItems("secrets", secret("ns-1", "a")).
					AddItems("namespaces", builder.ForNamespace("ns-1").Result()).
					Done(),
				actions: []*testMultiItemAction{action},
			}.run(t)
			require.Len(t, r.errs.Velero, 1)
			assert.Contains(t, r.errs.Velero[0], `example.com/a`)
			if action.refuse != nil {
				assert.Contains(t, r.errs.Velero[0], `pipeline "to-dr" does not load`)
			}
			assert.Equal(t, r.errs.Velero[0], r.data.Restore.Status.FailureReason)
			assert.Empty(t, r.created)
			namespaces, err := r.KubeClient.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{})
			require.NoError(t, err)
			assert.Empty(t, namespaces.Items)
		})
	}
}

func TestMultiItemNamespaces(t *testing.T) {
	tests := map[string]struct {
		answer        func(it *mia.Item) mia.Answer
		exists        bool
		created       []string
		labels        map[string]string
		errs          []string
		warnings      []string
		noNamespace   bool
		namespaceList []string
	}{
		"updated": {
			answer: setLabel("team", "blue"), labels: map[string]string{"team": "blue", "from": "backup"},
			created: []string{"secrets ns-9/a", "secrets ns-9/b"}, namespaceList: []string{"ns-9(created)"},
		},
		"skipped, Velero makes a plain one for the items": {
			answer: skip, created: []string{"secrets ns-9/a", "secrets ns-9/b"}, namespaceList: []string{"ns-9(created)"},
			warnings: []string{`namespaces/ns-1: multi-item actions: skipped, but 2 items are restored into it: if the cluster has no such namespace, it is created without labels and annotations`},
		},
		"failed, and its items are left out": {
			answer: fail, noNamespace: true, namespaceList: []string{"ns-9(failed)"},
			errs: []string{
				`error preparing namespaces/ns-1: multi-item action "example.com/a": no such registry`,
				`not restoring 2 items of namespace "ns-1": its Namespace failed, and the cluster has none; the restore log and the list of restored items name them`,
			},
		},
		"failed, but the cluster has it": {
			answer: fail, exists: true, created: []string{"secrets ns-9/a", "secrets ns-9/b"}, namespaceList: []string{"ns-9(failed)"},
			errs: []string{`error preparing namespaces/ns-1: multi-item action "example.com/a": no such registry`},
		},
		"renamed": {
			answer: rename("ns-5"), noNamespace: true, namespaceList: []string{"ns-9(failed)"},
			errs: []string{
				`error preparing namespaces/ns-1: multi-item action "example.com/a": action renamed it to "ns-5": use the restore's namespaceMapping to restore into another namespace`,
				`not restoring 2 items of namespace "ns-1": its Namespace failed, and the cluster has none; the restore log and the list of restored items name them`,
			},
		},
	}
	for name, tc := range tests {
		// Velero collects Namespaces only when it restores all namespaces.
		for _, included := range []string{"*", "ns-1"} {
			t.Run(fmt.Sprintf("%s/namespaces %s", name, included), func(t *testing.T) {
				action := &testMultiItemAction{name: "example.com/a", answers: map[string]func(*mia.Item) mia.Answer{"namespaces ns-1": tc.answer}}
				r := multiItemCase{
					restore: defaultRestore().IncludedNamespaces(included).NamespaceMappings("ns-1", "ns-9").Result(),
					tarball: test.NewTarWriter(t).
						AddItems("secrets", secret("ns-1", "a"), secret("ns-1", "b")).
						AddItems("namespaces", builder.ForNamespace("ns-1").ObjectMeta(builder.WithLabels("from", "backup")).Result()).
						Done(),
					actions: []*testMultiItemAction{action},
					change: func(h *harness, _ *Request) {
						if tc.exists {
							_, err := h.KubeClient.CoreV1().Namespaces().Create(t.Context(), builder.ForNamespace("ns-9").Result(), metav1.CreateOptions{})
							require.NoError(t, err)
						}
					},
				}.run(t)
				assert.Equal(t, tc.errs, r.errs.Namespaces["ns-9"])
				assert.Equal(t, tc.warnings, r.warnings.Namespaces["ns-9"])
				assert.ElementsMatch(t, tc.created, r.created)
				assert.Equal(t, tc.namespaceList, r.status("v1/Namespace"))
				if tc.noNamespace {
					assert.Equal(t, []string{"ns-9/a(failed)", "ns-9/b(failed)"}, r.status("v1/Secret"))
				}
				ns, err := r.KubeClient.CoreV1().Namespaces().Get(t.Context(), "ns-9", metav1.GetOptions{})
				assert.Equal(t, tc.noNamespace, err != nil)
				if err == nil {
					assert.Equal(t, tc.labels, ns.Labels)
				}
				assert.Len(t, action.calls, 1)
			})
		}
	}
}

// TestMultiItemRestoreAdditional pins the ways to call restoreItem: that of
// this version of Velero must be one of them.
func TestMultiItemRestoreAdditional(t *testing.T) {
	h := newHarness(t)
	ctx := &restoreContext{log: h.log}
	called := false
	_, errs := restoreAdditional(func(*unstructured.Unstructured, schema.GroupResource, string) (results.Result, results.Result, bool) {
		called = true
		return results.Result{}, results.Result{}, true
	}, &unstructured.Unstructured{}, kuberesource.Secrets, "")
	assert.True(t, called)
	assertEmptyResults(t, errs)
	_, errs = restoreAdditional(nil, &unstructured.Unstructured{}, kuberesource.Secrets, "")
	assert.Len(t, errs.Velero, 1)
	switch any(ctx.restoreItem).(type) {
	case func(*unstructured.Unstructured, schema.GroupResource, string) (results.Result, results.Result, bool):
	case func(*unstructured.Unstructured, schema.GroupResource, string, bool) (results.Result, results.Result, bool):
	default:
		assert.Failf(t, "restoreItem has another signature", "%T", ctx.restoreItem)
	}
}

// TestMultiItemDeclinedIsAsWithout verifies that a restore of which no action
// wants anything goes the way it goes without actions, warnings included.
func TestMultiItemDeclinedIsAsWithout(t *testing.T) {
	tarball := func() io.Reader {
		return test.NewTarWriter(t).
			AddItems("things.example.com", builder.ForSecret("ns-1", "thing").Result()).
			AddItems("secrets", secret("ns-1", "a"), secret("ns-2", "b")).Done()
	}
	without := multiItemCase{tarball: tarball()}.run(t)
	action := &testMultiItemAction{name: "example.com/declines", decline: true}
	declined := multiItemCase{tarball: tarball(), actions: []*testMultiItemAction{action}}.run(t)

	assert.Equal(t, without.warnings, declined.warnings)
	assert.Equal(t, without.errs, declined.errs)
	assert.ElementsMatch(t, without.created, declined.created)
	assert.Equal(t, without.data.RestoredResourceList(), declined.data.RestoredResourceList())
	assert.Equal(t, 1, action.stops, "its process is not kept while Velero restores")
}

// TestMultiItemCreatesOnce verifies that the first of several created objects of
// one name is kept, whichever call created it.
func TestMultiItemCreatesOnce(t *testing.T) {
	created := mia.Created{ID: mia.ResourceIdentifier{Resource: "secrets", Namespace: "ns-1", Name: "new"}, Object: newObject(t, "Secret", "ns-1", "new")}
	r := multiItemCase{
		tarball: test.NewTarWriter(t).AddItems("secrets", secret("ns-1", "a")).Done(),
		actions: []*testMultiItemAction{
			{name: "example.com/a", creates: []mia.Created{created}},
			{name: "example.com/b", creates: []mia.Created{created}},
		},
	}.run(t)
	assertEmptyResults(t, r.warnings, r.errs)
	assert.ElementsMatch(t, []string{"secrets ns-1/a", "secrets ns-1/new"}, r.created)
}
