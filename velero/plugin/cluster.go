package plugin

import (
	"context"
	"fmt"

	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
)

// cluster is the API server of Velero's own cluster.
type cluster struct {
	kube    kubernetes.Interface
	dynamic dynamic.Interface
}

// pipelines lists the ConfigMaps that hold pipelines.
func (c cluster) pipelines(ctx context.Context, namespace string) ([]corev1.ConfigMap, error) {
	list, err := c.kube.CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{LabelSelector: PipelineKey})
	if err != nil {
		return nil, fmt.Errorf("list ConfigMaps labelled %s in namespace %q: %w", PipelineKey, namespace, err)
	}
	return list.Items, nil
}

func (c cluster) backups(ctx context.Context, namespace string) ([]velerov1api.Backup, error) {
	list, err := c.dynamic.Resource(velerov1api.SchemeGroupVersion.WithResource("backups")).Namespace(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list Backups in namespace %q: %w", namespace, err)
	}
	backups := make([]velerov1api.Backup, len(list.Items))
	for i, item := range list.Items {
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(item.Object, &backups[i]); err != nil {
			return nil, fmt.Errorf("decode Backup %s/%s: %w", namespace, item.GetName(), err)
		}
	}
	return backups, nil
}

func (c cluster) backup(ctx context.Context, namespace, name string) (*velerov1api.Backup, error) {
	item, err := c.dynamic.Resource(velerov1api.SchemeGroupVersion.WithResource("backups")).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("get Backup %s/%s: %w", namespace, name, err)
	}
	var backup velerov1api.Backup
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(item.Object, &backup); err != nil {
		return nil, fmt.Errorf("decode Backup %s/%s: %w", namespace, name, err)
	}
	return &backup, nil
}

func (c cluster) restores(ctx context.Context, namespace string) ([]velerov1api.Restore, error) {
	list, err := c.dynamic.Resource(velerov1api.SchemeGroupVersion.WithResource("restores")).Namespace(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list Restores in namespace %q: %w", namespace, err)
	}
	restores := make([]velerov1api.Restore, len(list.Items))
	for i, item := range list.Items {
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(item.Object, &restores[i]); err != nil {
			return nil, fmt.Errorf("decode Restore %s/%s: %w", namespace, item.GetName(), err)
		}
	}
	return restores, nil
}
