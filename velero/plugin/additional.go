package plugin

import (
	"fmt"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/multiitem"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// identifiers are what functions ask for as Velero's item actions name it, nil
// for nothing.
func identifiers(items []krm.AdditionalItem) []velero.ResourceIdentifier {
	var ids []velero.ResourceIdentifier
	for _, item := range items {
		ids = append(ids, velero.ResourceIdentifier{
			GroupResource: schema.GroupResource{Group: item.Group, Resource: item.Resource},
			Namespace:     item.Namespace, Name: item.Name,
		})
	}
	return ids
}

// protocolIDs are the same as multi-item actions name it.
func protocolIDs(items []krm.AdditionalItem) []multiitem.ResourceIdentifier {
	var ids []multiitem.ResourceIdentifier
	for _, item := range items {
		ids = append(ids, multiitem.ResourceIdentifier{Group: item.Group, Resource: item.Resource, Namespace: item.Namespace, Name: item.Name})
	}
	return ids
}

// checkAdditional refuses what the cluster cannot have and an object of a backup
// is to take along: Velero would fail the object with less of a reason. On
// restore the kinds may come with the backup, and what is not in it is a warning
// of Velero's.
func (r *run) checkAdditional(id krm.Identity, items []krm.AdditionalItem) error {
	for _, item := range items {
		if err := r.checkResource(item); err != nil {
			return fmt.Errorf("%s: %w: %s: %w", id, krm.ErrAdditionalItem, item, err)
		}
	}
	return nil
}

func (r *run) checkResource(item krm.AdditionalItem) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	resource := schema.GroupResource{Group: item.Group, Resource: item.Resource}
	s, ok := r.kinds.resource(resource)
	switch {
	case !ok && r.kinds.unsure(item.Group+"/") != nil:
		return r.kinds.unsure(item.Group + "/")
	case !ok:
		return fmt.Errorf("the cluster does not have the resource %s (kubectl api-resources lists what it has)", resource)
	case s.namespaced && item.Namespace == "":
		return fmt.Errorf("%s live in namespaces: name that of the object", resource)
	case !s.namespaced && item.Namespace != "":
		return fmt.Errorf("%s live in no namespace: leave it out", resource)
	}
	return nil
}
