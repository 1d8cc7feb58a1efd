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
	"path/filepath"
	"strconv"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vmware-tanzu/velero/pkg/archive"
	"github.com/vmware-tanzu/velero/pkg/kuberesource"
	"github.com/vmware-tanzu/velero/pkg/plugin/multiitem"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	"github.com/vmware-tanzu/velero/pkg/util/filesystem"
)

// itemState is what became of an item; but for itemIn, it is how Velero calls it.
type itemState string

const (
	itemIn      itemState = ""
	itemSkipped itemState = ItemRestoreResultSkipped
	itemFailed  itemState = ItemRestoreResultFailed
)

// multiItem is an item of the list. Its object is in a file.
type multiItem struct {
	// id has the namespace in the backup, and the name that the object has now.
	id velero.ResourceIdentifier
	// original is the name in the backup.
	original string
	// path of the file, which is rewritten when the object changes.
	path string
	// version of the API, for Velero's informers; empty when it is to be read
	// from the file.
	version string
	state   itemState
	// aside is true for a Namespace that Velero did not collect. Velero creates it
	// before the first item in it, from its file.
	aside bool
	// created is true for what an action created.
	created bool
}

// String returns what the item is called in the backup, as in Velero's messages.
func (it *multiItem) String() string {
	return getResourceID(it.id.GroupResource, it.id.Namespace, it.original)
}

func (it *multiItem) isNamespace() bool { return it.id.GroupResource == kuberesource.Namespaces }

// multiItemStore holds the items of a restore by index and by name. Reading
// files may go on while items are added.
type multiItemStore struct {
	fs  filesystem.Interface
	dir string

	mu    sync.RWMutex // guards items while an action runs
	items []*multiItem
	// current finds items by the names they have, and former those that were
	// renamed by the one they had. Who means the former name of one item and the
	// current one of another, means what will have that name.
	current, former map[velero.ResourceIdentifier]*multiItem
	kinds           map[schema.GroupResource]string
}

func newMultiItemStore(fs filesystem.Interface, dir string) *multiItemStore {
	return &multiItemStore{
		fs: fs, dir: dir,
		current: make(map[velero.ResourceIdentifier]*multiItem),
		former:  make(map[velero.ResourceIdentifier]*multiItem),
		kinds:   make(map[schema.GroupResource]string),
	}
}

func (s *multiItemStore) len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.items)
}

func (s *multiItemStore) at(i int) *multiItem {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.items[i]
}

func (s *multiItemStore) all() []*multiItem { return s.items }

// find returns the item of that name, or nil.
func (s *multiItemStore) find(id velero.ResourceIdentifier) *multiItem {
	if it := s.current[id]; it != nil {
		return it
	}
	return s.former[id]
}

func (s *multiItemStore) add(id velero.ResourceIdentifier, path string) *multiItem {
	it := &multiItem{id: id, original: id.Name, path: path}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items = append(s.items, it)
	s.current[id] = it
	return it
}

// collect adds what Velero collected.
func (s *multiItemStore) collect(collection []restoreableResource) {
	for _, resource := range collection {
		groupResource := schema.ParseGroupResource(resource.resource)
		for namespace, items := range resource.selectedItemsByNamespace {
			for _, item := range items {
				id := velero.ResourceIdentifier{GroupResource: groupResource, Namespace: namespace, Name: item.name}
				it := s.add(id, item.path)
				it.version = item.version
				if it.isNamespace() {
					// The file that Velero creates it from, whichever version
					// of the API it has selected.
					it.path = s.namespacePath(id.Name)
				}
			}
		}
	}
}

func (s *multiItemStore) namespacePath(name string) string {
	return archive.GetItemFilePath(s.dir, kuberesource.Namespaces.String(), "", name)
}

// create adds an object that was not in the backup.
func (s *multiItemStore) create(id velero.ResourceIdentifier, object []byte) (*multiItem, error) {
	path := filepath.Join(s.dir, "multi-item", strconv.Itoa(s.len())+".json")
	if id.GroupResource == kuberesource.Namespaces {
		path = s.namespacePath(id.Name)
	}
	if err := s.fs.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	if err := s.write(path, object); err != nil {
		return nil, err
	}
	it := s.add(id, path)
	it.created = true
	return it, nil
}

func (s *multiItemStore) write(path string, object []byte) error {
	f, err := s.fs.Create(path)
	if err != nil {
		return err
	}
	if _, err := f.Write(object); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

// rename makes the items from an index on known by the names they have now. It
// does so at once for all, as two may change names. It returns those whose new
// name is taken.
func (s *multiItemStore) rename(from int) []*multiItem {
	var moved, refused []*multiItem
	for _, it := range s.items[from:] {
		before := it.id
		before.Name = it.original
		if it.state != itemIn || it.id.Name == it.original || s.former[before] == it {
			continue
		}
		if s.current[before] == it {
			delete(s.current, before)
		}
		s.former[before] = it
		moved = append(moved, it)
	}
	for _, it := range moved {
		if other := s.current[it.id]; other != nil && other.state == itemIn {
			refused = append(refused, it)
			continue
		}
		s.current[it.id] = it
	}
	return refused
}

// head reads what identifies an item's object.
func (s *multiItemStore) head(it *multiItem) (multiitem.Head, error) {
	object, err := s.fs.ReadFile(it.path)
	if err != nil {
		return multiitem.Head{}, err
	}
	return multiitem.ReadHead(object)
}

// kind returns the kind of an item's objects. It is the same for all of a
// resource, so it is read once.
func (s *multiItemStore) kind(it *multiItem) (string, error) {
	if kind, ok := s.kinds[it.id.GroupResource]; ok {
		return kind, nil
	}
	head, err := s.head(it)
	if err != nil {
		return "", err
	}
	s.kinds[it.id.GroupResource] = head.Kind
	return head.Kind, nil
}

// readVersion sets the version of an item when it is not known.
func (s *multiItemStore) readVersion(it *multiItem) {
	if it.version != "" {
		return
	}
	if head, err := s.head(it); err == nil {
		it.version = apiVersion(head)
	}
}

// apiVersion returns the version of an object's API without its group.
func apiVersion(head multiitem.Head) string {
	return schema.FromAPIVersionAndKind(head.APIVersion, head.Kind).Version
}
