package rename

import "maps"

// spec are the references of a kind, as text.
type spec struct {
	names []named
	// objects are mappings with name and, where it is not told, the kind.
	objects         map[string]target
	accounts, texts []string
}

// named is a path to the name of an object of one kind.
type named struct {
	path string
	of   target
}

func (s spec) and(other spec) spec {
	out := spec{
		names:    append(append([]named{}, s.names...), other.names...),
		objects:  map[string]target{},
		accounts: append(append([]string{}, s.accounts...), other.accounts...),
		texts:    append(append([]string{}, s.texts...), other.texts...),
	}
	maps.Copy(out.objects, s.objects)
	maps.Copy(out.objects, other.objects)
	return out
}

// to makes paths that all name objects of one kind.
func to(group, kind string, paths ...string) spec {
	var s spec
	for _, p := range paths {
		s.names = append(s.names, named{p, target{group, kind}})
	}
	return s
}

// refs makes paths to mappings.
func refs(group, kind string, paths ...string) spec {
	s := spec{objects: map[string]target{}}
	for _, p := range paths {
		s.objects[p] = target{group, kind}
	}
	return s
}

// podReferences are those of a pod spec.
func podReferences(at string) spec {
	volumes := at + ".volumes[*]."
	s := to(core, "Secret", at+".imagePullSecrets[*].name", volumes+"secret.secretName", volumes+"projected.sources[*].secret.name", volumes+"csi.nodePublishSecretRef.name").
		and(to(core, "ConfigMap", volumes+"configMap.name", volumes+"projected.sources[*].configMap.name")).
		and(to(core, "PersistentVolumeClaim", volumes+"persistentVolumeClaim.claimName")).
		and(to(core, "ServiceAccount", at+".serviceAccountName", at+".serviceAccount")).
		and(to("scheduling.k8s.io", "PriorityClass", at+".priorityClassName")).
		and(to("node.k8s.io", "RuntimeClass", at+".runtimeClassName")).
		and(to("storage.k8s.io", "StorageClass", volumes+"ephemeral.volumeClaimTemplate.spec.storageClassName"))
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		c := at + "." + list + "[*]."
		s = s.and(to(core, "Secret", c+"env[*].valueFrom.secretKeyRef.name", c+"envFrom[*].secretRef.name")).
			and(to(core, "ConfigMap", c+"env[*].valueFrom.configMapKeyRef.name", c+"envFrom[*].configMapRef.name")).
			and(spec{texts: []string{c + "env[*].value", c + "args[*]", c + "command[*]"}})
	}
	return s
}

const (
	storage   = "storage.k8s.io"
	admission = "admissionregistration.k8s.io"
	gateway   = "gateway.networking.k8s.io"
)

// kinds are all kinds that are known, beside what every kind with pods has.
func kinds() map[groupKind]spec {
	table := map[groupKind]spec{}
	addCore(table)
	addNetwork(table)
	addAccess(table)
	addOpenShift(table)
	return table
}

func addCore(table map[groupKind]spec) {
	table[groupKind{"", "ServiceAccount"}] = to(core, "Secret", "secrets[*].name", "imagePullSecrets[*].name")
	table[groupKind{"", "Secret"}] = to(core, "ServiceAccount", `metadata.annotations["kubernetes.io/service-account.name"]`)
	table[groupKind{"", "ConfigMap"}] = spec{texts: []string{"data[*]"}}
	table[groupKind{"", "Service"}] = spec{texts: []string{"spec.externalName"}}
	table[groupKind{"", "PersistentVolumeClaim"}] = to(core, "PersistentVolume", "spec.volumeName").
		and(to(storage, "StorageClass", "spec.storageClassName")).
		and(refs(core, "PersistentVolumeClaim", "spec.dataSource", "spec.dataSourceRef"))
	table[groupKind{"", "PersistentVolume"}] = to(storage, "StorageClass", "spec.storageClassName").
		and(refs(core, "PersistentVolumeClaim", "spec.claimRef")).
		and(refs(core, "Secret", "spec.csi.controllerPublishSecretRef", "spec.csi.nodeStageSecretRef", "spec.csi.nodePublishSecretRef", "spec.csi.controllerExpandSecretRef", "spec.csi.nodeExpandSecretRef"))
	table[groupKind{"apps", "StatefulSet"}] = to(core, "Service", "spec.serviceName").
		and(to(storage, "StorageClass", "spec.volumeClaimTemplates[*].spec.storageClassName")).
		and(refs(core, "PersistentVolumeClaim", "spec.volumeClaimTemplates[*].spec.dataSource", "spec.volumeClaimTemplates[*].spec.dataSourceRef"))
	table[groupKind{"autoscaling", "HorizontalPodAutoscaler"}] = refs("", "", "spec.scaleTargetRef")
	table[groupKind{"autoscaling.k8s.io", "VerticalPodAutoscaler"}] = refs("", "", "spec.targetRef")
	table[groupKind{"discovery.k8s.io", "EndpointSlice"}] = to(core, "Service", `metadata.labels["kubernetes.io/service-name"]`)
}

func addNetwork(table map[groupKind]spec) {
	ingress := to(core, "Service", "spec.rules[*].http.paths[*].backend.service.name", "spec.rules[*].http.paths[*].backend.serviceName", "spec.defaultBackend.service.name", "spec.backend.serviceName").
		and(to(core, "Secret", "spec.tls[*].secretName")).
		and(to("networking.k8s.io", "IngressClass", "spec.ingressClassName"))
	table[groupKind{"networking.k8s.io", "Ingress"}] = ingress
	table[groupKind{"extensions", "Ingress"}] = ingress
	for _, kind := range []string{"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"} {
		table[groupKind{gateway, kind}] = refs(gateway, "Gateway", "spec.parentRefs[*]").
			and(refs(core, "Service", "spec.rules[*].backendRefs[*]", "spec.rules[*].filters[*].requestMirror.backendRef"))
	}
	table[groupKind{gateway, "Gateway"}] = to(gateway, "GatewayClass", "spec.gatewayClassName").
		and(refs(core, "Secret", "spec.listeners[*].tls.certificateRefs[*]"))
	for _, kind := range []string{"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"} {
		table[groupKind{admission, kind}] = refs(core, "Service", "webhooks[*].clientConfig.service")
	}
	table[groupKind{"apiregistration.k8s.io", "APIService"}] = refs(core, "Service", "spec.service")
	table[groupKind{"apiextensions.k8s.io", "CustomResourceDefinition"}] = refs(core, "Service", "spec.conversion.webhook.clientConfig.service")
}

func addAccess(table map[groupKind]spec) {
	binding := refs("", "", "roleRef", "subjects[*]").and(spec{accounts: []string{"subjects[*].name"}})
	old := binding.and(spec{accounts: []string{"userNames[*]"}})
	for _, kind := range []string{"RoleBinding", "ClusterRoleBinding"} {
		table[groupKind{"rbac.authorization.k8s.io", kind}] = binding
		table[groupKind{"authorization.openshift.io", kind}] = old
	}
	table[groupKind{"security.openshift.io", "SecurityContextConstraints"}] = spec{accounts: []string{"users[*]"}}
}

func addOpenShift(table map[groupKind]spec) {
	table[groupKind{"route.openshift.io", "Route"}] = refs(core, "Service", "spec.to", "spec.alternateBackends[*]")
	table[groupKind{"build.openshift.io", "BuildConfig"}] = to(core, "Secret",
		"spec.source.sourceSecret.name", "spec.source.secrets[*].secret.name", "spec.output.pushSecret.name",
		"spec.strategy.dockerStrategy.pullSecret.name", "spec.strategy.sourceStrategy.pullSecret.name", "spec.strategy.customStrategy.pullSecret.name").
		and(to(core, "ConfigMap", "spec.source.configMaps[*].configMap.name"))
}
