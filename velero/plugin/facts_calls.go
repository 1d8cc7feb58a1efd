package plugin

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// call is one call for a fact: what a role would have to permit.
type call struct {
	verb string
	schema.GroupVersionResource
	// namespace is empty for all namespaces and for what is in none.
	namespace string
	// name of the one object; empty for a list.
	name string
	// namespaced is true for what lives in namespaces.
	namespaced bool
}

// String returns "list imagestreams.image.openshift.io in namespace openshift".
func (c call) String() string {
	s := c.verb + " " + c.GroupResource().String()
	if c.name != "" {
		s += fmt.Sprintf(" %q", c.name)
	}
	switch {
	case !c.namespaced:
		return s
	case c.namespace == "":
		return s + " in all namespaces"
	}
	return s + fmt.Sprintf(" in namespace %q", c.namespace)
}

// callError says which call failed.
type callError struct {
	call call
	err  error
}

func (e *callError) Error() string { return fmt.Sprintf("%s: %v", e.call, e.err) }

// Unwrap returns what the API server said.
func (e *callError) Unwrap() error { return e.err }

// resource finds how the cluster serves a kind; false when it does not. The
// error says that its group did not answer, so that it is not known.
func (g *gatherer) resource(group, kind string) (schema.GroupVersionResource, bool, error) {
	for _, s := range g.kinds.lookup(group+"/", kind) {
		if s.preferred {
			return s.gv.WithResource(s.resource), true, nil
		}
	}
	return schema.GroupVersionResource{}, false, g.kinds.unsure(group + "/")
}

// get reads the one object that a call names into a Go value; false when there
// is none.
func (g *gatherer) get(ctx context.Context, c call, into any) (bool, error) {
	c.verb = "get"
	item, err := g.cluster.dynamic.Resource(c.GroupVersionResource).Namespace(c.namespace).Get(ctx, c.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, &callError{c, err}
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(item.Object, into); err != nil {
		return false, &callError{c, fmt.Errorf("decode: %w", err)}
	}
	return true, nil
}

// list calls do with each object of a call, page by page, until do says false.
func (g *gatherer) list(ctx context.Context, c call, do func(*unstructured.Unstructured) (more bool)) error {
	client, isNew := g.cluster.dynamic.Resource(c.GroupVersionResource).Namespace(c.namespace), unseen()
	return eachPage(c, metav1.ListOptions{}, func(options metav1.ListOptions) (string, bool, error) {
		list, err := client.List(ctx, options)
		if err != nil {
			return "", false, err
		}
		for i := range list.Items {
			if isNew(&list.Items[i]) && !do(&list.Items[i]) {
				return "", false, nil
			}
		}
		return list.GetContinue(), true, nil
	})
}

// listMetadata is list for objects whose content must not be read: the API
// server sends their metadata alone.
func (g *gatherer) listMetadata(ctx context.Context, c call, fieldSelector string, do func(*metav1.PartialObjectMetadata)) error {
	client, isNew := g.cluster.metadata.Resource(c.GroupVersionResource).Namespace(c.namespace), unseen()
	return eachPage(c, metav1.ListOptions{FieldSelector: fieldSelector}, func(options metav1.ListOptions) (string, bool, error) {
		list, err := client.List(ctx, options)
		if err != nil {
			return "", false, err
		}
		for i := range list.Items {
			if isNew(&list.Items[i]) {
				do(&list.Items[i])
			}
		}
		return list.GetContinue(), true, nil
	})
}

// eachPage asks for the pages of a call, and says in its error which call it is.
func eachPage(c call, options metav1.ListOptions, page func(metav1.ListOptions) (next string, more bool, err error)) error {
	c.verb = "list"
	if err := everyPage(options, page); err != nil {
		return &callError{c, err}
	}
	return nil
}
