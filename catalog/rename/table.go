package rename

import (
	"slices"
	"strings"
)

// target is what a reference points at. An empty group stands for a group that
// the reference does not tell.
type target struct{ group, kind string }

// core is how config and tables say the empty group.
const core = "core"

func groupName(group string) string {
	if group == "" {
		return core
	}
	return group
}

func (r Rename) target() target { return target{r.Group, r.Kind} }

// table finds new names by old ones.
type table struct {
	entries map[key][]entry
	kinds   map[string]bool
	// from are the entries by old name alone.
	from map[string][]Rename
}

// key of a table. The namespace "" stands for any.
type key struct{ kind, namespace, name string }

type entry struct{ group, to string }

func newTable(renames []Rename) table {
	t := table{map[key][]entry{}, map[string]bool{}, map[string][]Rename{}}
	for _, r := range renames {
		k := key{r.Kind, r.Namespace, r.From}
		t.entries[k] = append(t.entries[k], entry{r.Group, r.To})
		t.kinds[r.Kind] = true
		t.from[r.From] = append(t.from[r.From], r)
	}
	return t
}

// lookup returns the new name; one for the very namespace goes first. A
// namespace of "" is that of a cluster-scoped object.
func (t table) lookup(of target, namespace, name string) (string, bool) {
	if to, ok := t.listed(of, namespace, name); ok {
		return to, true
	}
	owner, base, rest := ownerOf(of.kind, name)
	if owner == "" {
		return "", false
	}
	to, ok := t.listed(target{of.group, owner}, namespace, base)
	return to + rest, ok
}

func (t table) listed(of target, namespace, name string) (string, bool) {
	namespaces := []string{namespace, ""}
	if namespace == "" {
		namespaces = namespaces[:1]
	}
	for _, ns := range namespaces {
		for _, e := range t.entries[key{of.kind, ns, name}] {
			if e.group == "" || of.group == "" || e.group == of.group {
				return e.to, true
			}
		}
	}
	return "", false
}

// ownerOf returns the kind of an object that gives its name to one of this
// kind, and the part of the name that is that of the owner. The kind is empty
// when there is none.
func ownerOf(kind, name string) (owner, base, rest string) {
	separator := ""
	switch kind {
	case "Endpoints":
		return "Service", name, ""
	case "ImageStreamTag", "ImageTag":
		separator = ":"
	case "ImageStreamImage":
		separator = "@"
	default:
		return "", "", ""
	}
	at := strings.Index(name, separator)
	if at < 0 {
		return "", "", ""
	}
	return "ImageStream", name[:at], name[at:]
}

// wants reports whether objects of a kind may get another name.
func (t table) wants(kind string) bool {
	if t.kinds[kind] {
		return true
	}
	owner, _, _ := ownerOf(kind, ":@")
	return owner != "" && t.kinds[owner]
}

// named returns the first entry for a name in a namespace, of one of these
// kinds, or of any when there are none. The namespace "" is not known: every
// one may be meant.
func (t table) named(namespace, name string, kinds ...string) (Rename, bool) {
	for _, r := range t.from[name] {
		if r.To != name && (r.Namespace == "" || namespace == "" || r.Namespace == namespace) && (len(kinds) == 0 || slices.Contains(kinds, r.Kind)) {
			return r, true
		}
	}
	return Rename{}, false
}

// clusterScoped targets have no namespace whatever the referrer's is.
func clusterScoped(kind string) bool {
	switch kind {
	case "PersistentVolume", "StorageClass", "VolumeAttributesClass", "CSIDriver", "Node",
		"PriorityClass", "RuntimeClass", "DeviceClass", "PriorityLevelConfiguration", "ClusterTrustBundle", "GMSACredentialSpec",
		"IngressClass", "GatewayClass", "ClusterRole", "ClusterIssuer",
		"ValidatingAdmissionPolicy", "MutatingAdmissionPolicy",
		"VolumeSnapshotClass", "VolumeSnapshotContent", "VolumeGroupSnapshotClass", "VolumeGroupSnapshotContent",
		"SecurityContextConstraints", "User", "Group", "OAuthClient":
		return true
	}
	return false
}
