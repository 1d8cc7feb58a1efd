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
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"github.com/vmware-tanzu/velero/pkg/features"
	"github.com/vmware-tanzu/velero/pkg/plugin/multiitem"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
)

// backupList is the multiitem.List of a backup: the collected items, each in a
// file.
type backupList struct {
	items   *multiItems
	log     logrus.FieldLogger
	entries []backupEntry
	asked   []velero.ResourceIdentifier
}

type backupEntry struct {
	resource *kubernetesResource
	// origin is the name in the cluster; empty for a created object.
	origin  velero.ResourceIdentifier
	created bool
	// by is the action that changed the item last.
	by string
	// out is set when the item is not to be backed up.
	out bool
}

var _ multiitem.List = (*backupList)(nil)

func newBackupList(items *multiItems, log logrus.FieldLogger, resources []*kubernetesResource) *backupList {
	l := &backupList{items: items, log: log, entries: make([]backupEntry, 0, len(resources))}
	for _, resource := range resources {
		l.entries = append(l.entries, backupEntry{resource: resource, origin: resource.identifier()})
	}
	return l
}

// Len is of multiitem.List.
func (l *backupList) Len() int { return len(l.entries) }

// Item is of multiitem.List.
func (l *backupList) Item(i int) (velero.ResourceIdentifier, bool) {
	entry := &l.entries[i]
	return entry.resource.identifier(), !entry.out
}

// Load is of multiitem.List.
func (l *backupList) Load(_ context.Context, i int) ([]byte, error) {
	return l.items.read(l.entries[i].resource)
}

// Update is of multiitem.List.
func (l *backupList) Update(i int, object []byte) error {
	entry := &l.entries[i]
	name, err := checkObject(object, entry.resource.identifier(), entry.resource.preferredGVR, entry.resource.kind)
	if err != nil {
		return err
	}
	if err := l.items.replace(entry.resource, object); err != nil {
		return err
	}
	entry.resource.name = name
	return nil
}

// checkObject returns the name of an object that is to be what id says. The
// version must be the preferred one, because only that is written where a
// restore looks for it, unless all versions are backed up.
func checkObject(object []byte, id velero.ResourceIdentifier, preferred schema.GroupVersionResource, kind string) (string, error) {
	head, err := multiitem.CheckUpdated(object, id, kind)
	if err != nil {
		return "", err
	}
	if head.APIVersion != preferred.GroupVersion().String() && !features.IsEnabled(velerov1api.APIGroupVersionsFeatureFlag) {
		return "", fmt.Errorf("action changed apiVersion to %q; the cluster prefers %q", head.APIVersion, preferred.GroupVersion().String())
	}
	return head.Metadata.Name, nil
}

// Skip is of multiitem.List.
func (l *backupList) Skip(i int, action, message string) {
	l.entries[i].out = true
	l.logFor(i, action).Infof("Excluding item because multi-item action %s left it out: %s", action, message)
}

// Fail is of multiitem.List. The backup counts what is logged as an error.
func (l *backupList) Fail(i int, action string, err error) {
	if i < 0 {
		l.logFor(i, action).WithError(err).Error("Error running multi-item action")
		return
	}
	l.entries[i].out = true
	id := l.entries[i].resource.identifier()
	what := "multi-item actions"
	if action != "" {
		what = "multi-item action " + action
	}
	err = fmt.Errorf("error executing %s (groupResource=%s, namespace=%s, name=%s): %w",
		what, id.GroupResource.String(), id.Namespace, id.Name, err)
	l.logFor(i, action).WithError(err).Error("Error backing up item")
}

// failAll fails what is still in.
func (l *backupList) failAll(err error) {
	for i := range l.entries {
		if !l.entries[i].out {
			l.Fail(i, "", err)
		}
	}
}

// failUnwritten fails the items whose new objects could not be written.
func (l *backupList) failUnwritten() {
	for i := range l.entries {
		entry := &l.entries[i]
		if entry.out || entry.resource.spooled == nil {
			continue
		}
		if _, err := l.items.spool.readable(entry.resource.spooled); err != nil {
			l.Fail(i, entry.by, err)
		}
	}
}

// Warn is of multiitem.List. The backup counts what is logged as a warning.
func (l *backupList) Warn(i int, action, message string) {
	l.logFor(i, action).Warn(message)
}

// logFor names the item as the rest of the backup does.
func (l *backupList) logFor(i int, action string) logrus.FieldLogger {
	log := l.log
	if action != "" {
		log = log.WithField("multiItemAction", action)
	}
	if i < 0 {
		return log
	}
	id := l.entries[i].resource.identifier()
	return log.WithFields(logrus.Fields{
		"resource":  id.GroupResource.String(),
		"namespace": id.Namespace,
		"name":      id.Name,
	})
}

// Create is of multiitem.List.
func (l *backupList) Create(action string, id velero.ResourceIdentifier, object []byte, _ []int) error {
	gvr, resource, err := l.items.kb.discoveryHelper.ResourceFor(id.GroupResource.WithVersion(""))
	if err != nil {
		return fmt.Errorf("error finding resource: %w", err)
	}
	if resource.Namespaced != (id.Namespace != "") {
		return fmt.Errorf("object has namespace %q, and its resource is namespaced: %t", id.Namespace, resource.Namespaced)
	}
	id.GroupResource = gvr.GroupResource()
	name, err := checkObject(object, id, gvr, resource.Kind)
	if err != nil {
		return err
	}
	if name != id.Name {
		return fmt.Errorf("object is named %q, and was announced as %q", name, id.Name)
	}
	spooled, err := l.items.spool.add(object)
	if err != nil {
		return err
	}
	l.entries = append(l.entries, backupEntry{by: action, created: true, resource: &kubernetesResource{
		groupResource: id.GroupResource,
		preferredGVR:  gvr,
		namespace:     id.Namespace,
		name:          id.Name,
		spooled:       spooled,
		kind:          resource.Kind,
	}})
	return nil
}

// Additional is of multiitem.List. An item that carries the annotation for it
// has its additional items backed up whatever the backup excludes, as with item
// actions, and does not keep it.
func (l *backupList) Additional(i int, action string, ids []velero.ResourceIdentifier) {
	must, err := l.takeMustInclude(i)
	if err != nil {
		l.Fail(i, action, err)
		return
	}
	if must {
		l.items.force(ids)
	}
	l.asked = append(l.asked, ids...)
}

func (l *backupList) takeMustInclude(i int) (bool, error) {
	resource := l.entries[i].resource
	object, err := l.items.read(resource)
	if err != nil {
		return false, fmt.Errorf("error reading item: %w", err)
	}
	if !bytes.Contains(object, []byte(velerov1api.MustIncludeAdditionalItemAnnotation)) {
		return false, nil
	}
	item := new(unstructured.Unstructured)
	if err := json.Unmarshal(object, item); err != nil {
		return false, fmt.Errorf("error decoding item: %w", err)
	}
	annotations := item.GetAnnotations()
	must := annotations[velerov1api.MustIncludeAdditionalItemAnnotation] == "true"
	delete(annotations, velerov1api.MustIncludeAdditionalItemAnnotation)
	item.SetAnnotations(annotations)
	if object, err = json.Marshal(item); err != nil {
		return false, fmt.Errorf("error encoding item: %w", err)
	}
	return must, l.items.replace(resource, object)
}

// force makes items be backed up whatever the backup excludes.
func (m *multiItems) force(ids []velero.ResourceIdentifier) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		m.forced[id] = true
	}
}

// writeFile writes an object where the collector keeps the items.
func (m *multiItems) writeFile(object []byte) (string, error) {
	f, err := os.CreateTemp(m.collector.dir, "")
	if err != nil {
		return "", fmt.Errorf("error creating temp file: %w", err)
	}
	if _, err := f.Write(object); err != nil {
		_ = f.Close()
		return "", fmt.Errorf("error writing item to file: %w", err)
	}
	if err := f.Close(); err != nil {
		return "", fmt.Errorf("error closing file: %w", err)
	}
	return f.Name(), nil
}
