package noteowners

import (
	"context"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
)

// What drop-generated and openshift-velero-plugin read on restore.
const (
	pausedAnnotation = "openshift.io/paused-owner-ref"
	buildAnnotation  = "oadp.openshift.io/skip-buildconfig-configmap-restore"
)

// Function returns the function.
func Function() fn.Function {
	return fn.New("note-owners", "Notes on ReplicationControllers that their DeploymentConfig is paused, and on ConfigMaps that a pod of a build owns them; needs scope: List.", transform, fn.Describe(fn.About{
		Kinds:  []string{"ReplicationController", "ConfigMap"},
		Phases: []string{fn.Backup},
		Needs:  fn.Needs{List: fn.Always},
	}))
}

// owner is the name of an object that may own others of its namespace.
type owner struct{ kind, namespace, name string }

func transform(_ context.Context, _ fn.NoConfig, list *fn.List) error {
	owners := map[owner]bool{}
	for o := range list.All() {
		if isPaused(o) || isBuildPod(o) {
			id := o.Identity()
			owners[owner{id.Kind, id.Namespace, id.Name}] = true
		}
	}
	if len(owners) == 0 {
		return nil
	}
	for o := range list.All() {
		if err := note(o, owners); err != nil {
			list.Fail(o, err)
		}
	}
	return nil
}

func isPaused(o *fn.Object) bool {
	if !o.Is("apps.openshift.io", "DeploymentConfig") {
		return false
	}
	paused, _ := o.GetBool("spec", "paused")
	return paused
}

// isBuildPod knows the annotation that OpenShift sets on the pods of builds.
func isBuildPod(o *fn.Object) bool {
	if !o.Is("", "Pod") {
		return false
	}
	name, _ := o.Annotation("openshift.io/build.name")
	return name != ""
}

func note(o *fn.Object, owners map[owner]bool) error {
	switch {
	case o.Is("", "ReplicationController") && owned(o, "DeploymentConfig", owners):
		return o.Set("true", "metadata", "annotations", pausedAnnotation)
	case o.Is("", "ConfigMap") && isBuildName(o.Identity().Name) && owned(o, "Pod", owners):
		// Somebody may have written that it is to be restored.
		if o.Has("metadata", "annotations", buildAnnotation) {
			return nil
		}
		return o.Set("true", "metadata", "annotations", buildAnnotation)
	}
	return nil
}

// isBuildName reports whether a ConfigMap is named as OpenShift names those of
// builds: <pod>-ca, <pod>-global-ca, <pod>-sys-config.
func isBuildName(name string) bool {
	return strings.HasSuffix(name, "ca") || strings.HasSuffix(name, "sys-config")
}

// owned reports whether an owner of that kind is one that matters.
func owned(o *fn.Object, kind string, owners map[owner]bool) bool {
	namespace := o.Identity().Namespace
	return slices.ContainsFunc(o.Nodes("metadata", "ownerReferences"), func(ref fn.Node) bool {
		got, _ := ref.GetString("kind")
		name, _ := ref.GetString("name")
		return got == kind && owners[owner{kind, namespace, name}]
	})
}
