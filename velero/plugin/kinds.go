package plugin

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes/scheme"
)

// kinds is what one discovery of the cluster found: the kinds that Velero can
// back up and restore.
type kinds struct {
	// byKind lists where a kind is served; the first of a group is the version
	// in which Velero keeps it.
	byKind map[string][]served
	// failed are the group versions that did not answer.
	failed map[schema.GroupVersion]error
}

// served is one kind in one version.
type served struct {
	gv         schema.GroupVersion
	resource   string
	namespaced bool
	// preferred is true for the version in which Velero keeps the kind.
	preferred bool
}

// veleroVerbs are those a resource must have for Velero to look at it
// (pkg/discovery/helper.go, filterByVerbs).
func veleroVerbs() []string { return []string{"list", "create", "get", "delete"} }

// discoverKinds asks the cluster. Groups that do not answer are remembered and
// are an error only to those who ask for them.
func discoverKinds(client discovery.DiscoveryInterface) (*kinds, error) {
	groups, resources, err := client.ServerGroupsAndResources()
	var partial *discovery.ErrGroupDiscoveryFailed
	if err != nil && !errors.As(err, &partial) {
		return nil, fmt.Errorf("discover kinds: %w", err)
	}
	k := &kinds{byKind: map[string][]served{}, failed: map[schema.GroupVersion]error{}}
	if partial != nil {
		k.failed = partial.Groups
	}
	lists := map[string]*metav1.APIResourceList{}
	for _, list := range resources {
		lists[list.GroupVersion] = list
	}
	for _, group := range groups {
		k.addGroup(group, lists)
	}
	return k, nil
}

// addGroup adds the kinds of a group, its preferred version first.
func (k *kinds) addGroup(group *metav1.APIGroup, lists map[string]*metav1.APIResourceList) {
	versions := slices.Clone(group.Versions)
	slices.SortStableFunc(versions, func(a, b metav1.GroupVersionForDiscovery) int {
		return rank(a.GroupVersion == group.PreferredVersion.GroupVersion) - rank(b.GroupVersion == group.PreferredVersion.GroupVersion)
	})
	seen := map[string]bool{}
	for _, version := range versions {
		list := lists[version.GroupVersion]
		if list == nil {
			continue
		}
		for _, r := range list.APIResources {
			if strings.Contains(r.Name, "/") || !hasVerbs(r) {
				continue
			}
			k.byKind[r.Kind] = append(k.byKind[r.Kind], served{
				gv:       schema.GroupVersion{Group: group.Name, Version: version.Version},
				resource: r.Name, namespaced: r.Namespaced, preferred: !seen[r.Name],
			})
			seen[r.Name] = true
		}
	}
}

func rank(first bool) int {
	if first {
		return 0
	}
	return 1
}

func hasVerbs(r metav1.APIResource) bool {
	for _, verb := range veleroVerbs() {
		if !slices.Contains(r.Verbs, verb) {
			return false
		}
	}
	return true
}

// lookup returns where the kind is served in any version of apiVersion's
// group, in every group when apiVersion is empty. An empty kind means any.
func (k *kinds) lookup(apiVersion, kind string) []served {
	var found []served
	for name, all := range k.byKind {
		if kind != "" && name != kind {
			continue
		}
		for _, s := range all {
			if apiVersion == "" || s.gv.Group == groupOf(apiVersion) {
				found = append(found, s)
			}
		}
	}
	return found
}

// find returns where an object's kind is served, in its version if that is.
func (k *kinds) find(id krm.Identity) (served, bool) {
	found := k.lookup(id.APIVersion, id.Kind)
	// An empty version would mean any group.
	if len(found) == 0 || id.APIVersion == "" {
		return served{}, false
	}
	if i := slices.IndexFunc(found, func(s served) bool { return s.gv.String() == id.APIVersion }); i >= 0 {
		return found[i], true
	}
	return found[0], true
}

// resource returns how a resource is served in the version in which Velero keeps it.
func (k *kinds) resource(resource schema.GroupResource) (served, bool) {
	for _, all := range k.byKind {
		for _, s := range all {
			if s.preferred && s.resource == resource.Resource && s.gv.Group == resource.Group {
				return s, true
			}
		}
	}
	return served{}, false
}

// known reports whether objects of a selector's type can come: with
// preferredOnly, as on backup, in the version in which Velero keeps them. On
// restore any version of the group counts, because the backup may hold another
// one than the cluster prefers; see checkVersions.
func (k *kinds) known(apiVersion, kind string, preferredOnly bool) (known bool, hint string, err error) {
	found := k.lookup(apiVersion, kind)
	if !preferredOnly || apiVersion == "" {
		if len(found) > 0 {
			return true, "", nil
		}
		return false, k.hint(kind), k.unsure(apiVersion)
	}
	preferred := ""
	for _, s := range found {
		if s.preferred && s.gv.String() == apiVersion {
			return true, "", nil
		}
		if s.preferred {
			preferred = s.gv.String()
		}
	}
	if preferred != "" && kind != "" {
		return false, fmt.Sprintf("backups of this cluster hold it as %s: write apiVersion: %s", preferred, preferred), nil
	}
	return false, k.hint(kind), k.unsure(apiVersion)
}

// unsure returns the error of a group that did not answer and might have had it.
func (k *kinds) unsure(apiVersion string) error {
	for _, gv := range slices.SortedFunc(maps.Keys(k.failed), func(a, b schema.GroupVersion) int { return strings.Compare(a.String(), b.String()) }) {
		if apiVersion == "" || gv.Group == groupOf(apiVersion) {
			return fmt.Errorf("the cluster does not tell which kinds %s has: %w", gv, k.failed[gv])
		}
	}
	return nil
}

// hint says what may have been meant.
func (k *kinds) hint(kind string) string {
	if elsewhere := k.byKind[kind]; kind != "" && len(elsewhere) > 0 {
		return fmt.Sprintf("the cluster has it as apiVersion: %s", elsewhere[0].gv)
	}
	for _, name := range slices.Sorted(maps.Keys(k.byKind)) {
		if strings.EqualFold(name, kind) || slices.ContainsFunc(k.byKind[name], func(s served) bool { return strings.EqualFold(s.resource, kind) }) {
			return fmt.Sprintf("did you mean kind: %s?", name)
		}
	}
	return "kubectl api-resources lists what the cluster has; remove the selector if it is not needed here"
}

// resources returns the group resources, as "deployments.apps", of a
// selector's type, in the order of their names.
func (k *kinds) resources(apiVersion, kind string) []string {
	set := map[string]bool{}
	for _, s := range k.lookup(apiVersion, kind) {
		set[schema.GroupResource{Group: s.gv.Group, Resource: s.resource}.String()] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// mayComeWithBackup reports whether a kind that the cluster lacks may be there
// once the CustomResourceDefinitions of the backup are restored, which Velero
// does before anything else. The groups of Kubernetes itself do not grow.
func mayComeWithBackup(apiVersion string) bool {
	group := groupOf(apiVersion)
	return apiVersion == "" || strings.Contains(group, ".") && !scheme.Scheme.IsGroupRegistered(group)
}

// groupOf returns the group of an apiVersion: "" for "v1", "apps" for "apps/v1".
func groupOf(apiVersion string) string {
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		return ""
	}
	return group
}
