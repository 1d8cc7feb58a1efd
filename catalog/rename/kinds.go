package rename

// spec are the references of a kind, as text.
type spec []path

// path is where a reference is.
type path struct {
	path string
	reference
}

func (s spec) and(others ...spec) spec {
	out := append(spec{}, s...)
	for _, other := range others {
		out = append(out, other...)
	}
	return out
}

// in puts a spec below a path.
func (s spec) in(at string) spec {
	out := make(spec, len(s))
	for i, p := range s {
		out[i] = path{at + "." + p.path, p.reference}
	}
	return out
}

// at makes paths of one form to objects of one kind.
func at(f form, of target, paths ...string) spec {
	s := make(spec, len(paths))
	for i, p := range paths {
		s[i] = path{p, reference{f, of}}
	}
	return s
}

// to makes paths that all name objects of one kind.
func to(group, kind string, paths ...string) spec {
	return at(nameForm, target{group, kind}, paths...)
}

// refs makes paths to mappings.
func refs(group, kind string, paths ...string) spec {
	return at(objectForm, target{group, kind}, paths...)
}

func words(paths ...string) spec    { return at(textForm, target{}, paths...) }
func accounts(paths ...string) spec { return at(accountForm, target{}, paths...) }

func secrets(paths ...string) spec    { return to(core, "Secret", paths...) }
func configMaps(paths ...string) spec { return to(core, "ConfigMap", paths...) }

const (
	storage   = "storage.k8s.io"
	snapshots = "snapshot.storage.k8s.io"
	admission = "admissionregistration.k8s.io"
	gateway   = "gateway.networking.k8s.io"
	openshift = ".openshift.io"
)

// tables are what makes the specs of the kinds of each group, beside what every
// object and every kind with pods has. Making all takes 1 ms, too long for a
// call with one object.
func tables() map[string][]func(table map[groupKind]spec) {
	return map[string][]func(table map[groupKind]spec){
		"": {addCore, addClaims}, "apps": {addWorkloads}, "autoscaling": {addWorkloads}, "autoscaling.k8s.io": {addWorkloads},
		"discovery.k8s.io": {addCore}, "events.k8s.io": {addCore},
		storage: {addStorage}, snapshots: {addSnapshots}, "group" + snapshots: {addSnapshots},
		"networking.k8s.io": {addNetwork}, "extensions": {addNetwork}, gateway: {addGateway},
		"rbac.authorization.k8s.io": {addAccess}, "authorization" + openshift: {addAccess}, "security" + openshift: {addAccess},
		"certificates.k8s.io": {addAccess}, "flowcontrol.apiserver.k8s.io": {addAccess}, "user" + openshift: {addAccess}, "oauth" + openshift: {addAccess},
		admission: {addCluster}, "apiregistration.k8s.io": {addCluster}, "apiextensions.k8s.io": {addCluster}, "resource.k8s.io": {addCluster}, "coordination.k8s.io": {addCluster},
		"route" + openshift: {addOpenShift}, "apps" + openshift: {addOpenShift}, "image" + openshift: {addOpenShift}, "network" + openshift: {addOpenShift}, "template" + openshift: {addOpenShift},
		"build" + openshift:     {addBuilds},
		"monitoring.coreos.com": {addMonitoring}, "cert-manager.io": {addCertificates}, "kubevirt.io": {addMachines}, "cdi.kubevirt.io": {addMachines},
		"serving.knative.dev": {addControllers}, "argoproj.io": {addControllers}, "keda.sh": {addControllers},
	}
}

// anyObject are references that objects of any kind may have in their metadata.
func anyObject(meta string) spec {
	return spec{}.and(
		refs("", "", "ownerReferences[*]"),
		at(annotationForm, target{}, "annotations[*]"),
		to("cert-manager.io", "Issuer", `annotations["cert-manager.io/issuer"]`),
		to("cert-manager.io", "ClusterIssuer", `annotations["cert-manager.io/cluster-issuer"]`),
		at(qualifiedForm, target{"cert-manager.io", "Certificate"}, `annotations["cert-manager.io/inject-ca-from"]`),
		at(qualifiedForm, target{core, "Secret"}, `annotations["cert-manager.io/inject-ca-from-secret"]`),
		to("security"+openshift, "SecurityContextConstraints", `annotations["openshift.io/scc"]`, `annotations["openshift.io/required-scc"]`),
		to("apps"+openshift, "DeploymentConfig", `annotations["openshift.io/deployment-config.name"]`, `labels["openshift.io/deployment-config.name"]`),
		to("build"+openshift, "BuildConfig", `annotations["openshift.io/build-config.name"]`, `labels["openshift.io/build-config.name"]`),
		to("build"+openshift, "Build", `annotations["openshift.io/build.name"]`, `labels["openshift.io/build.name"]`),
		to(core, "ReplicationController", `annotations["openshift.io/deployment.name"]`),
		// The API server refuses a Job whose pods have another one's label.
		to("batch", "Job", `labels["job-name"]`, `labels["batch.kubernetes.io/job-name"]`),
		to(core, "Pod", `labels["statefulset.kubernetes.io/pod-name"]`),
	).in(meta)
}

// podReferences are those of a pod spec.
func podReferences(below string) spec {
	s := spec{}.and(
		secrets("imagePullSecrets[*].name"),
		to(core, "ServiceAccount", "serviceAccountName", "serviceAccount"),
		to(core, "Service", "subdomain"),
		to(core, "Node", "nodeName"),
		to("scheduling.k8s.io", "PriorityClass", "priorityClassName"),
		to("node.k8s.io", "RuntimeClass", "runtimeClassName"),
		to("resource.k8s.io", "ResourceClaim", "resourceClaims[*].resourceClaimName"),
		to("resource.k8s.io", "ResourceClaimTemplate", "resourceClaims[*].resourceClaimTemplateName"),
		to("windows.k8s.io", "GMSACredentialSpec", "securityContext.windowsOptions.gmsaCredentialSpecName"),
		words("hostAliases[*].hostnames[*]"),
		volumeReferences().in("volumes[*]"),
	)
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		s = s.and(containerReferences().in(list + "[*]"))
	}
	return s.in(below)
}

func volumeReferences() spec {
	return spec{}.and(
		secrets("secret.secretName", "projected.sources[*].secret.name", "azureFile.secretName", "csi.nodePublishSecretRef.name",
			"cephfs.secretRef.name", "cinder.secretRef.name", "rbd.secretRef.name", "iscsi.secretRef.name", "flexVolume.secretRef.name", "scaleIO.secretRef.name", "storageos.secretRef.name"),
		configMaps("configMap.name", "projected.sources[*].configMap.name"),
		to("certificates.k8s.io", "ClusterTrustBundle", "projected.sources[*].clusterTrustBundle.name"),
		to(core, "PersistentVolumeClaim", "persistentVolumeClaim.claimName"),
		to(core, "Endpoints", "glusterfs.endpoints"),
		to(storage, "CSIDriver", "csi.driver"),
		claimReferences().in("ephemeral.volumeClaimTemplate.spec"),
	)
}

// claimReferences are those of the spec of a PersistentVolumeClaim.
func claimReferences() spec {
	return spec{}.and(
		to(core, "PersistentVolume", "volumeName"),
		to(storage, "StorageClass", "storageClassName"),
		to(storage, "VolumeAttributesClass", "volumeAttributesClassName"),
		refs(core, "PersistentVolumeClaim", "dataSource", "dataSourceRef"),
	)
}

func containerReferences() spec {
	s := envReferences().and(
		secrets("envFrom[*].secretRef.name"),
		configMaps("envFrom[*].configMapRef.name"),
		words("args[*]", "command[*]"),
		to("windows.k8s.io", "GMSACredentialSpec", "securityContext.windowsOptions.gmsaCredentialSpecName"),
		at(imageForm, target{"image" + openshift, "ImageStream"}, "image"),
	)
	for _, handler := range []string{"livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop"} {
		s = s.and(words("exec.command[*]", "httpGet.host", "httpGet.httpHeaders[*].value", "tcpSocket.host").in(handler))
	}
	return s
}

// envReferences are those of environment variables.
func envReferences() spec {
	return secrets("env[*].valueFrom.secretKeyRef.name").and(configMaps("env[*].valueFrom.configMapKeyRef.name"), words("env[*].value"))
}

func addCore(table map[groupKind]spec) {
	table[groupKind{"", "ServiceAccount"}] = secrets("secrets[*].name", "imagePullSecrets[*].name", `metadata.annotations["openshift.io/internal-registry-pull-secret-ref"]`)
	table[groupKind{"", "Secret"}] = to(core, "ServiceAccount", `metadata.annotations["kubernetes.io/service-account.name"]`, `metadata.annotations["openshift.io/internal-registry-auth-token.service-account"]`).and(
		secrets(`metadata.annotations["openshift.io/token-secret.name"]`),
		to(core, "Service", `metadata.annotations["service.beta.openshift.io/originating-service-name"]`, `metadata.annotations["service.alpha.openshift.io/originating-service-name"]`))
	table[groupKind{"", "ConfigMap"}] = words("data[*]")
	table[groupKind{"", "Service"}] = words("spec.externalName").and(
		secrets(`metadata.annotations["service.beta.openshift.io/serving-cert-secret-name"]`, `metadata.annotations["service.alpha.openshift.io/serving-cert-secret-name"]`))
	address := refs("", "", "targetRef").and(to(core, "Node", "nodeName"))
	table[groupKind{"", "Endpoints"}] = address.in("subsets[*].addresses[*]").and(address.in("subsets[*].notReadyAddresses[*]"))
	table[groupKind{"discovery.k8s.io", "EndpointSlice"}] = address.in("endpoints[*]").and(
		to(core, "Service", `metadata.labels["kubernetes.io/service-name"]`), to(core, "Node", "endpoints[*].hints.forNodes[*].name"))
	table[groupKind{"", "Node"}] = refs(core, "ConfigMap", "spec.configSource.configMap")
	table[groupKind{"", "Event"}] = refs("", "", "involvedObject", "related")
	table[groupKind{"events.k8s.io", "Event"}] = refs("", "", "regarding", "related")
	table[groupKind{"", "ResourceQuota"}] = at(quotaForm, target{}, "spec.hard").and(
		// The one scope whose values are names.
		to("scheduling.k8s.io", "PriorityClass", "spec.scopeSelector.matchExpressions[*].values[*]"))
}

func addWorkloads(table map[groupKind]spec) {
	table[groupKind{"apps", "StatefulSet"}] = to(core, "Service", "spec.serviceName").and(claimReferences().in("spec.volumeClaimTemplates[*].spec"))
	table[groupKind{"autoscaling", "HorizontalPodAutoscaler"}] = refs("", "", "spec.scaleTargetRef", "spec.metrics[*].object.describedObject", "spec.metrics[*].object.target")
	table[groupKind{"autoscaling.k8s.io", "VerticalPodAutoscaler"}] = refs("", "", "spec.targetRef")
	table[groupKind{"autoscaling.k8s.io", "VerticalPodAutoscalerCheckpoint"}] = to("autoscaling.k8s.io", "VerticalPodAutoscaler", "spec.vpaObjectName")
}

func addClaims(table map[groupKind]spec) {
	table[groupKind{"", "PersistentVolumeClaim"}] = claimReferences().in("spec").and(
		to(storage, "StorageClass", `metadata.annotations["volume.beta.kubernetes.io/storage-class"]`),
		to(core, "Node", `metadata.annotations["volume.kubernetes.io/selected-node"]`))
	table[groupKind{"", "PersistentVolume"}] = pvReferences().in("spec").and(
		to(storage, "StorageClass", `metadata.annotations["volume.beta.kubernetes.io/storage-class"]`),
		at(secretsForm, target{}, "metadata.annotations"))
}

// pvReferences are those of the spec of a PersistentVolume.
func pvReferences() spec {
	pv := spec{}.and(
		to(storage, "StorageClass", "storageClassName"),
		to(storage, "VolumeAttributesClass", "volumeAttributesClassName"),
		to(storage, "CSIDriver", "csi.driver"),
		refs(core, "PersistentVolumeClaim", "claimRef"),
		at(secretsForm, target{}, "azureFile"),
		// They are in a namespace that may stand elsewhere.
		at(unsureForm, target{}, "glusterfs.endpoints"),
	)
	for _, use := range []string{"controllerPublish", "nodeStage", "nodePublish", "controllerExpand", "nodeExpand"} {
		pv = pv.and(refs(core, "Secret", "csi."+use+"SecretRef"))
	}
	for _, source := range []string{"cephfs", "cinder", "rbd", "iscsi", "flexVolume", "scaleIO", "storageos"} {
		pv = pv.and(refs(core, "Secret", source+".secretRef"))
	}
	return pv
}

func addStorage(table map[groupKind]spec) {
	parameters := at(secretsForm, target{}, "parameters")
	table[groupKind{storage, "StorageClass"}] = parameters.and(to(storage, "CSIDriver", "provisioner"))
	table[groupKind{storage, "CSIStorageCapacity"}] = to(storage, "StorageClass", "storageClassName")
	table[groupKind{storage, "VolumeAttributesClass"}] = to(storage, "CSIDriver", "driverName")
	table[groupKind{storage, "VolumeAttachment"}] = to(core, "PersistentVolume", "spec.source.persistentVolumeName").and(
		to(core, "Node", "spec.nodeName"), to(storage, "CSIDriver", "spec.attacher"), pvReferences().in("spec.source.inlineVolumeSpec"))
}

func addSnapshots(table map[groupKind]spec) {
	driver := to(storage, "CSIDriver", "driver").and(at(secretsForm, target{}, "parameters"))
	table[groupKind{snapshots, "VolumeSnapshotClass"}] = driver
	table[groupKind{"group" + snapshots, "VolumeGroupSnapshotClass"}] = driver
	table[groupKind{snapshots, "VolumeSnapshot"}] = to(core, "PersistentVolumeClaim", "spec.source.persistentVolumeClaimName").and(
		to(snapshots, "VolumeSnapshotContent", "spec.source.volumeSnapshotContentName"),
		to(snapshots, "VolumeSnapshotClass", "spec.volumeSnapshotClassName"))
	table[groupKind{snapshots, "VolumeSnapshotContent"}] = refs(snapshots, "VolumeSnapshot", "spec.volumeSnapshotRef").and(
		to(snapshots, "VolumeSnapshotClass", "spec.volumeSnapshotClassName"),
		to(storage, "CSIDriver", "spec.driver"),
		at(secretsForm, target{}, "metadata.annotations"))
	groups := "group" + snapshots
	table[groupKind{groups, "VolumeGroupSnapshot"}] = to(groups, "VolumeGroupSnapshotContent", "spec.source.volumeGroupSnapshotContentName").and(
		to(groups, "VolumeGroupSnapshotClass", "spec.volumeGroupSnapshotClassName"))
	table[groupKind{groups, "VolumeGroupSnapshotContent"}] = refs(groups, "VolumeGroupSnapshot", "spec.volumeGroupSnapshotRef").and(
		to(groups, "VolumeGroupSnapshotClass", "spec.volumeGroupSnapshotClassName"),
		to(storage, "CSIDriver", "spec.driver"))
}
