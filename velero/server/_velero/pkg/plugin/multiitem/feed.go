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
	"errors"
	"fmt"
	"sync"

	mia "github.com/velero-krm/velero-krm/multiitem"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
)

// feed gives those items of a List that one action wants to it, and its
// answers to the List. It is a mia.Source and a mia.Sink.
type feed struct {
	list   List
	action *action
	// end is where the list ended when the action started.
	end int

	// serial lets one method of the list at a time change something. It is
	// taken before grow.
	serial sync.Mutex
	// grow is held for writing while the list grows, for reading by all else.
	grow sync.RWMutex

	mu sync.Mutex
	// picked are the positions in the list of the items that were given to the
	// action, by their index there.
	picked []int
	// next is the position to look at next.
	next int
}

func newFeed(list List, action *action) *feed {
	return &feed{list: list, action: action, end: list.Len()}
}

// count returns how many items the action will get at most.
func (f *feed) count() int {
	n := 0
	for i := range f.end {
		if f.wants(i) {
			n++
		}
	}
	return n
}

// Load is of mia.Source.
func (f *feed) Load(ctx context.Context, index int) (*mia.Item, error) {
	i, ok := f.position(index)
	if !ok {
		return f.pick(ctx, index)
	}
	id, object, err := f.load(ctx, i)
	if err != nil {
		return nil, fmt.Errorf("error loading %s: %w", describe(id), err)
	}
	return &mia.Item{Index: index, ID: toAction(id), Object: object}, nil
}

// load loads an item while the list does not grow.
func (f *feed) load(ctx context.Context, i int) (velero.ResourceIdentifier, []byte, error) {
	f.grow.RLock()
	defer f.grow.RUnlock()
	id, _ := f.list.Item(i)
	object, err := f.list.Load(ctx, i)
	return id, object, err
}

// wants tells whether the item is in and the action selects it.
func (f *feed) wants(i int) bool {
	f.grow.RLock()
	defer f.grow.RUnlock()
	id, in := f.list.Item(i)
	return in && f.action.selector.matches(id)
}

// position returns which item of the list has the index.
func (f *feed) position(index int) (int, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if index < 0 || index >= len(f.picked) {
		return 0, false
	}
	return f.picked[index], true
}

// pick finds the next item that the action wants. It is called by one
// goroutine at a time.
func (f *feed) pick(ctx context.Context, index int) (*mia.Item, error) {
	for f.next < f.end {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		i := f.next
		f.next++
		if !f.wants(i) {
			continue
		}
		id, object, err := f.load(ctx, i)
		if err != nil {
			f.fail(i, fmt.Errorf("error loading item: %w", err))
			continue
		}
		in, err := f.action.selector.matchesLabels(object)
		if err != nil {
			f.fail(i, err)
			continue
		}
		if !in {
			continue
		}
		f.mu.Lock()
		f.picked = append(f.picked, i)
		f.mu.Unlock()
		return &mia.Item{Index: index, ID: toAction(id), Object: object}, nil
	}
	return nil, mia.ErrEnd
}

// fail fails an item that the action was not given.
func (f *feed) fail(i int, err error) {
	f.serial.Lock()
	defer f.serial.Unlock()
	f.grow.RLock()
	defer f.grow.RUnlock()
	f.list.Fail(i, f.action.name, err)
}

// Answer is of mia.Sink.
func (f *feed) Answer(_ context.Context, answer mia.Answer) error {
	i, ok := f.position(answer.Index)
	if !ok {
		return fmt.Errorf("answer for item %d, which was not sent", answer.Index)
	}
	f.serial.Lock()
	defer f.serial.Unlock()
	f.grow.RLock()
	defer f.grow.RUnlock()

	name := f.action.name
	for _, warning := range answer.Warnings {
		f.list.Warn(i, name, warning)
	}
	for _, problem := range answer.Errors {
		f.list.Fail(-1, name, errors.New(problem))
	}
	switch answer.Status {
	case mia.Updated:
		if err := f.list.Update(i, answer.Object); err != nil {
			f.list.Fail(i, name, err)
			return nil
		}
	case mia.Skipped:
		f.list.Skip(i, name, answer.Message)
	case mia.Failed:
		f.list.Fail(i, name, failure(answer))
		return nil
	case mia.Unchanged:
	}
	if len(answer.AdditionalItems) > 0 {
		ids := make([]velero.ResourceIdentifier, 0, len(answer.AdditionalItems))
		for _, id := range answer.AdditionalItems {
			ids = append(ids, fromAction(id))
		}
		f.list.Additional(i, name, ids)
	}
	return nil
}

func failure(answer mia.Answer) error {
	if answer.Err != nil {
		return answer.Err
	}
	return errors.New(answer.Message)
}

// Created is of mia.Sink.
func (f *feed) Created(_ context.Context, created mia.Created) error {
	from := make([]int, 0, len(created.From))
	for _, index := range created.From {
		if i, ok := f.position(index); ok {
			from = append(from, i)
		}
	}
	f.serial.Lock()
	defer f.serial.Unlock()
	f.grow.Lock()
	defer f.grow.Unlock()
	if err := f.list.Create(f.action.name, fromAction(created.ID), created.Object, from); err != nil {
		f.list.Fail(-1, f.action.name, fmt.Errorf("error adding %s: %w", created.ID, err))
	}
	return nil
}

func toAction(id velero.ResourceIdentifier) mia.ResourceIdentifier {
	return mia.ResourceIdentifier{Group: id.Group, Resource: id.Resource, Namespace: id.Namespace, Name: id.Name}
}

func fromAction(id mia.ResourceIdentifier) velero.ResourceIdentifier {
	return velero.ResourceIdentifier{
		GroupResource: schema.GroupResource{Group: id.Group, Resource: id.Resource},
		Namespace:     id.Namespace,
		Name:          id.Name,
	}
}

func describe(id velero.ResourceIdentifier) string {
	return toAction(id).String()
}
