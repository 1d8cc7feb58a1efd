package preparepods

import (
	"context"
	"fmt"

	"github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function.
type Config struct {
	KeepOwned        bool `json:"keepOwned" doc:"keep pods that their owner makes again; default false: dropped, unless they have volumes or restore hooks"`
	KeepNodeSelector bool `json:"keepNodeSelector" doc:"keep spec.nodeSelector; default false: removed"`
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("prepare-pods", "Drops pods that their owner makes again and frees the others of nodes, networks and DeploymentConfigs of the old cluster; needs context: true and allow: [Delete].", transform, fn.Describe(fn.About{
		Kinds:  []string{"Pod"},
		Phases: []string{fn.Restore},
		Needs:  fn.Needs{Delete: fn.Always, Context: fn.Always},
	}), fn.Says(said))
}

// said is what it says when it is done.
const said = "dropped pods that their owner makes again: %d"

func transform(_ context.Context, c Config, list *fn.List) error {
	run, ok := runcontext.Of(list)
	if !ok {
		return runcontext.ErrNone
	}
	facts := factsOf(run)
	dropped := 0
	for o := range list.Of("", "Pod") {
		needed := facts.needed(o)
		if !c.KeepOwned && !needed && len(o.Nodes("metadata", "ownerReferences")) > 0 {
			list.Drop(o)
			dropped++
			continue
		}
		if !c.KeepNodeSelector {
			o.Remove("spec", "nodeSelector")
		}
		for _, key := range networkAnnotations {
			o.Remove("metadata", "annotations", key)
		}
		if err := facts.disconnect(o, needed); err != nil {
			list.Fail(o, err)
		}
	}
	if dropped > 0 {
		list.Report(krm.Result{Severity: krm.Info, Message: fmt.Sprintf(said, dropped)})
	}
	return nil
}

// networkAnnotations tell of addresses that a pod had; the network plugins of
// the new cluster write their own.
var networkAnnotations = [...]string{
	"k8s.ovn.org/pod-networks", "k8s.v1.cni.cncf.io/network-status", "k8s.v1.cni.cncf.io/networks-status",
}

// The labels by which the controller of DeploymentConfigs finds its pods, and
// what openshift-velero-plugin puts in their place.
const (
	deploymentLabel   = "deployment"
	configLabel       = "deploymentconfig"
	disconnectedLabel = "oadp.openshift.io/disconnected-from-dc"
	// fixedAnnotation says that the backup was made by a version that knows,
	// at backup, whether a pod has volumes.
	fixedAnnotation = "oadp.openshift.io/includes-dm-dc-fix"
)

// disconnect takes a pod that has data to restore away from its
// DeploymentConfig, which would delete it before that is done.
func (f facts) disconnect(o *fn.Object, needed bool) error {
	labels, ok := o.Node("metadata", "labels")
	if !ok {
		return nil
	}
	deployment, _ := labels.GetString(deploymentLabel)
	config, _ := labels.GetString(configLabel)
	if deployment == "" || config == "" {
		return nil
	}
	if fixed, _ := o.Annotation(fixedAnnotation); fixed != "true" {
		needed = f.fileBackup
	}
	if !needed {
		return nil
	}
	labels.Remove(deploymentLabel)
	labels.Remove(configLabel)
	return labels.Set(f.restore, disconnectedLabel)
}
