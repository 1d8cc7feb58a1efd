package fn

import (
	"reflect"

	"github.com/velero-krm/velero-krm/krm"
)

// Object is one mutable object of a [List]. Reading its identity or an
// annotation decodes nothing, so a function that looks only at its own kinds
// costs nothing for the others. The first access to a field decodes it; an
// iteration over the list ([List.All]) encodes it again when it goes on to the
// next object, for a decoded object takes up to ten times its size.
//
// Fields are reached by the keys that lead to them. A getter answers false
// both when the field is absent and when it has another type; a setter
// creates the mappings on the way and fails with a [*TypeError] when one of
// them is something else. Mappings that are null count as absent.
type Object struct {
	// item is the object as it came in, now what was made of it when it was
	// last released; nil: as it came in.
	item, now *krm.Item
	fields    map[string]any
	// decoding counts how often fields was decoded: a [Node] of an earlier one
	// must be looked up again. pinned forbids to release it.
	decoding, pinned int32
	// changed is set by what is done through the methods, exactly; live says
	// that the caller has the map itself and differences must be looked for.
	changed, live, dropped bool
}

// Identity of the object as it came in; of an object made by [List.AddMap],
// as it is now.
func (o *Object) Identity() krm.Identity {
	if o.item != nil {
		return o.item.Identity()
	}
	n := o.Root()
	var id krm.Identity
	id.APIVersion, _ = n.GetString("apiVersion")
	id.Kind, _ = n.GetString("kind")
	id.Namespace, _ = n.GetString("metadata", "namespace")
	id.Name, _ = n.GetString("metadata", "name")
	return id
}

// Is reports whether the object came in as of this kind, in any version. The
// group of the core API is "".
func (o *Object) Is(group, kind string) bool {
	id := o.Identity()
	return id.Kind == kind && id.Group() == group
}

// Item returns the object as it came in, nil when the function made it.
func (o *Object) Item() *krm.Item { return o.item }

// Annotation returns metadata.annotations[key] as it is now, and whether it is
// there and a string. It decodes nothing of an object that was not decoded.
func (o *Object) Annotation(key string) (string, bool) {
	if o.fields == nil && o.item != nil {
		return o.current().Annotation(key)
	}
	return o.Root().GetString("metadata", "annotations", key)
}

// Root returns the object's own mapping.
func (o *Object) Root() Node {
	fields := o.decoded() // before decoding is read
	return Node{o: o, fields: fields, decoding: o.decoding}
}

// Fields returns the decoded object itself. The caller may change it in any
// way: what differs is found when the function returns, at the cost of
// decoding the object once more, and it stays decoded until then. Values are those of [krm.Item.Object].
func (o *Object) Fields() map[string]any {
	o.live = true
	return o.decoded()
}

// Get returns the value of a field; lists and mappings are copies. Change
// them with [Object.Set].
func (o *Object) Get(path ...string) (any, bool) { return o.Root().Get(path...) }

// GetString returns a field that is a string.
func (o *Object) GetString(path ...string) (string, bool) { return o.Root().GetString(path...) }

// GetBool returns a field that is a boolean.
func (o *Object) GetBool(path ...string) (value, ok bool) { return o.Root().GetBool(path...) }

// GetInt returns a field that is an integer.
func (o *Object) GetInt(path ...string) (int64, bool) { return o.Root().GetInt(path...) }

// Has reports whether the field is there, null included.
func (o *Object) Has(path ...string) bool { return o.Root().Has(path...) }

// Node returns a field that is a mapping, for further access.
func (o *Object) Node(path ...string) (Node, bool) { return o.Root().Node(path...) }

// Nodes returns those elements of a list that are mappings.
func (o *Object) Nodes(path ...string) []Node { return o.Root().Nodes(path...) }

// Set sets a field. value is anything that encoding/json can encode; it is
// not kept. The object counts as changed only if the value differs.
func (o *Object) Set(value any, path ...string) error { return o.Root().Set(value, path...) }

// Remove removes a field and reports whether it was there.
func (o *Object) Remove(path ...string) bool { return o.Root().Remove(path...) }

func (o *Object) decoded() map[string]any {
	if o.fields == nil {
		o.fields = o.current().Object()
		o.decoding++
	}
	return o.fields
}

// current returns the object as fields were decoded from it.
func (o *Object) current() *krm.Item {
	if o.now != nil {
		return o.now
	}
	return o.item
}

// release lets go of the fields, where nobody else may have them, for what
// they encode to. What cannot be encoded stays, for finish to fail on.
func (o *Object) release() {
	if o.fields == nil || o.live || o.pinned > 0 {
		return
	}
	if o.changed {
		item, err := krm.FromObject(o.fields)
		if err != nil {
			return
		}
		o.now, o.changed = item, false
	}
	o.fields = nil
}

// finish returns the item that stands for the object now.
func (o *Object) finish() (*krm.Item, error) {
	if o.item != nil && !o.touched() {
		return o.current(), nil
	}
	item, err := krm.FromObject(o.fields)
	if err != nil {
		return nil, err
	}
	// What was written through the map may differ in spelling alone (1, 1.0).
	if o.item != nil && o.live && o.item.Equal(item) {
		return o.item, nil
	}
	return item, nil
}

func (o *Object) touched() bool {
	return o.changed || o.live && !reflect.DeepEqual(o.fields, o.current().Object())
}
