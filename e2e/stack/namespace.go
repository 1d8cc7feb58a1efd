package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// CreateNamespace makes a namespace; one that exists is left as it is.
func (c *ControlPlane) CreateNamespace(ctx context.Context, name string) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := c.Client.Create(ctx, ns); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create namespace %q: %w", name, err)
	}
	return nil
}

// DeleteNamespace deletes a namespace with all that is in it and returns when
// it is gone. It does the namespace controller's work, which is not running:
// deletes the contents, whatever their finalizers, and finalizes the namespace.
// Deleting one that does not exist is no error.
func (c *ControlPlane) DeleteNamespace(ctx context.Context, name string) error {
	clients, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		return err
	}
	err = clients.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil && !apierrors.IsConflict(err) {
		return fmt.Errorf("delete namespace %q: %w", name, err)
	}
	if err := c.emptyNamespace(ctx, name); err != nil {
		return fmt.Errorf("empty namespace %q: %w", name, err)
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	_, err = clients.CoreV1().Namespaces().Finalize(ctx, ns, metav1.UpdateOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("finalize namespace %q: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	err = poll(ctx, func(ctx context.Context) (bool, error) {
		err := c.Client.Get(ctx, client.ObjectKey{Name: name}, &corev1.Namespace{})
		return apierrors.IsNotFound(err), err
	})
	if err != nil {
		return fmt.Errorf("wait until namespace %q is gone: %w", name, err)
	}
	return nil
}

// Get returns one object; namespace is empty for cluster-scoped kinds.
//
// # Errors
//
// As the API server's: apierrors.IsNotFound tells whether it is missing.
func (c *ControlPlane) Get(ctx context.Context, gvk schema.GroupVersionKind, namespace, name string) (*unstructured.Unstructured, error) {
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(gvk)
	err := c.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, obj)
	if err != nil {
		return nil, fmt.Errorf("get %s %s/%s: %w", gvk.Kind, namespace, name, err)
	}
	return obj, nil
}

// Objects returns every object of a namespace, sorted by resource and name.
// Events are left out: they tell what happened, not what there is.
func (c *ControlPlane) Objects(ctx context.Context, namespace string) ([]*unstructured.Unstructured, error) {
	kinds, err := c.namespacedKinds()
	if err != nil {
		return nil, fmt.Errorf("list kinds: %w", err)
	}
	api, err := dynamic.NewForConfig(c.Config)
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for _, gvr := range kinds {
		if gvr.Resource == "events" {
			continue
		}
		list, err := api.Resource(gvr).Namespace(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", gvr.GroupResource(), err)
		}
		for i := range list.Items {
			objects = append(objects, &list.Items[i])
		}
	}
	return objects, nil
}

// emptyNamespace deletes every object of every namespaced kind.
func (c *ControlPlane) emptyNamespace(ctx context.Context, namespace string) error {
	kinds, err := c.namespacedKinds()
	if err != nil {
		return fmt.Errorf("list kinds: %w", err)
	}
	objects, err := metadata.NewForConfig(c.Config)
	if err != nil {
		return err
	}
	for _, gvr := range kinds {
		if err := emptyKind(ctx, objects.Resource(gvr).Namespace(namespace)); err != nil {
			return fmt.Errorf("%s: %w", gvr.GroupResource(), err)
		}
	}
	return nil
}

// namespacedKinds lists the namespaced resources that can be listed and deleted.
func (c *ControlPlane) namespacedKinds() ([]schema.GroupVersionResource, error) {
	disco, err := discovery.NewDiscoveryClientForConfig(c.Config)
	if err != nil {
		return nil, err
	}
	lists, err := disco.ServerPreferredNamespacedResources()
	if err != nil {
		return nil, err
	}
	var kinds []schema.GroupVersionResource
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, r := range list.APIResources {
			if slices.Contains(r.Verbs, "delete") && slices.Contains(r.Verbs, "list") {
				kinds = append(kinds, gv.WithResource(r.Name))
			}
		}
	}
	slices.SortFunc(kinds, func(a, b schema.GroupVersionResource) int {
		return strings.Compare(a.GroupResource().String(), b.GroupResource().String())
	})
	return kinds, nil
}

// emptyKind deletes the objects of one kind in one namespace, each with its
// finalizers taken off: nobody is there who would do what they wait for.
func emptyKind(ctx context.Context, objects metadata.ResourceInterface) error {
	list, err := objects.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	var errs []error
	for _, obj := range list.Items {
		if len(obj.Finalizers) > 0 {
			patch := []byte(`{"metadata":{"finalizers":null}}`)
			_, err := objects.Patch(ctx, obj.Name, types.MergePatchType, patch, metav1.PatchOptions{})
			if err != nil && !apierrors.IsNotFound(err) {
				errs = append(errs, fmt.Errorf("take finalizers off %q: %w", obj.Name, err))
			}
		}
		now, background := int64(0), metav1.DeletePropagationBackground
		err := objects.Delete(ctx, obj.Name, metav1.DeleteOptions{GracePeriodSeconds: &now, PropagationPolicy: &background})
		if err != nil && !apierrors.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("delete %q: %w", obj.Name, err))
		}
	}
	return errors.Join(errs...)
}
