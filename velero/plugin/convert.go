package plugin

import (
	"encoding/json"
	"fmt"

	"github.com/velero-krm/velero-krm/krm"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// toItem encodes an object of Velero. Velero's framework decoded it from JSON
// with integers as int64, so no digit is lost that came this far.
func toItem(obj runtime.Unstructured) (*krm.Item, error) {
	content := obj.UnstructuredContent()
	raw, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", identify(obj), err)
	}
	item, err := krm.NewItem(raw)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", identify(obj), err)
	}
	return item, nil
}

// toUnstructured decodes an item the way Velero does.
func toUnstructured(item *krm.Item) (*unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(item.Raw()); err != nil {
		return nil, fmt.Errorf("decode %s: %w", item.Identity(), err)
	}
	return u, nil
}

// identify names an object of Velero.
func identify(obj runtime.Unstructured) krm.Identity {
	u := unstructured.Unstructured{Object: obj.UnstructuredContent()}
	return krm.Identity{APIVersion: u.GetAPIVersion(), Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}
}
