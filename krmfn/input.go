package krmfn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/velero-krm/velero-krm/krm"
)

// readInput returns the objects in data, which it copies.
func readInput(data []byte) ([]*krm.Item, error) {
	return krm.ReadItems(bytes.NewReader(bytes.Clone(data)), "input")
}

// itemOf returns obj as it is now.
func itemOf(obj runtime.Object) (*krm.Item, error) {
	if isNil(obj) {
		return nil, errors.New("object is nil")
	}
	if isList(obj) {
		return nil, ErrUnsupportedInputList
	}
	raw, err := encode(obj)
	if err != nil {
		return nil, err
	}
	item, err := krm.NewItem(raw)
	if err != nil {
		return nil, hintTypeMeta(obj, err)
	}
	return item, nil
}

// encode returns the JSON of obj.
func encode(obj runtime.Object) ([]byte, error) {
	var v any = obj
	if u, ok := obj.(*unstructured.Unstructured); ok {
		// Its own MarshalJSON refuses an object without kind with an error that
		// quotes the whole object, which may be a Secret.
		v = u.Object
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode object of type %T: %w", obj, err)
	}
	return raw, nil
}

// isNil reports whether obj is nil or a nil pointer.
func isNil(obj runtime.Object) bool {
	if obj == nil {
		return true
	}
	v := reflect.ValueOf(obj)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// isList reports whether obj is a list of objects. The name of its Go type says
// nothing: an AllowList may be an object, and an Unstructured may be a List.
func isList(obj runtime.Object) bool {
	u, ok := obj.(*unstructured.Unstructured)
	if !ok {
		_, single := obj.(metav1.Object)
		return !single && meta.IsListType(obj)
	}
	if u.GetName() != "" || u.GetGenerateName() != "" {
		return false // lists have no name; an object with a field "items" does
	}
	return u.IsList() || u.GetKind() == "List"
}

// hintTypeMeta adds what to do about the most common mistake with typed objects.
func hintTypeMeta(obj runtime.Object, err error) error {
	if !obj.GetObjectKind().GroupVersionKind().Empty() {
		return err
	}
	return fmt.Errorf("%w (typed clients leave apiVersion and kind empty: set TypeMeta of the %T)", err, obj)
}
