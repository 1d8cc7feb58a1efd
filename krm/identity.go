package krm

import "strings"

// Identity names an object: its type, namespace and name. The zero Namespace
// means cluster-scoped or not set. Name is empty for an object that has only
// metadata.generateName.
type Identity struct {
	APIVersion string
	Kind       string
	Namespace  string
	Name       string
}

// Group returns the API group: "" for core ("v1"), "apps" for "apps/v1".
func (id Identity) Group() string {
	group, _, found := strings.Cut(id.APIVersion, "/")
	if !found {
		return ""
	}
	return group
}

// Key is what an [Identity] has in common with that of the same object in
// another version of its group: where the API server and Velero keep it.
type Key struct {
	Group     string
	Kind      string
	Namespace string
	Name      string
}

// Key returns the identity without the version of its group. Objects that have
// only metadata.generateName get their names later: their keys say nothing.
func (id Identity) Key() Key {
	return Key{Group: id.Group(), Kind: id.Kind, Namespace: id.Namespace, Name: id.Name}
}

// String returns "<kind>.<group> <namespace>/<name>", the form of every
// message of this project: "Deployment.apps shop/web", "Secret shop/db",
// "ClusterRole.rbac.authorization.k8s.io admin".
func (id Identity) String() string {
	var b strings.Builder
	b.WriteString(id.Kind)
	if group := id.Group(); group != "" {
		b.WriteString("." + group)
	}
	b.WriteByte(' ')
	if id.Namespace != "" {
		b.WriteString(id.Namespace + "/")
	}
	b.WriteString(id.Name)
	return b.String()
}
