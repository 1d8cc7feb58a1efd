package plugin

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
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

// eachPage asks for pages until there is none or page says false. Where the API
// server no longer has the list that a page belongs to, which it forgets after
// some minutes, it asks for the whole list once, which cannot end that way: page
// sees objects again that it has seen.
func eachPage(c call, options metav1.ListOptions, page func(metav1.ListOptions) (next string, more bool, err error)) error {
	c.verb = "list"
	options.Limit = pageSize
	for {
		next, more, err := page(options)
		if expired(err) && options.Continue != "" && options.Limit > 0 {
			options.Continue, options.Limit = "", 0
			continue
		}
		if err != nil {
			return &callError{c, err}
		}
		if options.Continue = next; !more || next == "" {
			return nil
		}
	}
}

// expired reports whether the API server no longer has what a page continues.
// The reason is in its answer; one that has none is Gone by its status, 410.
func expired(err error) bool { return apierrors.IsResourceExpired(err) || apierrors.IsGone(err) }
