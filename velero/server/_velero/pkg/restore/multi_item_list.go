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
	"errors"
	"fmt"

	"github.com/vmware-tanzu/velero/pkg/kuberesource"
	"github.com/vmware-tanzu/velero/pkg/plugin/multiitem"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
)

// multiItemList shows the actions the items of a restore from an index on. What
// an action leaves out, changes or creates is noted in the store; names that
// change are settled when all actions have run.
type multiItemList struct {
	*multiItems
	from int
}

var _ multiitem.List = (*multiItemList)(nil)

// Len is of multiitem.List.
func (l *multiItemList) Len() int { return l.items.len() - l.from }

func (l *multiItemList) at(i int) *multiItem { return l.items.at(l.from + i) }

// Item is of multiitem.List.
func (l *multiItemList) Item(i int) (velero.ResourceIdentifier, bool) {
	it := l.at(i)
	return it.id, it.state == itemIn
}

// Load is of multiitem.List.
func (l *multiItemList) Load(_ go_context.Context, i int) ([]byte, error) {
	return l.items.fs.ReadFile(l.at(i).path)
}

// Update is of multiitem.List.
func (l *multiItemList) Update(i int, object []byte) error {
	it := l.at(i)
	kind, err := l.items.kind(it)
	if err != nil {
		return fmt.Errorf("error reading the item that is to be replaced: %w", err)
	}
	head, err := multiitem.CheckUpdated(object, it.id, kind)
	if err != nil {
		return err
	}
	if err := l.checkRename(it, head.Metadata.Name); err != nil {
		return err
	}
	if err := l.items.write(it.path, object); err != nil {
		return fmt.Errorf("error writing updated item: %w", err)
	}
	it.id.Name, it.version = head.Metadata.Name, apiVersion(head)
	return nil
}

// Skip is of multiitem.List.
func (l *multiItemList) Skip(i int, action, message string) {
	it := l.at(i)
	it.state = itemSkipped
	l.log.Infof("Skipping restore of %s because multi-item action %q discarded it: %s", it, action, message)
}

// Fail is of multiitem.List.
func (l *multiItemList) Fail(i int, action string, err error) {
	if i < 0 {
		l.errs.AddVeleroError(fmt.Errorf("multi-item action %q: %w", action, err))
		return
	}
	l.fail(l.at(i), action, err)
}

// Warn is of multiitem.List.
func (l *multiItemList) Warn(i int, action, message string) {
	if i < 0 {
		l.warnings.AddVeleroError(fmt.Errorf("multi-item action %q: %s", action, message))
		return
	}
	l.warn(l.at(i), action, message)
}

// Create is of multiitem.List.
func (l *multiItemList) Create(action string, id velero.ResourceIdentifier, object []byte, _ []int) error {
	head, err := multiitem.CheckUpdated(object, id, "")
	if err != nil {
		return err
	}
	if head.Metadata.Name != id.Name {
		return fmt.Errorf("the object is named %q", head.Metadata.Name)
	}
	// An excluded Namespace is still what Velero makes the namespace of other
	// items from.
	reason, namespace := l.excluded(id), id.GroupResource == kuberesource.Namespaces
	if reason != "" && !namespace {
		l.warnings.Add(l.target(id), fmt.Errorf("not restoring %s, which multi-item action %q created: %s", itemName(id), action, reason))
		return nil
	}
	if other := l.items.find(id); other != nil {
		if other.created {
			// A host keeps the first (docs/protocol.md of velero-krm).
			l.log.Debugf("Multi-item action %q created %s, which was created before; keeping the first", action, other)
			return nil
		}
		return errors.New("an item of the restore has that name")
	}
	it, err := l.items.create(id, object)
	if err != nil {
		return fmt.Errorf("error writing created item: %w", err)
	}
	it.aside = reason != ""
	l.log.Infof("Multi-item action %q created %s", action, it)
	return nil
}

// Additional is of multiitem.List.
func (l *multiItemList) Additional(_ int, action string, ids []velero.ResourceIdentifier) {
	for _, id := range ids {
		l.wanted = append(l.wanted, wantedItem{id: id, action: action})
	}
}
