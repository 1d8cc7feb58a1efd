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
	"errors"
	"sync"

	"github.com/sirupsen/logrus"
	mia "github.com/velero-krm/velero-krm/multiitem"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vmware-tanzu/velero/pkg/plugin/multiitem"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
)

// multiItems is what multi-item actions make of the items of one backup. A nil
// *multiItems has no actions and changes nothing. It is safe for concurrent
// use: item blocks are backed up by several workers.
type multiItems struct {
	actions   *multiitem.Actions
	kb        *kubernetesBackupper
	collector *itemCollector
	log       logrus.FieldLogger
	spool     *itemSpool
	// checks has what itemInclusionChecks needs.
	checks *itemBackupper

	// lateMu lets one item at a time join the backup, so that an item that two
	// others ask for goes through the actions once.
	lateMu sync.Mutex

	mu sync.RWMutex
	// known are the items that went through the actions and are in the backup,
	// by the names they have now. They can be read until the backup ends: an
	// item that is asked for again must not come from the cluster, where it is
	// as it was.
	known map[velero.ResourceIdentifier]*knownItem
	// former are the items that have another name now, or were left out, by the
	// names they have in the cluster.
	former map[velero.ResourceIdentifier]formerItem
	// forced are items that are backed up whatever the backup excludes.
	forced map[velero.ResourceIdentifier]bool
	// extras joined while item blocks were backed up, and are backed up after
	// them.
	extras []*kubernetesResource
}

// knownItem has one resource for each API version that is backed up.
type knownItem struct {
	origin    velero.ResourceIdentifier
	resources []*kubernetesResource
}

type formerItem struct {
	now velero.ResourceIdentifier
	in  bool
}

// runMultiItemActions gives the collected items to the multi-item actions and
// returns those that are to be backed up. An error means that an action refuses
// the backup, which must fail then: nothing has been written.
func (kb *kubernetesBackupper) runMultiItemActions(
	log logrus.FieldLogger,
	request *Request,
	collector *itemCollector,
	manager any,
	items []*kubernetesResource,
) ([]*kubernetesResource, *multiItems, error) {
	m, err := kb.newMultiItems(log, request, collector, manager)
	if m == nil || err != nil {
		return items, nil, err
	}
	list := newBackupList(m, log, items)
	if err := m.actions.Run(context.Background(), list); err != nil {
		m.close()
		return nil, nil, err
	}
	if m.actions.Idle() {
		m.close()
		return items, nil, nil
	}
	items = m.settle(list)
	m.bringAdditional(log, list)
	return append(items, m.takeExtras()...), m, nil
}

// finalizeMultiItemActions does the same for items that are read again after
// asynchronous operations. The backup is written by then: an action that
// refuses leaves its items in it as they were.
func (kb *kubernetesBackupper) finalizeMultiItemActions(
	log logrus.FieldLogger,
	request *Request,
	collector *itemCollector,
	items []*kubernetesResource,
) ([]*kubernetesResource, *multiItems, error) {
	if len(items) == 0 || kb.pluginManager == nil {
		return items, nil, nil
	}
	m, err := kb.newMultiItems(log, request, collector, kb.pluginManager(log))
	if m == nil || err != nil {
		return items, nil, err
	}
	list := newBackupList(m, log, items)
	if err := m.actions.RunLate(context.Background(), list); err != nil {
		list.failAll(err)
	}
	items = append(m.settle(list), m.takeExtras()...)
	return m.intoFiles(items), m, nil
}

// intoFiles gives items files, which are all that finalizing reads.
func (m *multiItems) intoFiles(items []*kubernetesResource) []*kubernetesResource {
	written := make([]*kubernetesResource, 0, len(items))
	for _, item := range items {
		if err := m.intoFile(item); err != nil {
			m.logFor(m.log, item.identifier()).WithError(err).Error("Error backing up item")
			continue
		}
		written = append(written, item)
	}
	return written
}

func (m *multiItems) intoFile(item *kubernetesResource) error {
	if item.spooled == nil {
		return nil
	}
	object, err := m.spool.read(item.spooled)
	if err != nil {
		return err
	}
	path, err := m.writeFile(object)
	if err != nil {
		return err
	}
	item.path, item.spooled = path, nil
	return nil
}

// newMultiItems returns nil when there are no actions.
func (kb *kubernetesBackupper) newMultiItems(log logrus.FieldLogger, request *Request, collector *itemCollector, manager any) (*multiItems, error) {
	actions, err := multiitem.Resolve(context.Background(), multiitem.Config{
		Kind:      mia.KindBackup,
		Manager:   manager,
		Discovery: kb.discoveryHelper,
		Log:       log,
		Backup:    request.Backup,
	})
	if actions == nil || err != nil {
		return nil, err
	}
	m := &multiItems{
		actions:   actions,
		kb:        kb,
		collector: collector,
		log:       log,
		spool:     &itemSpool{dir: collector.dir},
		known:     map[velero.ResourceIdentifier]*knownItem{},
		former:    map[velero.ResourceIdentifier]formerItem{},
		forced:    map[velero.ResourceIdentifier]bool{},
	}
	m.checks = &itemBackupper{backupRequest: request, multiItems: m}
	return m, nil
}

// close ends the plugin processes, and nothing that they made can be read any
// more.
func (m *multiItems) close() {
	if m != nil {
		m.actions.Close()
		m.spool.close()
	}
}

// mustInclude tells whether an item is backed up whatever the backup excludes:
// objects that actions created, and additional items they insist on.
func (m *multiItems) mustInclude(groupResource schema.GroupResource, metadata metav1.Object) bool {
	if m == nil {
		return false
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.forced[velero.ResourceIdentifier{
		GroupResource: groupResource,
		Namespace:     metadata.GetNamespace(),
		Name:          metadata.GetName(),
	}]
}

// current returns what an item is called in the backup, and whether it may be
// in: false for one that an action skipped, or that failed.
func (m *multiItems) current(id velero.ResourceIdentifier) (velero.ResourceIdentifier, bool) {
	if m == nil {
		return id, true
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if _, ok := m.known[id]; ok {
		return id, true
	}
	if former, ok := m.former[id]; ok {
		return former.now, former.in
	}
	return id, true
}

// find returns the resources of an item that went through the actions.
func (m *multiItems) find(id velero.ResourceIdentifier) []*kubernetesResource {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if item, ok := m.known[id]; ok {
		return item.resources
	}
	return nil
}

// settle remembers what became of the items of a list, and returns those that
// are in. Two items of one name would overwrite each other in the backup: the
// one that took the name of another fails, of several that did so the later.
func (m *multiItems) settle(list *backupList) []*kubernetesResource {
	list.failUnwritten()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, kept := range []bool{true, false} {
		for i := range list.entries {
			entry := &list.entries[i]
			if !entry.out && kept == (entry.resource.identifier() == entry.origin) {
				m.claim(list, i)
			}
		}
	}
	items := make([]*kubernetesResource, 0, len(list.entries))
	for i := range list.entries {
		entry := &list.entries[i]
		if entry.out {
			if !entry.created {
				m.former[entry.origin] = formerItem{}
			}
			continue
		}
		items = append(items, entry.resource)
	}
	return items
}

// claim enters an item under the name that it has now.
func (m *multiItems) claim(list *backupList, i int) {
	entry := &list.entries[i]
	now := entry.resource.identifier()
	item, taken := m.known[now]
	switch {
	case !taken:
		item = &knownItem{origin: entry.origin}
		m.known[now] = item
	case entry.created && item.origin == (velero.ResourceIdentifier{}):
		// A host keeps the first of several created objects of one name
		// (docs/protocol.md of velero-krm).
		list.logFor(i, entry.by).Debug("Multi-item actions created an object more than once, keeping the first")
		entry.out = true
		return
	case entry.created || item.origin != entry.origin:
		list.Fail(i, entry.by, errors.New("the backup has another item of this name"))
		return
	}
	item.resources = append(item.resources, entry.resource)
	switch {
	case entry.created:
		m.forced[now] = true
	case now != entry.origin:
		m.former[entry.origin] = formerItem{now: now, in: true}
	}
}

// takeExtras returns the items that joined since it was called last.
func (m *multiItems) takeExtras() []*kubernetesResource {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	extras := m.extras
	m.extras = nil
	return extras
}

// identifier returns what the item is called.
func (r *kubernetesResource) identifier() velero.ResourceIdentifier {
	return velero.ResourceIdentifier{GroupResource: r.groupResource, Namespace: r.namespace, Name: r.name}
}
