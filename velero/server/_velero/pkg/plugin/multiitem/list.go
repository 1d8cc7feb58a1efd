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

package multiitem

import (
	"context"

	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
)

// List is what a host lets multi-item actions work on. Actions run over it one
// after the other, each seeing what those before it did.
//
// Item and Load may be called while another method but Create is at work on
// another item; the other methods are called by one goroutine at a time.
// Indexes stay what they are: an item that is left out keeps its own, and Create
// adds at the end.
type List interface {
	// Len returns how many items there are, those left out and created
	// included. Items that an action creates are not given to that action, but
	// to those after it.
	Len() int
	// Item returns what the item is called now, and whether it is still in: not
	// skipped, failed, or for the host's own reasons not given to actions. On a
	// restore the namespace is the one in the backup.
	Item(i int) (id velero.ResourceIdentifier, in bool)
	// Load returns the item as JSON. An error fails the item, and is not final
	// for the others.
	Load(ctx context.Context, i int) ([]byte, error)
	// Update replaces the item. The object has the group, kind and namespace
	// that it had, and may have another name. An error fails the item.
	Update(i int, object []byte) error
	// Skip leaves the item out.
	Skip(i int, action, message string)
	// Fail leaves the item out and counts an error that names it. i is -1 for an
	// error that is about no single item.
	Fail(i int, action string, err error)
	// Warn counts a warning. i is -1 when it is about no single item.
	Warn(i int, action, message string)
	// Create adds an object at the end of the list. from are the indexes of the
	// items that it was made from, and may be empty. An error is counted, as by
	// Fail with -1.
	Create(action string, id velero.ResourceIdentifier, object []byte, from []int) error
	// Additional asks for items to be backed up or restored too, as those that
	// item actions return. Those that are in the list already need nothing.
	Additional(i int, action string, ids []velero.ResourceIdentifier)
}
