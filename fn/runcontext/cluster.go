package runcontext

import "slices"

// Fact is something to know of the cluster: the name of a field of [Cluster].
// All but [KubernetesVersion] are gathered only if a step asks for them, because
// gathering takes calls to the API server and permissions.
type Fact string

// The facts.
const (
	// KubernetesVersion is always told.
	KubernetesVersion Fact = "kubernetesVersion"
	// OpenShiftVersion is that of the ClusterVersion.
	OpenShiftVersion Fact = "openshiftVersion"
	// InternalRegistry is the host of OpenShift's own image registry.
	InternalRegistry Fact = "internalRegistry"
	// RegistryState says whether that registry runs.
	RegistryState Fact = "registryState"
	// PullSecrets are names of Secrets in the namespaces that are restored to.
	PullSecrets Fact = "pullSecrets"
	// SecurityContextConstraints are OpenShift's, by service account.
	SecurityContextConstraints Fact = "securityContextConstraints"
	// ServedAPIs are the kinds that the API server has.
	ServedAPIs Fact = "servedAPIs"
)

// Facts returns all facts in the order of the fields of [Cluster]. The slice
// belongs to the caller.
func Facts() []Fact {
	return []Fact{KubernetesVersion, OpenShiftVersion, InternalRegistry, RegistryState, PullSecrets, SecurityContextConstraints, ServedAPIs}
}

// Cluster is what is known of the cluster that Velero runs in. The zero value
// of a field stands both for a fact that nobody asked for and for one that the
// cluster does not have, such as the version of OpenShift where there is none;
// [Cluster.Asked] tells them apart.
type Cluster struct {
	Facts                      []Fact                  `json:"facts,omitempty" doc:"the facts that were asked for; one that is named here and has no field is one that this cluster does not have"`
	KubernetesVersion          string                  `json:"kubernetesVersion,omitempty" doc:"as the API server says it; always told"`
	OpenShiftVersion           string                  `json:"openshiftVersion,omitempty" doc:"the version that was last installed completely"`
	InternalRegistry           *string                 `json:"internalRegistry,omitempty" doc:"host and port of the internal registry as images name it; empty for an OpenShift without one"`
	RegistryState              RegistryStatus          `json:"registryState,omitempty" doc:"Managed, Unmanaged or Removed, as the registry's operator is told, or Disabled for an OpenShift installed without it"`
	PullSecrets                map[string][]PullSecret `json:"pullSecrets,omitempty" doc:"on restore, the Secrets for pulling images that exist before it starts, by the namespace that is restored to; namespaces without any are left out"`
	SecurityContextConstraints *Constraints            `json:"securityContextConstraints,omitempty" doc:"names of SecurityContextConstraints, by who is named in their users and groups"`
	ServedAPIs                 *Served                 `json:"servedAPIs,omitempty" doc:"what can be created, as it was before the restore"`
}

// Asked reports whether a step asked for the fact.
func (c Cluster) Asked(f Fact) bool { return slices.Contains(c.Facts, f) }

// Settled reports whether the fact is told, or known to be one that the cluster
// does not have. A context that was written by hand may leave out Facts.
func (c Cluster) Settled(f Fact) bool {
	return c.Asked(f) || slices.Contains(c.told(), f) || f == KubernetesVersion && c.KubernetesVersion != ""
}

// RegistryStatus says whether OpenShift's own image registry runs. Empty when
// it is not known.
type RegistryStatus string

// The states of the registry.
const (
	RegistryManaged   RegistryStatus = "Managed"
	RegistryUnmanaged RegistryStatus = "Unmanaged"
	RegistryRemoved   RegistryStatus = "Removed"
	RegistryDisabled  RegistryStatus = "Disabled"
)

// PullSecret names a Secret with credentials of image registries.
type PullSecret struct {
	Name           string `json:"name" doc:"name of the Secret"`
	Type           string `json:"type" doc:"kubernetes.io/dockercfg or kubernetes.io/dockerconfigjson"`
	ServiceAccount string `json:"serviceAccount,omitempty" doc:"for a Secret that OpenShift generated: the service account whose current one it is"`
}

// Constraints are the names of SecurityContextConstraints, sorted, by who may
// use them because their users and groups say so. Those that a role allows to
// use are not among them.
type Constraints struct {
	ServiceAccounts map[string][]string `json:"serviceAccounts,omitempty" doc:"those that name a service account, as namespace/name, as user"`
	Namespaces      map[string][]string `json:"namespaces,omitempty" doc:"those for all service accounts of a namespace"`
	All             []string            `json:"all,omitempty" doc:"those for every service account"`
}

// Of returns the names of the constraints that a service account may use:
// sorted, without repetition, nil for none.
func (c *Constraints) Of(namespace, serviceAccount string) []string {
	if c == nil {
		return nil
	}
	names := slices.Concat(c.ServiceAccounts[namespace+"/"+serviceAccount], c.Namespaces[namespace], c.All)
	slices.Sort(names)
	return slices.Compact(names)
}

// Served are the kinds of objects that an API server can create, list and
// delete. Those of CustomResourceDefinitions that the backup brings are not
// among them.
type Served struct {
	Kinds      map[string][]string `json:"kinds" doc:"kinds, sorted, by apiVersion, as apps/v1"`
	Unanswered []string            `json:"unanswered,omitempty" doc:"apiVersions that the API server has and that did not say what they serve, as of an aggregated API that is down"`
}
