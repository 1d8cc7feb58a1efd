// Package anew lets functions of the catalogue that work on an object as a
// plain map put the result back: without the cost of finding out field by
// field what they changed.
package anew

import (
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Put makes fields the content of the object at index i of list.Objects, which
// came in as an item, and reports whether that changed it. An object that is
// the same stays the item that it was. fields is not kept.
//
// The errors are those of [krm.FromObject], for fields that are no KRM object.
func Put(list *fn.List, i int, fields map[string]any) (bool, error) {
	item, err := krm.FromObject(fields)
	if err != nil || list.Objects[i].Item().Equal(item) {
		return false, err
	}
	swap(list, i, item)
	return true, nil
}

// PutChanged is [Put] for a caller that knows that something changed.
func PutChanged(list *fn.List, i int, fields map[string]any) error {
	item, err := krm.FromObject(fields)
	if err != nil {
		return err
	}
	swap(list, i, item)
	return nil
}

// PutItem makes an item the object at index i of list.Objects, for a caller that
// knows that something changed and has encoded it.
func PutItem(list *fn.List, i int, item *krm.Item) { swap(list, i, item) }

func swap(list *fn.List, i int, item *krm.Item) {
	// The list makes objects at its end alone. In a statement of its own: to make
	// room it may move the slice, and Go does not say whether that comes before
	// list.Objects is looked at.
	o := list.Add(item)
	list.Objects = list.Objects[:len(list.Objects)-1]
	list.Objects[i] = o
}
