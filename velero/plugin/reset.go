package plugin

import (
	"maps"
	"reflect"

	"github.com/velero-krm/velero-krm/krm"
)

// resetMetadata are the fields of metadata that Velero takes out of every
// object before it creates it (pkg/restore/restore.go, resetMetadata).
func resetMetadata() []string {
	return []string{
		"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generateName", "generation",
		"ownerReferences", "resourceVersion", "selfLink", "uid",
	}
}

// withoutReset returns both objects without what Velero resets, so that a
// change of it is no change, and the paths where there was one.
func withoutReset(before, after *krm.Item) (base, changed *krm.Item, dropped []string, err error) {
	was, is := before.Object(), after.Object()
	for _, key := range resetMetadata() {
		if takeOut(was, is, "metadata", key) {
			dropped = append(dropped, "metadata."+key)
		}
	}
	if takeOut(was, is, "", "status") {
		dropped = append(dropped, "status")
	}
	if base, err = krm.FromObject(was); err != nil {
		return nil, nil, nil, err
	}
	if changed, err = krm.FromObject(is); err != nil {
		return nil, nil, nil, err
	}
	return base, changed, dropped, nil
}

// takeOut removes a field, of the mapping parent or of the object itself, from
// both objects and reports whether they differed in it.
func takeOut(was, is map[string]any, parent, key string) bool {
	values := make([]any, 2)
	for i, obj := range []map[string]any{was, is} {
		if parent != "" {
			obj, _ = obj[parent].(map[string]any)
		}
		values[i] = obj[key]
		maps.DeleteFunc(obj, func(k string, _ any) bool { return k == key })
	}
	return !reflect.DeepEqual(values[0], values[1])
}
