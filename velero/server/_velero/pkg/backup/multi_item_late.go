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

	"github.com/sirupsen/logrus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
)

// backupLateItem backs up an additional item of an item action that is not in
// the item's block: as the multi-item actions left it, or after it has gone
// through them.
func (ib *itemBackupper) backupLateItem(
	log logrus.FieldLogger,
	id velero.ResourceIdentifier,
	mustInclude, finalize bool,
	itemBlock *BackupItemBlock,
) ([]FileForArchive, error) {
	now, in := ib.multiItems.current(id)
	if !in {
		log.Infof("Not backing up additional item %s %s/%s because a multi-item action left it out", id.GroupResource, id.Namespace, id.Name)
		return nil, nil
	}
	resources, err := ib.multiItems.bring(log, now, mustInclude)
	if err != nil {
		return nil, err
	}
	var all []FileForArchive
	for _, resource := range resources {
		item, err := ib.multiItems.load(resource)
		if errors.Is(err, os.ErrNotExist) {
			// Finalizing removes the file of an item that it is done with.
			continue
		}
		if err != nil {
			return all, err
		}
		_, files, err := ib.backupItem(log, item, resource.groupResource, resource.preferredGVR, mustInclude, finalize, itemBlock)
		if err != nil {
			return all, err
		}
		all = append(all, files...)
	}
	return all, nil
}

// backupLateExtras backs up what joined while other items were backed up, and
// what joins because of that.
func (kb *kubernetesBackupper) backupLateExtras(log logrus.FieldLogger, itemBackupper *itemBackupper, backedUp map[schema.GroupResource]bool) {
	for extras := itemBackupper.multiItems.takeExtras(); len(extras) > 0; extras = itemBackupper.multiItems.takeExtras() {
		for _, resource := range extras {
			item, err := itemBackupper.multiItems.load(resource)
			if err != nil {
				log.WithError(err).WithField("name", resource.name).Error("Error backing up item")
				continue
			}
			if kb.backupItem(log, resource.groupResource, itemBackupper, item, resource.preferredGVR, nil) {
				backedUp[resource.groupResource] = true
			}
		}
	}
}

// late gives an item that was read from the cluster to the actions. It returns
// nil when the item is not to be backed up.
func (m *multiItems) late(log logrus.FieldLogger, id velero.ResourceIdentifier, item *unstructured.Unstructured) *unstructured.Unstructured {
	if m == nil {
		return item
	}
	m.lateMu.Lock()
	defer m.lateMu.Unlock()
	now, in := m.current(id)
	if !in {
		log.Infof("Not backing up %s %s/%s because a multi-item action left it out", id.GroupResource, id.Namespace, id.Name)
		return nil
	}
	resources := m.find(now)
	if len(resources) == 0 {
		resources = m.join(log, id, item)
	}
	if len(resources) == 0 {
		return nil
	}
	converted, err := m.load(resources[0])
	if err != nil {
		m.logFor(log, id).WithError(err).Error("Error backing up item")
		return nil
	}
	return converted
}

// bring returns an item as the actions left it, which they did before or do
// now; no resources when it is not to be backed up. Actions do not see what the
// backup excludes. An error is one of the API server.
func (m *multiItems) bring(log logrus.FieldLogger, id velero.ResourceIdentifier, mustInclude bool) ([]*kubernetesResource, error) {
	m.lateMu.Lock()
	defer m.lateMu.Unlock()
	// Another worker may have brought it in the meantime.
	now, in := m.current(id)
	if !in {
		return nil, nil
	}
	if resources := m.find(now); len(resources) > 0 {
		return resources, nil
	}
	item, err := m.get(log, id)
	if item == nil || err != nil || !m.checks.itemInclusionChecks(m.logFor(log, id), mustInclude, item, item, id.GroupResource) {
		return nil, err
	}
	return m.join(log, id, item), nil
}

// get reads an item from the cluster. It returns nil when there is none.
func (m *multiItems) get(log logrus.FieldLogger, id velero.ResourceIdentifier) (*unstructured.Unstructured, error) {
	gvr, resource, err := m.kb.discoveryHelper.ResourceFor(id.GroupResource.WithVersion(""))
	if err != nil {
		return nil, err
	}
	client, err := m.kb.dynamicFactory.ClientForGroupVersionResource(gvr.GroupVersion(), resource, id.Namespace)
	if err != nil {
		return nil, err
	}
	item, err := client.Get(id.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		m.logFor(log, id).Warn("Additional item was not found in Kubernetes API, can't back it up")
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("error getting additional item: %w", err)
	}
	return item, nil
}

// join takes an item through the actions that its list has been through. What
// they create or ask for because of it is backed up later. lateMu is held.
func (m *multiItems) join(log logrus.FieldLogger, id velero.ResourceIdentifier, item *unstructured.Unstructured) []*kubernetesResource {
	resource, err := m.newResource(id, item)
	if err != nil {
		m.logFor(log, id).WithError(err).Error("Error backing up item")
		return nil
	}
	list := newBackupList(m, log, []*kubernetesResource{resource})
	if err := m.actions.RunLate(context.Background(), list); err != nil {
		list.failAll(err)
	}
	resources := m.settle(list)
	m.bringAdditionalHeld(log, list)
	if list.entries[0].out {
		m.addExtras(resources)
		return nil
	}
	m.addExtras(resources[1:])
	return resources[:1]
}

func (m *multiItems) newResource(id velero.ResourceIdentifier, item *unstructured.Unstructured) (*kubernetesResource, error) {
	gvr, resource, err := m.kb.discoveryHelper.ResourceFor(id.GroupResource.WithVersion(""))
	if err != nil {
		return nil, fmt.Errorf("error finding resource: %w", err)
	}
	path, err := m.collector.writeToFile(item)
	if err != nil {
		return nil, err
	}
	return &kubernetesResource{
		groupResource: id.GroupResource,
		preferredGVR:  gvr,
		namespace:     id.Namespace,
		name:          id.Name,
		path:          path,
		kind:          resource.Kind,
	}, nil
}

// bringAdditional adds the items that actions asked for to the extras.
func (m *multiItems) bringAdditional(log logrus.FieldLogger, list *backupList) {
	m.lateMu.Lock()
	defer m.lateMu.Unlock()
	m.bringAdditionalHeld(log, list)
}

func (m *multiItems) bringAdditionalHeld(log logrus.FieldLogger, list *backupList) {
	for _, id := range list.asked {
		now, in := m.current(id)
		if !in || len(m.find(now)) > 0 {
			continue
		}
		item, err := m.get(log, id)
		if err != nil {
			m.logFor(log, id).WithError(err).Error("Error backing up item")
			continue
		}
		if item != nil && m.checks.itemInclusionChecks(m.logFor(log, id), false, item, item, id.GroupResource) {
			m.addExtras(m.join(log, id, item))
		}
	}
}

func (m *multiItems) addExtras(resources []*kubernetesResource) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.extras = append(m.extras, resources...)
}

// logFor names an item as the rest of the backup does.
func (m *multiItems) logFor(log logrus.FieldLogger, id velero.ResourceIdentifier) logrus.FieldLogger {
	return log.WithFields(logrus.Fields{
		"resource":  id.GroupResource.String(),
		"namespace": id.Namespace,
		"name":      id.Name,
	})
}

// load reads and decodes an item.
func (m *multiItems) load(resource *kubernetesResource) (*unstructured.Unstructured, error) {
	object, err := m.read(resource)
	if err != nil {
		return nil, fmt.Errorf("error reading item: %w", err)
	}
	item := new(unstructured.Unstructured)
	if err := json.Unmarshal(object, item); err != nil {
		return nil, fmt.Errorf("error decoding item: %w", err)
	}
	return item, nil
}
