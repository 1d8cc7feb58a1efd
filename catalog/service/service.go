package service

import (
	"context"

	"github.com/velero-krm/velero-krm/fn"
)

// Function returns the function.
func Function() fn.Function {
	return fn.New("service", "Removes the externalIPs of Services of type LoadBalancer, which belong to the cluster they came from.", transform, fn.Describe(fn.About{Kinds: []string{"Service"}}))
}

func transform(_ context.Context, _ fn.NoConfig, list *fn.List) error {
	for o := range list.Of("", "Service") {
		if t, _ := o.GetString("spec", "type"); t == "LoadBalancer" {
			o.Remove("spec", "externalIPs")
		}
	}
	return nil
}
