package fixscaletarget

import (
	"context"

	"github.com/velero-krm/velero-krm/fn"
)

// Function returns the function.
func Function() fn.Function {
	return fn.New("fix-scale-target", "Gives HorizontalPodAutoscalers of DeploymentConfigs the API version that OpenShift serves them by.", transform, fn.Describe(fn.About{Kinds: []string{"HorizontalPodAutoscaler.autoscaling"}}))
}

func transform(_ context.Context, _ fn.NoConfig, list *fn.List) error {
	for o := range list.Of("autoscaling", "HorizontalPodAutoscaler") {
		ref, ok := o.Node("spec", "scaleTargetRef")
		if !ok {
			continue
		}
		kind, _ := ref.GetString("kind")
		version, _ := ref.GetString("apiVersion")
		// Before OpenShift 3.6 the kind was served by the legacy API, which
		// was called v1 as the core group is.
		if kind != "DeploymentConfig" || version != "v1" {
			continue
		}
		if err := ref.Set("apps.openshift.io/v1", "apiVersion"); err != nil {
			list.Fail(o, err)
		}
	}
	return nil
}
