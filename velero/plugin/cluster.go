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
	"k8s.io/client-go/metadata"
)

// cluster is the API server of Velero's own cluster.
type cluster struct {
	kube    kubernetes.Interface
	dynamic dynamic.Interface
	// metadata reads objects without what they hold.
	metadata metadata.Interface
}

// pipelines lists the ConfigMaps that hold pipelines.
func (c cluster) pipelines(ctx context.Context, namespace string) ([]corev1.ConfigMap, error) {
	list, err := c.kube.CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{LabelSelector: PipelineKey})
	if err != nil {
		return nil, fmt.Errorf("list ConfigMaps labelled %s in namespace %q: %w", PipelineKey, namespace, err)
	}
	return list.Items, nil
}

// pageSize bounds how many Backups or Restores are in memory at a time: a
// cluster keeps thousands, and a run is one of them.
const pageSize = 200

// backups calls do with every Backup.
func (c cluster) backups(ctx context.Context, namespace string, do func(*velerov1api.Backup)) error {
	return pages(ctx, c.dynamic.Resource(velerov1api.SchemeGroupVersion.WithResource("backups")).Namespace(namespace), fmt.Sprintf("Backups in namespace %q", namespace), do)
}

// restores calls do with every Restore.
func (c cluster) restores(ctx context.Context, namespace string, do func(*velerov1api.Restore)) error {
	return pages(ctx, c.dynamic.Resource(velerov1api.SchemeGroupVersion.WithResource("restores")).Namespace(namespace), fmt.Sprintf("Restores in namespace %q", namespace), do)
}

// pages lists page by page and calls do with each object.
func pages[T any](ctx context.Context, client dynamic.ResourceInterface, what string, do func(*T)) error {
	options := metav1.ListOptions{Limit: pageSize}
	for {
		list, err := client.List(ctx, options)
		if err != nil {
			return fmt.Errorf("list %s: %w", what, err)
		}
		for _, item := range list.Items {
			obj := new(T)
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(item.Object, obj); err != nil {
				return fmt.Errorf("decode %s %s/%s: %w", item.GetKind(), item.GetNamespace(), item.GetName(), err)
			}
			do(obj)
		}
		if options.Continue = list.GetContinue(); options.Continue == "" {
			return nil
		}
	}
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
