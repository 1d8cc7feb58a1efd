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

package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	mia "github.com/velero-krm/velero-krm/multiitem"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	velerov1 "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"github.com/vmware-tanzu/velero/pkg/builder"
	"github.com/vmware-tanzu/velero/pkg/plugin/clientmgmt"
	"github.com/vmware-tanzu/velero/pkg/plugin/multiitem"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	biav2 "github.com/vmware-tanzu/velero/pkg/plugin/velero/backupitemaction/v2"
	ibav1 "github.com/vmware-tanzu/velero/pkg/plugin/velero/itemblockaction/v1"
	"github.com/vmware-tanzu/velero/pkg/test"
	"github.com/vmware-tanzu/velero/pkg/util/logging"
)

func secrets(names ...string) *test.APIResource {
	resource := test.Secrets()
	for _, name := range names {
		resource.Items = append(resource.Items, builder.ForSecret("ns", name).ObjectMeta(builder.WithLabels("listed", "yes")).Data(map[string][]byte{"a": []byte("b")}).Result())
	}
	return resource
}

// listed is a backup that collects no PersistentVolumes, and takes them when
// they are asked for.
func listed() *builder.BackupBuilder {
	return defaultBackup().LabelSelector(&metav1.LabelSelector{MatchLabels: map[string]string{"listed": "yes"}})
}

// TestMultiItemActionsOnList verifies what becomes of the items of the list by
// what an action answers.
func TestMultiItemActionsOnList(t *testing.T) {
	action := (&multiItemAction{}).each(func(it *mia.Item, items *mia.Stream, _ mia.Run) mia.Answer {
		switch it.ID.Name {
		case "update":
			return it.Updated(changed(it, "")).WithWarnings("look at this")
		case "rename":
			return it.Updated(changed(it, "renamed"))
		case "skip":
			return it.Skipped("not wanted")
		case "fail":
			return it.Failed("no such thing")
		case "move":
			return it.Updated([]byte(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"move","namespace":"other"}}`))
		case "broken":
			return it.Updated([]byte(`{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"broken","namespace":"ns"}}`))
		case "create":
			_ = items.Create(mia.Created{
				ID:     mia.ResourceIdentifier{Resource: "secrets", Namespace: "ns", Name: "created"},
				Object: json.RawMessage(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"created","namespace":"ns"}}`),
			})
		}
		return it.Unchanged()
	})
	b := runMultiItemBackup(t, defaultBackup().Result(), multiItemTest{
		resources: []*test.APIResource{secrets("update", "rename", "skip", "fail", "move", "broken", "create", "keep")},
		multiItem: map[string]*multiItemAction{"example.com/all": action},
	})
	require.NoError(t, b.err)

	assert.ElementsMatch(t, []string{
		"secrets/namespaces/ns/update",
		"secrets/namespaces/ns/renamed",
		"secrets/namespaces/ns/create",
		"secrets/namespaces/ns/created",
		"secrets/namespaces/ns/keep",
	}, b.names())
	assert.Equal(t, "yes", b.files["resources/secrets/namespaces/ns/update.json"].GetLabels()["seen"])
	assert.Equal(t, "renamed", b.files["resources/secrets/namespaces/ns/renamed.json"].GetName())
	assert.NotContains(t, b.files["resources/secrets/namespaces/ns/keep.json"].GetLabels(), "seen")

	assert.Equal(t, 5, b.request.Status.Progress.TotalItems)
	assert.Equal(t, 5, b.request.Status.Progress.ItemsBackedUp)
	assert.Equal(t, map[string][]string{"v1/Secret": {"ns/create", "ns/created", "ns/keep", "ns/renamed", "ns/update"}},
		b.request.BackupResourceList())

	for _, want := range []string{
		"resource: /secrets name: /fail message: /Error backing up item error: /error executing multi-item action example.com/all (groupResource=secrets, namespace=ns, name=fail): no such thing",
		`name: /move message: /Error backing up item error: /error executing multi-item action example.com/all (groupResource=secrets, namespace=ns, name=move): action changed the namespace from \"ns\" to \"other\"`,
		`name: /broken message: /Error backing up item error: /error executing multi-item action example.com/all (groupResource=secrets, namespace=ns, name=broken): action changed the kind from \"Secret\" to \"ServiceAccount\"`,
	} {
		assert.Contains(t, b.errors(), want)
	}
	assert.Contains(t, b.warnings(), `"namespaces":{"ns":[" resource: /secrets name: /update message: /look at this"]}`)
	list, late := action.calls()
	assert.Equal(t, 1, list)
	assert.Equal(t, 0, late)
}

// TestMultiItemActionsInOrder verifies that actions run by name, each seeing
// what those before it did.
func TestMultiItemActionsInOrder(t *testing.T) {
	first := (&multiItemAction{}).each(func(it *mia.Item, items *mia.Stream, _ mia.Run) mia.Answer {
		switch it.ID.Name {
		case "one":
			_ = items.Create(mia.Created{
				ID:     mia.ResourceIdentifier{Resource: "secrets", Namespace: "ns", Name: "new"},
				Object: json.RawMessage(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"new","namespace":"ns"}}`),
			})
			return it.Updated(changed(it, "uno"))
		case "two":
			return it.Skipped("gone")
		}
		return it.Unchanged()
	})
	second := (&multiItemAction{selector: mia.ResourceSelector{IncludedResources: []string{"secrets"}, LabelSelector: "seen=yes"}}).
		each(func(it *mia.Item, _ *mia.Stream, _ mia.Run) mia.Answer { return it.Unchanged() })
	third := (&multiItemAction{selector: mia.ResourceSelector{ExcludedResources: []string{"serviceaccounts"}}}).
		each(func(it *mia.Item, _ *mia.Stream, _ mia.Run) mia.Answer { return it.Unchanged() })
	b := runMultiItemBackup(t, defaultBackup().Result(), multiItemTest{
		resources: []*test.APIResource{secrets("one", "two", "three"), test.ServiceAccounts(builder.ForServiceAccount("ns", "account").Result())},
		multiItem: map[string]*multiItemAction{"example.com/c": third, "example.com/a": first, "example.com/b": second},
	})
	require.NoError(t, b.err)
	assert.NotContains(t, b.errors(), "example.com")
	assert.ElementsMatch(t, []string{"one", "two", "three", "account"}, first.seen)
	assert.ElementsMatch(t, []string{"uno"}, second.seen)
	assert.ElementsMatch(t, []string{"uno", "three", "new"}, third.seen)
}

// TestMultiItemActionRefuses verifies that nothing is written when an action
// refuses the backup.
func TestMultiItemActionRefuses(t *testing.T) {
	action := &multiItemAction{execute: func(context.Context, mia.Run, *mia.Stream) error {
		return errors.New("no pipeline named x")
	}}
	b := runMultiItemBackup(t, defaultBackup().Result(), multiItemTest{
		resources: []*test.APIResource{secrets("one")},
		multiItem: map[string]*multiItemAction{"example.com/refuse": action},
	})
	require.ErrorContains(t, b.err, "no pipeline named x")
	require.ErrorContains(t, b.err, `"example.com/refuse"`)
	assert.Empty(t, b.files)
}

// TestMultiItemActionDeclines verifies that an action which has nothing to do
// is not called again.
func TestMultiItemActionDeclines(t *testing.T) {
	action := &multiItemAction{execute: func(_ context.Context, _ mia.Run, items *mia.Stream) error { return items.Decline() }}
	b := runMultiItemBackup(t, listed().Result(), multiItemTest{
		resources: []*test.APIResource{secrets("one"), test.PVs(builder.ForPersistentVolume("pv").Result())},
		multiItem: map[string]*multiItemAction{"example.com/decline": action},
		actions:   []biav2.BackupItemAction{additional(velero.ResourceIdentifier{GroupResource: pvs, Name: "pv"})},
	})
	require.NoError(t, b.err)
	list, late := action.calls()
	assert.Equal(t, 1, list)
	assert.Equal(t, 0, late)
}

var pvs = test.PVs().GVR().GroupResource()

// additional is an item action that asks for items whenever it is called for a
// Secret.
func additional(ids ...velero.ResourceIdentifier) biav2.BackupItemAction {
	return &pluggableAction{
		selector: velero.ResourceSelector{IncludedResources: []string{"secrets"}},
		executeFunc: func(item runtime.Unstructured, _ *velerov1.Backup) (runtime.Unstructured, []velero.ResourceIdentifier, string, []velero.ResourceIdentifier, error) {
			return item, ids, "", nil, nil
		},
	}
}

// TestMultiItemActionsOnLateItems verifies that what joins the backup later
// goes through the actions once, and that what they renamed or left out does
// not come back as it was.
func TestMultiItemActionsOnLateItems(t *testing.T) {
	for _, workers := range []int{1, 8} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			action := (&multiItemAction{}).each(func(it *mia.Item, items *mia.Stream, run mia.Run) mia.Answer {
				if run.Late {
					_ = items.Create(mia.Created{
						ID:     mia.ResourceIdentifier{Resource: "secrets", Namespace: "ns", Name: "about-" + it.ID.Name},
						Object: json.RawMessage(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"about-` + it.ID.Name + `","namespace":"ns"}}`),
					})
				}
				switch it.ID.Name {
				case "rename", "late-rename":
					return it.Updated(changed(it, it.ID.Name+"d"))
				case "skip", "late-skip":
					return it.Skipped("not wanted")
				case "late-fail":
					return it.Failed("no such thing")
				case "ask":
					return it.Unchanged().WithAdditional(mia.ResourceIdentifier{Resource: "persistentvolumes", Name: "asked"})
				}
				return it.Updated(changed(it, ""))
			})
			pv := func(name string) velero.ResourceIdentifier {
				return velero.ResourceIdentifier{GroupResource: pvs, Name: name}
			}
			names := []string{"rename", "skip", "ask"}
			for i := range 20 {
				names = append(names, fmt.Sprintf("more-%d", i))
			}
			b := runMultiItemBackup(t, listed().Result(), multiItemTest{
				resources: []*test.APIResource{secrets(names...), test.PVs(
					builder.ForPersistentVolume("late").Result(),
					builder.ForPersistentVolume("late-rename").Result(),
					builder.ForPersistentVolume("late-skip").Result(),
					builder.ForPersistentVolume("late-fail").Result(),
					builder.ForPersistentVolume("related").Result(),
					builder.ForPersistentVolume("asked").Result(),
				)},
				multiItem: map[string]*multiItemAction{"example.com/all": action},
				actions: []biav2.BackupItemAction{additional(
					pv("late"), pv("late-rename"), pv("late-skip"), pv("late-fail"), pv("missing"),
					secretID("rename"), secretID("skip"), secretID("more-7"),
				)},
				itemBlockActions: []ibav1.ItemBlockAction{&pluggableIBA{
					selector: velero.ResourceSelector{IncludedResources: []string{"secrets"}},
					getRelatedItemsFunc: func(runtime.Unstructured, *velerov1.Backup) ([]velero.ResourceIdentifier, error) {
						return []velero.ResourceIdentifier{pv("related"), secretID("rename"), secretID("skip")}, nil
					},
				}},
				workers: workers,
			})
			require.NoError(t, b.err)

			want := []string{
				"secrets/namespaces/ns/renamed", "secrets/namespaces/ns/ask",
				"persistentvolumes/cluster/late", "persistentvolumes/cluster/late-renamed",
				"persistentvolumes/cluster/related", "persistentvolumes/cluster/asked",
			}
			for _, name := range names[3:] {
				want = append(want, "secrets/namespaces/ns/"+name)
			}
			for _, name := range []string{"late", "late-rename", "late-skip", "late-fail", "related", "asked"} {
				want = append(want, "secrets/namespaces/ns/about-"+name)
			}
			assert.ElementsMatch(t, want, b.names())
			for _, name := range []string{"late", "late-renamed", "related", "asked"} {
				assert.Equal(t, "yes", b.files["resources/persistentvolumes/cluster/"+name+".json"].GetLabels()["seen"], name)
			}
			assert.Contains(t, b.errors(), "name: /late-fail")
			assert.Len(t, action.seen, len(names)+6, "each item once: %v", action.seen)
			list, late := action.calls()
			assert.Equal(t, 1, list)
			assert.Equal(t, 6, late)
			assert.Equal(t, len(want), b.request.Status.Progress.TotalItems)
		})
	}
}

// TestMultiItemActionsAndFilters verifies that created objects are backed up
// whatever the backup excludes, and additional items only when the action
// insists.
func TestMultiItemActionsAndFilters(t *testing.T) {
	for name, insists := range map[string]bool{"insists": true, "does not insist": false} {
		t.Run(name, func(t *testing.T) {
			action := (&multiItemAction{}).each(func(it *mia.Item, items *mia.Stream, run mia.Run) mia.Answer {
				if run.Late {
					return it.Unchanged()
				}
				_ = items.Create(mia.Created{
					ID:     mia.ResourceIdentifier{Resource: "serviceaccounts", Namespace: "elsewhere", Name: "created"},
					Object: json.RawMessage(`{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"created","namespace":"elsewhere"}}`),
				})
				object := changed(it, "")
				if insists {
					object = json.RawMessage(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"one","namespace":"ns","annotations":{"` +
						velerov1.MustIncludeAdditionalItemAnnotation + `":"true"}}}`)
				}
				return it.Updated(object).WithAdditional(mia.ResourceIdentifier{Resource: "serviceaccounts", Namespace: "other", Name: "asked"})
			})
			excluded := velero.ResourceIdentifier{GroupResource: schema.GroupResource{Resource: "serviceaccounts"}, Namespace: "other", Name: "excluded"}
			b := runMultiItemBackup(t, defaultBackup().IncludedNamespaces("ns").IncludedResources("secrets").Result(), multiItemTest{
				resources: []*test.APIResource{secrets("one"), test.ServiceAccounts(
					builder.ForServiceAccount("other", "asked").Result(),
					builder.ForServiceAccount("other", "excluded").Result(),
				)},
				multiItem: map[string]*multiItemAction{"example.com/all": action},
				actions:   []biav2.BackupItemAction{additional(excluded)},
				itemBlockActions: []ibav1.ItemBlockAction{&pluggableIBA{
					getRelatedItemsFunc: func(runtime.Unstructured, *velerov1.Backup) ([]velero.ResourceIdentifier, error) {
						return []velero.ResourceIdentifier{excluded}, nil
					},
				}},
			})
			require.NoError(t, b.err)
			want := []string{"secrets/namespaces/ns/one", "serviceaccounts/namespaces/elsewhere/created"}
			if insists {
				want = append(want, "serviceaccounts/namespaces/other/asked")
			}
			assert.ElementsMatch(t, want, b.names())
			seen := []string{"one"}
			if insists {
				seen = append(seen, "asked")
			}
			assert.Equal(t, seen, action.seen, "actions see what is included alone")
			assert.NotContains(t, b.files["resources/secrets/namespaces/ns/one.json"].GetAnnotations(), velerov1.MustIncludeAdditionalItemAnnotation)
		})
	}
}

// TestMultiItemActionsOneName verifies that no item overwrites another.
func TestMultiItemActionsOneName(t *testing.T) {
	action := (&multiItemAction{}).each(func(it *mia.Item, items *mia.Stream, _ mia.Run) mia.Answer {
		switch it.ID.Name {
		case "a":
			return it.Updated(changed(it, "b"))
		case "b":
			return it.Updated(changed(it, "a"))
		case "c", "d":
			_ = items.Create(mia.Created{
				ID:     mia.ResourceIdentifier{Resource: "secrets", Namespace: "ns", Name: "d"},
				Object: json.RawMessage(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"d","namespace":"ns"}}`),
			})
			return it.Updated(changed(it, "same"))
		}
		return it.Unchanged()
	})
	b := runMultiItemBackup(t, defaultBackup().Result(), multiItemTest{
		resources: []*test.APIResource{secrets("a", "b", "c", "d")},
		multiItem: map[string]*multiItemAction{"example.com/all": action},
	})
	require.NoError(t, b.err)
	// a and b change names; d is created in the place of the item that left it;
	// the second item named same fails.
	assert.ElementsMatch(t, []string{
		"secrets/namespaces/ns/a", "secrets/namespaces/ns/b", "secrets/namespaces/ns/same", "secrets/namespaces/ns/d",
	}, b.names())
	assert.Contains(t, b.errors(), "the backup has another item of this name")
}

// finalizeManager is a plugin manager as the finalizing of a backup makes one.
type finalizeManager struct {
	clientmgmt.Manager
	actions multiItemManager
}

func (m finalizeManager) MultiItemActions(kind mia.Kind) []multiitem.Plugin {
	return m.actions.MultiItemActions(kind)
}

// TestFinalizeMultiItemActions verifies that items which are read again after
// asynchronous operations go through the actions, as late ones, and that an
// action which refuses leaves the backup as it was.
func TestFinalizeMultiItemActions(t *testing.T) {
	tests := map[string]struct {
		action *multiItemAction
		want   []string
		errors []string
	}{
		"answers": {
			action: (&multiItemAction{}).each(func(it *mia.Item, _ *mia.Stream, _ mia.Run) mia.Answer {
				switch it.ID.Name {
				case "update":
					return it.Updated(changed(it, ""))
				case "skip":
					return it.Skipped("not wanted")
				case "fail":
					return it.Failed("no such thing")
				}
				return it.Unchanged()
			}),
			want:   []string{"update map[seen:yes]", "keep map[]"},
			errors: []string{"name: /fail"},
		},
		"refusal": {
			action: &multiItemAction{execute: func(context.Context, mia.Run, *mia.Stream) error { return errors.New("no pipeline x") }},
			errors: []string{"name: /update", "name: /skip", "name: /fail", "name: /keep", "no pipeline x"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, nil)
			defer h.itemBlockPool.Stop()
			h.addItems(t, secrets())
			h.backupper.pluginManager = func(logrus.FieldLogger) clientmgmt.Manager {
				return finalizeManager{actions: multiItemManager{actions: map[string]*multiItemAction{"example.com/all": tc.action}}}
			}
			b := &multiItemBackup{results: logging.NewLogHook()}
			log := logrus.New()
			log.AddHook(b.results)
			collector := &itemCollector{dir: t.TempDir()}
			var items []*kubernetesResource
			for _, name := range []string{"update", "skip", "fail", "keep"} {
				path, err := collector.writeToFile(&unstructured.Unstructured{Object: map[string]any{
					"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": name, "namespace": "ns"},
				}})
				require.NoError(t, err)
				gvr := secrets().GVR()
				items = append(items, &kubernetesResource{groupResource: gvr.GroupResource(), preferredGVR: gvr, namespace: "ns", name: name, path: path, kind: "Secret"})
			}

			items, m, err := h.backupper.finalizeMultiItemActions(log, &Request{Backup: defaultBackup().Result()}, collector, items)
			require.NoError(t, err)
			defer m.close()
			var got []string
			for _, item := range items {
				data, err := os.ReadFile(item.path)
				require.NoError(t, err)
				object := new(unstructured.Unstructured)
				require.NoError(t, json.Unmarshal(data, object))
				got = append(got, fmt.Sprintf("%s %v", object.GetName(), object.GetLabels()))
			}
			assert.Equal(t, tc.want, got)
			for _, want := range tc.errors {
				assert.Contains(t, b.errors(), want)
			}
			for _, run := range tc.action.runs {
				assert.True(t, run.Late)
			}
		})
	}
}

// TestMultiItemActionRenamesIntoAnother verifies that the item which takes the
// name of another one fails, not the one that has it.
func TestMultiItemActionRenamesIntoAnother(t *testing.T) {
	action := (&multiItemAction{}).each(func(it *mia.Item, _ *mia.Stream, _ mia.Run) mia.Answer {
		if it.ID.Name == "a" || it.ID.Name == "c" {
			return it.Updated(changed(it, "b"))
		}
		return it.Unchanged()
	})
	b := runMultiItemBackup(t, defaultBackup().Result(), multiItemTest{
		resources: []*test.APIResource{secrets("a", "b", "c")},
		multiItem: map[string]*multiItemAction{"example.com/all": action},
	})
	require.NoError(t, b.err)
	assert.Equal(t, []string{"secrets/namespaces/ns/b"}, b.names())
	assert.NotContains(t, b.files["resources/secrets/namespaces/ns/b.json"].GetLabels(), "seen")
	assert.Equal(t, 1, b.request.Status.Progress.TotalItems)
	assert.Len(t, strings.Split(b.errors(), "the backup has another item of this name"), 3, "one error each: %s", b.errors())
}
