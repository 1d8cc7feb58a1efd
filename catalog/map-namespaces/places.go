package mapnamespaces

import (
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/podspec"
	"github.com/velero-krm/velero-krm/krm"
)

// kindPlaces are the fields of one kind that may name a namespace.
type kindPlaces struct {
	// names are fields that are a name and nothing else.
	names []fn.Path
	// accounts are names of users and groups.
	accounts []fn.Path
	// texts may have DNS names of Services in them.
	texts []fn.Path
	// affinity is where pods have theirs, and affinityNames are names in it.
	affinity      []string
	affinityNames []fn.Path
	// custom kinds are not known: all their fields are looked at.
	custom bool
}

// places knows the kinds. It parses the paths of a kind when it first meets it.
type places struct {
	table map[groupKind]spec
	known map[groupKind]kindPlaces
}

type groupKind struct{ group, kind string }

func newPlaces() *places { return &places{kinds(), map[groupKind]kindPlaces{}} }

func (p *places) of(id krm.Identity) kindPlaces {
	gk := groupKind{id.Group(), id.Kind}
	if k, ok := p.known[gk]; ok {
		return k
	}
	s, listed := p.table[gk]
	var k kindPlaces
	if l, ok := podspec.Paths(gk.group, gk.kind); ok {
		at := strings.Join(l.Spec, ".")
		s, listed = s.and(podTexts(at)), true
		k.affinity, k.affinityNames = append(slices.Clone(l.Spec), "affinity"), parse(affinityNames(at))
	}
	// Helm looks a release up by this annotation.
	s.names = append(s.names, `metadata.annotations["meta.helm.sh/release-namespace"]`)
	k.names, k.accounts, k.texts = parse(s.names), parse(s.accounts), parse(s.texts)
	k.custom = !listed && strings.Contains(gk.group, ".") && !strings.HasSuffix(gk.group, ".k8s.io")
	p.known[gk] = k
	return k
}

// parse drops what is no path; a test checks that nothing is.
func parse(texts []string) []fn.Path {
	paths := make([]fn.Path, 0, len(texts))
	for _, text := range texts {
		if p, err := fn.ParsePath(text); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// spec is kindPlaces as text.
type spec struct{ names, accounts, texts []string }

func (s spec) and(other spec) spec {
	return spec{
		append(append([]string{}, s.names...), other.names...),
		append(append([]string{}, s.accounts...), other.accounts...),
		append(append([]string{}, s.texts...), other.texts...),
	}
}

// nameLabel is the label that every Namespace has its own name in.
const nameLabel = "kubernetes.io/metadata.name"

// selector are the places in a label selector for namespaces.
func selector(at string) []string {
	return []string{
		at + `.matchLabels["` + nameLabel + `"]`,
		at + `.matchExpressions[key="` + nameLabel + `"].values[*]`,
	}
}

// affinityNames are the names in a pod spec, all of them in its affinity.
func affinityNames(at string) []string {
	var paths []string
	for _, kind := range []string{"podAffinity", "podAntiAffinity"} {
		for _, term := range []string{"requiredDuringSchedulingIgnoredDuringExecution[*]", "preferredDuringSchedulingIgnoredDuringExecution[*].podAffinityTerm"} {
			base := at + ".affinity." + kind + "." + term
			paths = append(paths, base+".namespaces[*]")
			paths = append(paths, selector(base+".namespaceSelector")...)
		}
	}
	return paths
}

// podTexts are the longer texts in a pod spec.
func podTexts(at string) spec {
	var s spec
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		base := at + "." + list + "[*]."
		s.texts = append(s.texts, base+"env[*].value", base+"args[*]", base+"command[*]")
	}
	return s
}

// names is a spec of names alone.
func names(paths ...string) spec { return spec{names: paths} }

// kinds are all kinds that are known beside those with pods.
func kinds() map[groupKind]spec {
	const (
		rbac      = "rbac.authorization.k8s.io"
		gateway   = "gateway.networking.k8s.io"
		admission = "admissionregistration.k8s.io"
	)
	binding := spec{names: []string{"subjects[*].namespace"}, accounts: []string{"subjects[*].name"}}
	oldBinding := binding.and(spec{names: []string{"roleRef.namespace"}, accounts: []string{"userNames[*]", "groupNames[*]"}})
	webhook := names("webhooks[*].clientConfig.service.namespace").and(names(selector("webhooks[*].namespaceSelector")...))
	route := names("spec.parentRefs[*].namespace", "spec.rules[*].backendRefs[*].namespace", "spec.rules[*].filters[*].requestMirror.backendRef.namespace", "spec.rules[*].backendRefs[*].filters[*].requestMirror.backendRef.namespace")
	policyBinding := names("spec.paramRef.namespace").and(names(selector("spec.matchResources.namespaceSelector")...))
	table := map[groupKind]spec{
		{rbac, "RoleBinding"}:                                binding,
		{rbac, "ClusterRoleBinding"}:                         binding,
		{"authorization.openshift.io", "RoleBinding"}:        oldBinding,
		{"authorization.openshift.io", "ClusterRoleBinding"}: oldBinding,
		{admission, "ValidatingWebhookConfiguration"}:        webhook,
		{admission, "MutatingWebhookConfiguration"}:          webhook,
		{admission, "ValidatingAdmissionPolicyBinding"}:      policyBinding,
		{admission, "MutatingAdmissionPolicyBinding"}:        policyBinding,
		{"apiregistration.k8s.io", "APIService"}:             names("spec.service.namespace"),
		{"apiextensions.k8s.io", "CustomResourceDefinition"}: names(
			"spec.conversion.webhook.clientConfig.service.namespace", "spec.conversion.webhookClientConfig.service.namespace"),
		{"networking.k8s.io", "NetworkPolicy"}: names(selector("spec.ingress[*].from[*].namespaceSelector")...).
			and(names(selector("spec.egress[*].to[*].namespaceSelector")...)),
		{gateway, "Gateway"}: names("spec.listeners[*].tls.certificateRefs[*].namespace").
			and(names(selector("spec.listeners[*].allowedRoutes.namespaces.selector")...)),
		{gateway, "ReferenceGrant"}: names("spec.from[*].namespace"),
	}
	for _, kind := range []string{"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"} {
		table[groupKind{gateway, kind}] = route
	}
	addCore(table)
	addStorage(table)
	addOpenShift(table)
	return table
}

func addCore(table map[groupKind]spec) {
	table[groupKind{"", "ServiceAccount"}] = names("secrets[*].namespace")
	table[groupKind{"", "Endpoints"}] = names("subsets[*].addresses[*].targetRef.namespace", "subsets[*].notReadyAddresses[*].targetRef.namespace")
	table[groupKind{"discovery.k8s.io", "EndpointSlice"}] = names("endpoints[*].targetRef.namespace")
	table[groupKind{"", "Service"}] = spec{texts: []string{"spec.externalName"}}
	table[groupKind{"", "ConfigMap"}] = spec{texts: []string{"data[*]"}}
	for _, kind := range []string{"ServiceMonitor", "PodMonitor"} {
		table[groupKind{"monitoring.coreos.com", kind}] = names("spec.namespaceSelector.matchNames[*]")
	}
}

func addStorage(table map[groupKind]spec) {
	pv := names("spec.claimRef.namespace")
	for _, use := range []string{"controllerPublish", "nodeStage", "nodePublish", "controllerExpand", "nodeExpand"} {
		pv.names = append(pv.names, "spec.csi."+use+"SecretRef.namespace")
	}
	class, snapshotClass := spec{}, spec{}
	for _, use := range []string{"provisioner", "controller-publish", "node-stage", "node-publish", "controller-expand", "node-expand"} {
		class.names = append(class.names, `parameters["csi.storage.k8s.io/`+use+`-secret-namespace"]`)
	}
	for _, use := range []string{"snapshotter", "snapshotter-list"} {
		snapshotClass.names = append(snapshotClass.names, `parameters["csi.storage.k8s.io/`+use+`-secret-namespace"]`)
	}
	table[groupKind{"", "PersistentVolume"}] = pv
	table[groupKind{"", "PersistentVolumeClaim"}] = names("spec.dataSourceRef.namespace")
	table[groupKind{"apps", "StatefulSet"}] = names("spec.volumeClaimTemplates[*].spec.dataSourceRef.namespace")
	table[groupKind{"storage.k8s.io", "StorageClass"}] = class
	table[groupKind{"snapshot.storage.k8s.io", "VolumeSnapshotClass"}] = snapshotClass
	table[groupKind{"snapshot.storage.k8s.io", "VolumeSnapshotContent"}] = names("spec.volumeSnapshotRef.namespace")
}

func addOpenShift(table map[groupKind]spec) {
	table[groupKind{"security.openshift.io", "SecurityContextConstraints"}] = spec{accounts: []string{"users[*]", "groups[*]"}}
	table[groupKind{"apps.openshift.io", "DeploymentConfig"}] = names("spec.triggers[*].imageChangeParams.from.namespace")
	table[groupKind{"image.openshift.io", "ImageStream"}] = names("spec.tags[*].from.namespace")
	table[groupKind{"image.openshift.io", "ImageStreamTag"}] = names("tag.from.namespace")
	table[groupKind{"build.openshift.io", "BuildConfig"}] = names(
		"spec.strategy.dockerStrategy.from.namespace", "spec.strategy.sourceStrategy.from.namespace", "spec.strategy.customStrategy.from.namespace",
		"spec.output.to.namespace", "spec.source.images[*].from.namespace", "spec.triggers[*].imageChange.from.namespace")
}
