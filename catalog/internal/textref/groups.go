package textref

import "strings"

// Namespaced reports whether what is called a namespace in an API is one of the
// cluster: in Kubernetes' own groups, in those that the community has approved,
// *.k8s.io (https://github.com/kubernetes/enhancements/pull/1111), and in those
// of OpenShift's API server. Others may mean another cluster, or no namespace of
// Kubernetes at all.
func Namespaced(group string) bool { return Known(group) || strings.HasSuffix(group, ".k8s.io") }

// Known reports whether it is known of every field of an API whether it names an
// object. An approved group that is not listed follows the conventions, but what
// its fields name is to be found out.
func Known(group string) bool {
	if !strings.Contains(group, ".") {
		return true
	}
	if base, ok := strings.CutSuffix(group, ".k8s.io"); ok {
		return knownKubernetes(base)
	}
	base, ok := strings.CutSuffix(group, ".openshift.io")
	return ok && knownOpenShift(base)
}

func knownKubernetes(base string) bool {
	switch base {
	case "admissionregistration", "apiextensions", "apiregistration", "authentication", "authorization", "autoscaling", "certificates",
		"coordination", "discovery", "events", "flowcontrol.apiserver", "gateway.networking", "groupsnapshot.storage", "internal.apiserver",
		"metrics", "networking", "node", "rbac.authorization", "resource", "scheduling", "snapshot.storage", "storage", "storagemigration":
		return true
	}
	return false
}

// knownOpenShift are the groups of OpenShift's API server.
func knownOpenShift(base string) bool {
	switch base {
	case "apps", "authorization", "build", "image", "network", "oauth", "project", "quota", "route", "security", "template", "user":
		return true
	}
	return false
}
