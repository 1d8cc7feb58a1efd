package drop

import (
	"strings"

	"github.com/velero-krm/velero-krm/catalog/internal/glob"
)

// knownKinds are kinds of Kubernetes and OpenShift: a group, and its kinds. All
// begin with a capital letter; those of a CustomResourceDefinition need not.
const knownKinds = `
core ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount
admissionregistration.k8s.io MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration
apiextensions.k8s.io CustomResourceDefinition
apiregistration.k8s.io APIService
apps ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet
autoscaling HorizontalPodAutoscaler
batch CronJob Job
certificates.k8s.io CertificateSigningRequest ClusterTrustBundle PodCertificateRequest
coordination.k8s.io Lease LeaseCandidate
discovery.k8s.io EndpointSlice
events.k8s.io Event
extensions DaemonSet Deployment Ingress NetworkPolicy PodSecurityPolicy ReplicaSet
flowcontrol.apiserver.k8s.io FlowSchema PriorityLevelConfiguration
gateway.networking.k8s.io Gateway GatewayClass GRPCRoute HTTPRoute ReferenceGrant
networking.k8s.io IPAddress Ingress IngressClass NetworkPolicy ServiceCIDR
node.k8s.io RuntimeClass
policy PodDisruptionBudget PodSecurityPolicy
rbac.authorization.k8s.io ClusterRole ClusterRoleBinding Role RoleBinding
resource.k8s.io DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice
scheduling.k8s.io PriorityClass Workload
snapshot.storage.k8s.io VolumeSnapshot VolumeSnapshotClass VolumeSnapshotContent
storage.k8s.io CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment VolumeAttributesClass
apps.openshift.io DeploymentConfig
authorization.openshift.io ClusterRole ClusterRoleBinding Role RoleBinding RoleBindingRestriction
build.openshift.io Build BuildConfig
image.openshift.io Image ImageStream ImageStreamTag ImageTag
machine.openshift.io Machine MachineHealthCheck MachineSet
machineconfiguration.openshift.io MachineConfig MachineConfigPool
network.openshift.io EgressNetworkPolicy NetNamespace
oauth.openshift.io OAuthClient
project.openshift.io Project ProjectRequest
quota.openshift.io AppliedClusterResourceQuota ClusterResourceQuota
route.openshift.io Route
security.openshift.io SecurityContextConstraints
template.openshift.io Template TemplateInstance
user.openshift.io Group Identity User
`

// miswritten returns a known kind of the groups, nil for all, that a pattern
// would match if its case were right, and false when there is none: when the
// pattern begins with a capital letter, or means a custom resource.
func miswritten(kind, group *glob.Pattern) (string, bool) {
	text := kind.String()
	if first := text[0]; first < 'a' || first > 'z' {
		return "", false
	}
	lower := glob.New(strings.ToLower(text))
	for line := range strings.Lines(knownKinds) {
		words := strings.Fields(line)
		if len(words) == 0 || !matches(group, words[0]) {
			continue
		}
		for _, known := range words[1:] {
			if lower.Match(strings.ToLower(known)) {
				return known, true
			}
		}
	}
	return "", false
}
