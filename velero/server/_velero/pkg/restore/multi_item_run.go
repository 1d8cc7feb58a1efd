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
	"sort"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vmware-tanzu/velero/pkg/archive"
	"github.com/vmware-tanzu/velero/pkg/kuberesource"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	"github.com/vmware-tanzu/velero/pkg/util/boolptr"
	"github.com/vmware-tanzu/velero/pkg/util/results"
)

// runAll runs the actions over what is selected, then over what they ask for
// in addition, and settles what came of it.
func (m *multiItems) runAll() error {
	if err := m.actions.Run(go_context.Background(), &multiItemList{multiItems: m}); err != nil {
		return err
	}
	m.settleNames(0)
	for {
		from := m.items.len()
		m.addWanted()
		m.addNamespaces(0)
		if m.items.len() == from {
			break
		}
		if err := m.actions.RunLate(go_context.Background(), &multiItemList{multiItems: m, from: from}); err != nil {
			return err
		}
		m.settleNames(from)
	}
	m.settleNamespaces()
	return nil
}

// runLate runs the actions over items from an index on while Velero restores.
// Created objects and additional items are restored at once: the item that they
// come with may need them.
func (m *multiItems) runLate(from int) {
	end := m.items.len()
	if err := m.actions.RunLate(go_context.Background(), &multiItemList{multiItems: m, from: from}); err != nil {
		for _, it := range m.items.all()[from:] {
			if it.state == itemIn {
				m.fail(it, "", err)
			}
		}
		return
	}
	m.settleNames(from)
	// Restoring one runs the actions over others.
	created, wanted := m.items.all()[end:], m.wanted
	m.wanted = nil
	for _, it := range created {
		m.restoreNow(it.id, "")
	}
	for _, w := range wanted {
		m.restoreNow(w.id, w.action)
	}
}

// restoreNow restores an item as restoreItem does with the additional items of
// item actions.
func (m *multiItems) restoreNow(id velero.ResourceIdentifier, action string) {
	warnings, errs := m.warnings, m.errs
	path := archive.GetItemFilePath(m.ctx.restoreDir, id.GroupResource.String(), id.Namespace, id.Name)
	if !m.ctx.multiItemAdditional(&id, &path, warnings, errs) {
		return
	}
	if _, err := m.ctx.fileSystem.Stat(path); err != nil {
		warnings.Add(m.target(id), missing(id, action, err))
		return
	}
	obj, err := archive.Unmarshal(m.ctx.fileSystem, path)
	if err != nil {
		errs.Add(m.target(id), fmt.Errorf("error restoring additional item %s: %w", itemName(id), err))
		return
	}
	w, e := restoreAdditional(m.ctx.restoreItem, obj, id.GroupResource, m.target(id))
	warnings.Merge(&w)
	errs.Merge(&e)
}

// restoreAdditional calls restoreItem, which got a parameter in Velero 1.18:
// whether to restore what the restore excludes.
func restoreAdditional(restoreItem any, obj *unstructured.Unstructured, groupResource schema.GroupResource, namespace string) (warnings, errs results.Result) {
	switch restore := restoreItem.(type) {
	case func(*unstructured.Unstructured, schema.GroupResource, string) (results.Result, results.Result, bool):
		warnings, errs, _ = restore(obj, groupResource, namespace)
	case func(*unstructured.Unstructured, schema.GroupResource, string, bool) (results.Result, results.Result, bool):
		warnings, errs, _ = restore(obj, groupResource, namespace, false)
	default:
		errs.AddVeleroError(fmt.Errorf("error restoring additional item %s: unexpected restoreItem %T", obj.GetName(), restoreItem))
	}
	return warnings, errs
}

// redirect makes what actions say go to the results of one item, until the
// function that it returns is called.
func (m *multiItems) redirect(warnings, errs *results.Result) func() {
	beforeWarnings, beforeErrs := m.warnings, m.errs
	m.warnings, m.errs = warnings, errs
	return func() { m.warnings, m.errs = beforeWarnings, beforeErrs }
}

// addWanted adds the additional items that actions asked for and the list does
// not have. Velero restores them in the order of priorities, like others.
func (m *multiItems) addWanted() {
	for _, w := range m.wanted {
		if m.items.find(w.id) != nil {
			continue
		}
		if reason := m.excluded(w.id); reason != "" {
			m.log.Infof("Not restoring additional item %s of multi-item action %q: %s", itemName(w.id), w.action, reason)
			continue
		}
		path := archive.GetItemFilePath(m.ctx.restoreDir, w.id.GroupResource.String(), w.id.Namespace, w.id.Name)
		if _, err := m.ctx.fileSystem.Stat(path); err != nil {
			m.warnings.Add(m.target(w.id), missing(w.id, w.action, err))
			continue
		}
		m.items.add(w.id, path)
	}
	m.wanted = nil
}

func missing(id velero.ResourceIdentifier, action string, err error) error {
	return fmt.Errorf("unable to restore additional item %s of multi-item action %q: %w", itemName(id), action, err)
}

// addNamespaces adds the Namespaces of the items from an index on, as far as
// the backup has them. Velero restores them with the first item in each.
func (m *multiItems) addNamespaces(from int) {
	for _, it := range m.items.all()[from:] {
		if it.state == itemIn && it.id.Namespace != "" {
			m.addNamespace(it.id.Namespace)
		}
	}
}

// addNamespace returns the item of a Namespace that was just added, or nil when
// it was there or the backup has none.
func (m *multiItems) addNamespace(name string) *multiItem {
	id := velero.ResourceIdentifier{GroupResource: kuberesource.Namespaces, Name: name}
	if m.items.find(id) != nil {
		return nil
	}
	path := m.items.namespacePath(name)
	if _, err := m.ctx.fileSystem.Stat(path); err != nil {
		return nil
	}
	it := m.items.add(id, path)
	it.aside = true
	return it
}

// lateNamespace makes sure that the Namespace of an additional item has been
// through the actions before Velero creates it. It returns false when that
// failed, and with it the item.
func (m *multiItems) lateNamespace(id velero.ResourceIdentifier) bool {
	if id.Namespace == "" {
		return true
	}
	from := m.items.len()
	if it := m.addNamespace(id.Namespace); it != nil {
		m.runLate(from)
		m.settleNamespace(it)
	}
	if m.dropped.Has(id.Namespace) {
		m.errs.Add(m.target(id), fmt.Errorf("error preparing %s: its Namespace failed", itemName(id)))
		return false
	}
	return true
}

// settleNames makes renamed items known by their new names, from an index on.
func (m *multiItems) settleNames(from int) {
	for _, it := range m.items.rename(from) {
		m.fail(it, "", fmt.Errorf("renamed to %q, which is the name of another item of the restore", it.id.Name))
	}
}

// settleNamespaces does so with each Namespace.
func (m *multiItems) settleNamespaces() {
	for _, it := range m.items.all() {
		if it.isNamespace() {
			m.settleNamespace(it)
		}
	}
}

// settleNamespace decides what a Namespace that was left out means for what is
// in it.
//
// Skipped: Velero creates one without labels and annotations if there are items
// to restore into it, as when the backup has none.
//
// Failed: when the cluster has the namespace, its items are restored, as Velero
// does not touch a Namespace that exists. When it has not, they are left out.
// Otherwise Velero would create a Namespace without the labels and annotations
// that admit, isolate and limit what runs there, and a later restore would leave
// it like that. As it is, a later restore is complete.
func (m *multiItems) settleNamespace(ns *multiItem) {
	if ns.state == itemIn {
		return
	}
	name := ns.id.Name
	var inside []*multiItem
	for _, it := range m.items.all() {
		if it.state == itemIn && it.id.Namespace == name {
			inside = append(inside, it)
		}
	}
	if ns.state == itemSkipped {
		m.forgetNamespace(ns, len(inside))
		return
	}
	target := m.target(velero.ResourceIdentifier{Namespace: name})
	_, err := m.ctx.namespaceClient.Get(go_context.Background(), target, metav1.GetOptions{})
	if err == nil {
		m.log.Infof("Namespace %s exists; restoring %d items into it though %s failed", target, len(inside), ns)
		return
	}
	m.dropped.Insert(name)
	for _, it := range inside {
		it.state = itemFailed
		m.log.Errorf("Not restoring %s: its Namespace failed", it)
	}
	reason := "its Namespace failed, and the cluster has none"
	if !apierrors.IsNotFound(err) {
		reason = fmt.Sprintf("its Namespace failed, and whether the cluster has one is not known: %v", err)
	}
	m.errs.Add(target, fmt.Errorf("not restoring %d items of namespace %q: %s; the restore log and the list of restored items name them", len(inside), name, reason))
}

// forgetNamespace removes the file of a skipped Namespace.
func (m *multiItems) forgetNamespace(ns *multiItem, inside int) {
	if err := m.ctx.fileSystem.RemoveAll(ns.path); err != nil {
		m.fail(ns, "", fmt.Errorf("error removing skipped item: %w", err))
		return
	}
	if inside > 0 {
		m.warn(ns, "", fmt.Sprintf("skipped, but %d items are restored into it: if the cluster has no such namespace, it is created without labels and annotations", inside))
	}
}

// checkRename returns why an item cannot have another name.
func (m *multiItems) checkRename(it *multiItem, name string) error {
	if name == it.id.Name {
		return nil
	}
	if it.isNamespace() {
		return fmt.Errorf("action renamed it to %q: use the restore's namespaceMapping to restore into another namespace", name)
	}
	if it.created {
		return nil
	}
	// Velero finds the data of volumes by the names in the backup, and would
	// create an empty volume for a renamed one without a word.
	data := false
	switch it.id.GroupResource {
	case kuberesource.PersistentVolumes:
		data = m.ctx.backupVolumeInfoMap[it.original].BackupMethod != "" || hasSnapshot(it.original, m.ctx.volumeSnapshots)
	case kuberesource.PersistentVolumeClaims:
		for _, info := range m.ctx.backupVolumeInfoMap {
			data = data || info.SnapshotDataMoved && info.PVCNamespace == it.id.Namespace && info.PVCName == it.original
		}
	case kuberesource.Pods:
		for _, volume := range m.ctx.podVolumeBackups {
			data = data || volume.Spec.Pod.Namespace == it.id.Namespace && volume.Spec.Pod.Name == it.original
		}
	}
	if data {
		return fmt.Errorf("action renamed it to %q: the backup has volume data that is restored by its name", name)
	}
	return nil
}

// excluded returns why the restore excludes an object, as restoreItem decides,
// or nothing.
func (m *multiItems) excluded(id velero.ResourceIdentifier) string {
	switch {
	case m.ctx.resourceMustHave.Has(id.GroupResource.String()):
		return ""
	case !m.ctx.resourceIncludesExcludes.ShouldInclude(id.GroupResource.String()):
		return "the restore excludes the resource"
	case id.Namespace != "" && !m.ctx.namespaceIncludesExcludes.ShouldInclude(id.Namespace):
		return "the restore excludes the namespace"
	case id.Namespace == "" && boolptr.IsSetToFalse(m.ctx.restore.Spec.IncludeClusterResources):
		return "the restore excludes cluster-scoped resources"
	}
	return ""
}

// collection returns what Velero is to restore of the resources for which
// include is true, in the order of the list.
func (m *multiItems) collection(include func(resource string) bool) []restoreableResource {
	type group struct{ resource, namespace string }
	var all []restoreableResource
	positions := make(map[group]int)
	for _, it := range m.items.all() {
		resource := it.id.GroupResource.String()
		if it.state != itemIn || it.aside || !include(resource) {
			continue
		}
		g := group{resource: resource, namespace: it.id.Namespace}
		at, ok := positions[g]
		if !ok {
			at = len(all)
			positions[g] = at
			all = append(all, restoreableResource{resource: resource, selectedItemsByNamespace: make(map[string][]restoreableItem)})
			// Velero looks at the version of the first alone.
			m.items.readVersion(it)
		}
		all[at].selectedItemsByNamespace[g.namespace] = append(all[at].selectedItemsByNamespace[g.namespace], restoreableItem{
			path: it.path, targetNamespace: m.target(it.id), name: it.id.Name, version: it.version,
		})
		all[at].totalItems++
	}
	return all
}

// sort puts resources into the order that Velero restores them in.
func (m *multiItems) sort(all []restoreableResource, backupResources map[string]*archive.ResourceItems) {
	known := make(map[string]*archive.ResourceItems, len(backupResources))
	for resource := range backupResources {
		known[resource] = nil
	}
	for _, resource := range all {
		known[resource.resource] = nil
	}
	// CustomResourceDefinitions are first whatever the priorities are.
	order := map[string]int{kuberesource.CustomResourceDefinitions.String(): -1}
	for i, resource := range getOrderedResources(m.ctx.resourcePriorities, known) {
		groupResource := schema.ParseGroupResource(resource)
		if gvr, _, err := m.ctx.discoveryHelper.ResourceFor(groupResource.WithVersion("")); err == nil {
			groupResource = gvr.GroupResource()
		}
		if _, exists := order[groupResource.String()]; !exists {
			order[groupResource.String()] = i
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return order[all[i].resource] < order[all[j].resource] })
}

// target returns the namespace that an item is restored into.
func (m *multiItems) target(id velero.ResourceIdentifier) string {
	if mapped, ok := m.ctx.restore.Spec.NamespaceMapping[id.Namespace]; ok {
		return mapped
	}
	return id.Namespace
}

// key is what Velero knows a restored item by.
func (m *multiItems) key(it *multiItem) itemKey {
	if it.isNamespace() {
		return itemKey{resource: "v1/Namespace", name: m.target(velero.ResourceIdentifier{Namespace: it.original})}
	}
	key := itemKey{resource: it.id.GroupResource.String(), namespace: m.target(it.id), name: it.original}
	if head, err := m.items.head(it); err == nil {
		key.resource = head.APIVersion + "/" + head.Kind
	}
	return key
}

// fail leaves an item out and counts an error that names it. action is empty
// when no single one is to blame.
func (m *multiItems) fail(it *multiItem, action string, err error) {
	it.state = itemFailed
	m.errs.Add(m.resultsOf(it), fmt.Errorf("error preparing %s: %w", it, byAction(action, err)))
}

func (m *multiItems) warn(it *multiItem, action, message string) {
	m.warnings.Add(m.resultsOf(it), fmt.Errorf("%s: %w", it, byAction(action, fmt.Errorf("%s", message))))
}

func byAction(action string, err error) error {
	if action == "" {
		return fmt.Errorf("multi-item actions: %w", err)
	}
	return fmt.Errorf("multi-item action %q: %w", action, err)
}

// resultsOf returns the namespace under which an item's results are shown: that
// of a Namespace is itself.
func (m *multiItems) resultsOf(it *multiItem) string {
	if it.isNamespace() {
		return m.target(velero.ResourceIdentifier{Namespace: it.original})
	}
	return m.target(it.id)
}

func itemName(id velero.ResourceIdentifier) string {
	return getResourceID(id.GroupResource, id.Namespace, id.Name)
}
