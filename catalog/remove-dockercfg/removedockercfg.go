package removedockercfg

import (
	"context"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
)

// Function returns the function.
func Function() fn.Function {
	return fn.New("remove-dockercfg", "Removes from ServiceAccounts the names of the registry credentials that OpenShift generated for them.", transform, fn.Describe(fn.About{Kinds: []string{"ServiceAccount"}}))
}

func transform(_ context.Context, _ fn.NoConfig, list *fn.List) error {
	for o := range list.Of("", "ServiceAccount") {
		// OpenShift calls them <account>-dockercfg-<random>.
		prefix := o.Identity().Name + "-dockercfg-"
		for _, field := range []string{"secrets", "imagePullSecrets"} {
			if err := remove(o, field, prefix); err != nil {
				list.Fail(o, err)
			}
		}
	}
	return nil
}

// remove takes the elements out whose name begins with prefix.
func remove(o *fn.Object, field, prefix string) error {
	v, _ := o.Get(field)
	list, ok := v.([]any)
	if !ok {
		return nil
	}
	kept := make([]any, 0, len(list))
	for _, element := range list {
		ref, _ := element.(map[string]any)
		if name, _ := ref["name"].(string); strings.HasPrefix(name, prefix) {
			continue
		}
		kept = append(kept, element)
	}
	if len(kept) == len(list) {
		return nil
	}
	return o.Set(kept, field)
}
