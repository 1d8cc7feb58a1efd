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
	go_context "context"
	"fmt"

	"github.com/sirupsen/logrus"
	mia "github.com/velero-krm/velero-krm/multiitem"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/vmware-tanzu/velero/pkg/archive"
	"github.com/vmware-tanzu/velero/pkg/kuberesource"
	"github.com/vmware-tanzu/velero/pkg/plugin/multiitem"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	"github.com/vmware-tanzu/velero/pkg/util/results"
)

// This file has what the restore calls. The order of things in execute:
//
//  1. Velero collects the CustomResourceDefinitions.
//  2. runMultiItemActions collects everything else too, and runs the actions
//     over all of it, with one call each, CustomResourceDefinitions and
//     Namespaces included. What they refuse ends the restore before anything is
//     created.
//  3. Velero creates the CustomResourceDefinitions that are left, and refreshes
//     discovery.
//  4. multiItemCollection takes the place of Velero's second collection, which
//     would select by the labels that actions have changed.
//  5. Velero restores one item after the other. What item actions add goes
//     through multiItemAdditional and multiItemLate.
//  6. finishMultiItems notes in the list of restored items what was left out.
//
// Collecting before the CustomResourceDefinitions exist gives the same items:
// the names of the folders in a backup are complete, and what the restore
// includes was resolved before. Only the order of resources needs discovery,
// as priorities may be short names; step 4 sorts by it.

// multiItems is the state of multi-item actions in one restore. It is nil in a
// restore of which no action wants anything.
type multiItems struct {
	ctx     *restoreContext
	actions *multiitem.Actions
	log     logrus.FieldLogger

	items *multiItemStore

	// dropped are namespaces whose Namespace failed, and which the cluster does
	// not have.
	dropped sets.Set[string]
	// wanted are additional items that actions asked for, in order.
	wanted []wantedItem
	// Where what actions say goes: to the results of the restore, or to those of
	// the item that is restored.
	warnings, errs *results.Result
}

// wantedItem is an additional item and who asked for it.
type wantedItem struct {
	id     velero.ResourceIdentifier
	action string
}

// runMultiItemActions runs the multi-item actions over everything that is
// selected. crds is what Velero has collected first, and processed what that
// are; crds is left without what actions leave out. It returns false when an
// action refuses the restore: nothing may be created then, and errs says why.
func (ctx *restoreContext) runMultiItemActions(
	backupResources map[string]*archive.ResourceItems,
	crds *[]restoreableResource,
	processed sets.Set[string],
	warnings, errs *results.Result,
) bool {
	actions, err := multiitem.Resolve(go_context.Background(), multiitem.Config{
		Kind:      mia.KindRestore,
		Manager:   ctx.volumeSnapshotterGetter, // in the server, the plugin manager
		Discovery: ctx.discoveryHelper,
		Log:       ctx.log,
		Backup:    ctx.backup,
		Restore:   ctx.restore,
	})
	if err != nil {
		ctx.refuse(err, errs)
		return false
	}
	if actions == nil {
		return true
	}

	// Velero adds to the list of what is processed, and must find it as it was.
	all, _, w, e := ctx.getOrderedResourceCollection(backupResources, *crds, processed.Clone(), ctx.resourcePriorities, true)
	m := &multiItems{
		ctx: ctx, actions: actions, log: ctx.log,
		items: newMultiItemStore(ctx.fileSystem, ctx.restoreDir), dropped: sets.New[string](),
		warnings: warnings, errs: errs,
	}
	m.items.collect(all)
	m.addNamespaces(0)
	if err := m.runAll(); err != nil {
		actions.Close()
		warnings.Merge(&w)
		errs.Merge(&e)
		ctx.refuse(err, errs)
		return false
	}
	if actions.Idle() {
		// Velero collects by itself, and says then what there is to say.
		actions.Close()
		return true
	}
	warnings.Merge(&w)
	errs.Merge(&e)
	*crds = m.collection(func(resource string) bool { return resource == kuberesource.CustomResourceDefinitions.String() })
	ctx.multiItems = m
	return true
}

// refuse makes the restore end as Failed: the controller looks at the reason.
func (ctx *restoreContext) refuse(err error, errs *results.Result) {
	err = fmt.Errorf("%w; nothing was restored", err)
	errs.AddVeleroError(err)
	ctx.restore.Status.FailureReason = err.Error()
}

// multiItemCollection returns what Velero's second collection is to start from:
// nothing to look at, and everything that is to be restored, when multi-item
// actions ran; what it is given otherwise.
func (ctx *restoreContext) multiItemCollection(
	backupResources map[string]*archive.ResourceItems,
	crds []restoreableResource,
) (map[string]*archive.ResourceItems, []restoreableResource) {
	m := ctx.multiItems
	if m == nil {
		return backupResources, crds
	}
	all := m.collection(func(string) bool { return true })
	m.sort(all, backupResources)
	return nil, all
}

// multiItemAdditional turns an additional item of an item action into what
// became of it: id and path are set to its name and file. It returns false for
// one that multi-item actions left out, which must not come back.
func (ctx *restoreContext) multiItemAdditional(id *velero.ResourceIdentifier, path *string, warnings, errs *results.Result) bool {
	m := ctx.multiItems
	if m == nil {
		return true
	}
	if it := m.items.find(*id); it != nil {
		if it.state != itemIn {
			m.log.Infof("Not restoring additional item %s: it is %s by a multi-item action", it, it.state)
			return false
		}
		id.Name, *path = it.id.Name, it.path
		return true
	}
	defer m.redirect(warnings, errs)()
	return m.lateNamespace(*id)
}

// multiItemLate runs the multi-item actions over an item that they have not had:
// an additional item of an item action. obj becomes what they make of it. It
// returns false when it is not to be restored, and errs says why if that is an
// error.
func (ctx *restoreContext) multiItemLate(obj *unstructured.Unstructured, groupResource schema.GroupResource, warnings, errs *results.Result) bool {
	m := ctx.multiItems
	if m == nil {
		return true
	}
	id := velero.ResourceIdentifier{GroupResource: groupResource, Namespace: obj.GetNamespace(), Name: obj.GetName()}
	if it := m.items.find(id); it != nil {
		return it.state == itemIn
	}
	defer m.redirect(warnings, errs)()
	from := m.items.len()
	it := m.items.add(id, archive.GetItemFilePath(ctx.restoreDir, groupResource.String(), id.Namespace, id.Name))
	m.runLate(from)
	if it.state != itemIn {
		return false
	}
	now, err := archive.Unmarshal(ctx.fileSystem, it.path)
	if err != nil {
		m.fail(it, "", fmt.Errorf("read it back: %w", err))
		return false
	}
	obj.Object = now.Object
	return true
}

// finishMultiItems adds what was left out to the restored items, as failed and
// skipped, so that they are counted and listed as those that item actions fail
// or discard. Not before: another item may have the name of one left out.
func (ctx *restoreContext) finishMultiItems() {
	m := ctx.multiItems
	if m == nil {
		return
	}
	m.actions.Close()
	for _, it := range m.items.all() {
		if it.state == itemIn {
			continue
		}
		key := m.key(it)
		if _, exists := ctx.restoredItems[key]; !exists {
			ctx.restoredItems[key] = restoredItemStatus{action: string(it.state)}
		}
	}
}
