package plugin

import (
	"context"
	"fmt"

	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
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
	isNew := unseen()
	return everyPage(metav1.ListOptions{}, func(options metav1.ListOptions) (string, bool, error) {
		list, err := client.List(ctx, options)
		if err != nil {
			return "", false, fmt.Errorf("list %s: %w", what, err)
		}
		for i := range list.Items {
			item := &list.Items[i]
			if !isNew(item) {
				continue
			}
			obj := new(T)
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(item.Object, obj); err != nil {
				return "", false, fmt.Errorf("decode %s %s/%s: %w", item.GetKind(), item.GetNamespace(), item.GetName(), err)
			}
			do(obj)
		}
		return list.GetContinue(), true, nil
	})
}

// everyPage asks for pages until there is none or page says false. Where the API
// server no longer has the list that a page belongs to, which it forgets after
// some minutes, it asks for the whole list once, which cannot end that way: page
// sees objects again that it has seen, see [unseen].
func everyPage(options metav1.ListOptions, page func(metav1.ListOptions) (next string, more bool, err error)) error {
	options.Limit = pageSize
	for {
		next, more, err := page(options)
		if expired(err) && options.Continue != "" && options.Limit > 0 {
			options.Continue, options.Limit = "", 0
			continue
		}
		if err != nil {
			return err
		}
		if options.Continue = next; !more || next == "" {
			return nil
		}
	}
}

// expired reports whether the API server no longer has what a page continues.
// The reason is in its answer; one that has none is Gone by its status, 410.
func expired(err error) bool { return apierrors.IsResourceExpired(err) || apierrors.IsGone(err) }

// unseen returns a function that reports whether it is asked for an object the
// first time.
func unseen() func(metav1.Object) bool {
	seen := map[types.NamespacedName]bool{}
	return func(o metav1.Object) bool {
		name := types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetName()}
		again := seen[name]
		seen[name] = true
		return !again
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
