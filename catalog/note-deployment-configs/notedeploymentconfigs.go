package notedeploymentconfigs

import (
	"context"
	"strconv"

	"github.com/velero-krm/velero-krm/catalog/internal/podneeds"
	"github.com/velero-krm/velero-krm/fn"
)

// What prepare-pods, hold-deployment-configs and openshift-velero-plugin read
// on restore.
const (
	fixedAnnotation   = "oadp.openshift.io/includes-dm-dc-fix"
	hooksAnnotation   = "oadp.openshift.io/has-pod-restore-hooks"
	volumesAnnotation = "oadp.openshift.io/pods-have-volumes"
	labelsAnnotation  = "oadp.openshift.io/pod-labels"
)

// Function returns the function.
func Function() fn.Function {
	return fn.New("note-deployment-configs", "Notes on DeploymentConfigs whether their pods have volumes and restore hooks, and on pods that this was noted; needs scope: List.", transform, fn.Describe(fn.About{
		Kinds:  []string{"DeploymentConfig.apps.openshift.io", "Pod"},
		Phases: []string{fn.Backup},
		Needs:  fn.Needs{List: fn.Always},
	}))
}

func transform(_ context.Context, _ fn.NoConfig, list *fn.List) error {
	pods := newPods()
	for o := range list.Of("", "Pod") {
		pods.add(o)
		if err := o.Set("true", "metadata", "annotations", fixedAnnotation); err != nil {
			list.Fail(o, err)
		}
	}
	for o := range list.Of("apps.openshift.io", "DeploymentConfig") {
		selector, ok := selectorOf(o)
		if !ok {
			continue
		}
		if err := annotate(o, pods.facts(o.Identity().Namespace, selector)); err != nil {
			list.Fail(o, err)
		}
	}
	return nil
}

// selectorOf returns the labels that the pods of a DeploymentConfig have, and
// false when they cannot be told.
func selectorOf(o *fn.Object) (map[string]string, bool) {
	selector := map[string]string{}
	n, ok := o.Node("spec", "selector")
	if !ok {
		return selector, !o.Has("spec", "selector")
	}
	for _, key := range n.Keys() {
		value, ok := n.GetString(key)
		if !ok {
			return nil, false
		}
		selector[key] = value
	}
	return selector, true
}

func annotate(o *fn.Object, f podFacts) error {
	for _, a := range []struct{ key, value string }{
		{fixedAnnotation, "true"},
		{hooksAnnotation, strconv.FormatBool(f.hooks)},
		{volumesAnnotation, strconv.FormatBool(f.volumes)},
		{labelsAnnotation, f.labels},
	} {
		if err := o.Set(a.value, "metadata", "annotations", a.key); err != nil {
			return err
		}
	}
	return nil
}

// podFacts are what is noted of the pods of one DeploymentConfig.
type podFacts struct {
	hooks, volumes bool
	// labels of the first pod that has any, as a=b,c=d.
	labels string
}

func (f *podFacts) add(p pod) {
	f.hooks = f.hooks || podneeds.HasHooks(p.o)
	f.volumes = f.volumes || podneeds.HasVolumes(p.o)
	if f.labels == "" {
		f.labels = p.text
	}
}
