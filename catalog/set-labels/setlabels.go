package setlabels

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/velero-krm/velero-krm/catalog/internal/syntax"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/podspec"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function.
type Config struct {
	// Labels to set; others stay.
	Labels map[string]string `json:"labels" required:"true" doc:"labels to set; others stay"`
	// IncludeTemplates sets them on pod templates, too.
	IncludeTemplates bool `json:"includeTemplates" doc:"also set them on pod templates and job templates; default false"`
}

// Validate checks the labels as the API server does.
func (c *Config) Validate() error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(c.Labels)) {
		at := fn.FieldPath("labels", key)
		if !syntax.Key(key) {
			errs = append(errs, fn.Invalid(at, "is not a label key", "an optional DNS name and '/', then up to 63 letters, digits, '-', '_' and '.'"))
		}
		if !syntax.Value(c.Labels[key]) {
			errs = append(errs, fn.Invalid(at, "has a value that no label can have", "up to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit"))
		}
	}
	return errors.Join(errs...)
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("set-labels", "Sets labels on every object and, if asked, on pod templates; selectors are never changed.", transform, fn.Describe(fn.About{Kinds: []string{fn.AnyKind}}))
}

func transform(_ context.Context, c Config, list *fn.List) error {
	keys := slices.Sorted(maps.Keys(c.Labels))
	for o := range list.All() {
		if err := set(o.Root(), keys, c.Labels); err != nil {
			list.Fail(o, err)
			continue
		}
		if c.IncludeTemplates {
			setOnTemplates(list, o, keys, c.Labels)
		}
	}
	return nil
}

// setOnTemplates leaves out those keys that the object's own selector looks
// at: a template that its selector does not match is refused by the API
// server, and selectors cannot be changed after creation.
func setOnTemplates(list *fn.List, o *fn.Object, keys []string, labels map[string]string) {
	selected := selectedKeys(o)
	for _, template := range podspec.Templates(o) {
		allowed := make([]string, 0, len(keys))
		for _, key := range keys {
			now, _ := template.GetString("metadata", "labels", key)
			if selected[key] && now != labels[key] {
				list.ReportOn(o, krm.Warning, template.Path("metadata", "labels", key), "label not set on the template: the object's selector uses it")
				continue
			}
			allowed = append(allowed, key)
		}
		if err := set(template, allowed, labels); err != nil {
			list.Fail(o, err)
		}
	}
}

func set(n fn.Node, keys []string, labels map[string]string) error {
	for _, key := range keys {
		if err := n.Set(labels[key], "metadata", "labels", key); err != nil {
			return err
		}
	}
	return nil
}

// selectedKeys are the label keys that the object's selector names, be it a
// LabelSelector or, as in a ReplicationController, a plain mapping.
func selectedKeys(o *fn.Object) map[string]bool {
	id := o.Identity()
	l, ok := podspec.Paths(id.Group(), id.Kind)
	if !ok || l.Selector == nil {
		return nil
	}
	selector, ok := o.Node(l.Selector...)
	if !ok {
		return nil
	}
	keys := map[string]bool{}
	if matchLabels, ok := selector.Node("matchLabels"); ok {
		for _, k := range matchLabels.Keys() {
			keys[k] = true
		}
	}
	for _, e := range selector.Nodes("matchExpressions") {
		if k, ok := e.GetString("key"); ok {
			keys[k] = true
		}
	}
	for _, k := range selector.Keys() {
		if _, ok := selector.GetString(k); ok {
			keys[k] = true
		}
	}
	return keys
}
