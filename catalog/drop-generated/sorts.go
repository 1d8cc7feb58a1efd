package dropgenerated

import (
	"slices"
	"strconv"

	"github.com/velero-krm/velero-krm/fn"
)

// sort is one choice of Config.
type sort struct {
	name      string
	generated func(o *fn.Object) bool
}

func sorts() []sort {
	return []sort{
		{"builds", func(o *fn.Object) bool { return o.Is("build.openshift.io", "Build") }},
		{"build-pods", isBuildPod},
		{"build-configmaps", isBuildConfigMap},
		{"image-tags", func(o *fn.Object) bool { return o.Is("image.openshift.io", "ImageTag") }},
		{"serving-certs", isServingCert},
		{"system-role-bindings", isSystemRoleBinding},
		{"owned-jobs", func(o *fn.Object) bool { return o.Is("batch", "Job") && ownedBy(o, "CronJob") }},
		{"owned-replication-controllers", isOwnedReplicationController},
		{"non-admin", isNonAdmin},
	}
}

// isBuildPod knows the annotation that OpenShift sets on the pods of builds. One
// without a value names no build, for openshift-velero-plugin either.
func isBuildPod(o *fn.Object) bool {
	if !o.Is("", "Pod") {
		return false
	}
	name, _ := o.Annotation("openshift.io/build.name")
	return name != ""
}

// isBuildConfigMap knows the annotation that openshift-velero-plugin sets on
// backup, when it has found that the ConfigMap belongs to the pod of a build.
func isBuildConfigMap(o *fn.Object) bool {
	if !o.Is("", "ConfigMap") {
		return false
	}
	text, _ := o.Annotation("oadp.openshift.io/skip-buildconfig-configmap-restore")
	skip, err := strconv.ParseBool(text)
	return err == nil && skip
}

// isServingCert knows the annotations of the service CA operator, of before
// and after OpenShift 4.
func isServingCert(o *fn.Object) bool {
	if !o.Is("", "Secret") {
		return false
	}
	for _, stage := range []string{"alpha", "beta"} {
		if _, ok := o.Annotation("service." + stage + ".openshift.io/originating-service-name"); ok {
			return true
		}
	}
	return false
}

// isSystemRoleBinding knows what OpenShift makes in every new project.
func isSystemRoleBinding(o *fn.Object) bool {
	id := o.Identity()
	if id.Kind != "RoleBinding" || id.Group() != "authorization.openshift.io" && id.Group() != "rbac.authorization.k8s.io" {
		return false
	}
	return slices.Contains([]string{"system:image-pullers", "system:image-builders", "system:deployers"}, id.Name)
}

// isOwnedReplicationController leaves those of a paused DeploymentConfig,
// which would not make them again; openshift-velero-plugin notes that on
// backup.
func isOwnedReplicationController(o *fn.Object) bool {
	if !o.Is("", "ReplicationController") {
		return false
	}
	if paused, _ := o.Annotation("openshift.io/paused-owner-ref"); paused == "true" {
		return false
	}
	return ownedBy(o, "DeploymentConfig")
}

func isNonAdmin(o *fn.Object) bool {
	id := o.Identity()
	return id.Group() == "oadp.openshift.io" &&
		slices.Contains([]string{"NonAdminBackup", "NonAdminRestore", "NonAdminBackupStorageLocation"}, id.Kind)
}

func ownedBy(o *fn.Object, kind string) bool {
	return slices.ContainsFunc(o.Nodes("metadata", "ownerReferences"), func(owner fn.Node) bool {
		got, _ := owner.GetString("kind")
		return got == kind
	})
}
