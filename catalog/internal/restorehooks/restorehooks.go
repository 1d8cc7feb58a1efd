// Package restorehooks tells for which pods a Restore has hooks in its
// spec.hooks.resources.
package restorehooks

import (
	"slices"

	"github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
)

// Hooks are the entries of spec.hooks.resources. The zero Hooks match nothing.
type Hooks struct{ entries []fn.Node }

// Labels returns the value of a label of a pod, and whether it is there.
type Labels func(key string) (string, bool)

// Of returns the hooks of the Restore that the run is.
func Of(run runcontext.Context) Hooks {
	hooks, ok := run.Node("restore", "spec", "hooks")
	if !ok {
		return Hooks{}
	}
	return Hooks{hooks.Nodes("resources")}
}

// Match reports whether an entry with postHooks is for a pod in that namespace
// with those labels.
func (h Hooks) Match(namespace string, label Labels) bool {
	return slices.ContainsFunc(h.entries, func(hook fn.Node) bool {
		v, _ := hook.Get("postHooks")
		hooks, _ := v.([]any)
		return len(hooks) > 0 && concerns(hook, namespace, label)
	})
}

// concerns reports whether an entry is for a pod.
func concerns(hook fn.Node, namespace string, label Labels) bool {
	return listed(hook, "includedNamespaces", true, namespace) && !listed(hook, "excludedNamespaces", false, namespace) &&
		listed(hook, "includedResources", true, "pods", "pod", "po") && !listed(hook, "excludedResources", false, "pods", "pod", "po") &&
		selects(hook, label)
}

// listed reports whether a list of texts has one of the names or "*"; empty is
// the answer for a list without elements.
func listed(hook fn.Node, field string, empty bool, names ...string) bool {
	v, _ := hook.Get(field)
	list, _ := v.([]any)
	if len(list) == 0 {
		return empty
	}
	return slices.ContainsFunc(list, func(v any) bool {
		text, _ := v.(string)
		return text == "*" || slices.Contains(names, text)
	})
}

// selects reports whether the label selector of a hook, if any, matches.
func selects(hook fn.Node, label Labels) bool {
	selector, ok := hook.Node("labelSelector")
	if !ok {
		return true
	}
	if labels, ok := selector.Node("matchLabels"); ok {
		for _, key := range labels.Keys() {
			want, _ := labels.GetString(key)
			if got, ok := label(key); !ok || got != want {
				return false
			}
		}
	}
	return !slices.ContainsFunc(selector.Nodes("matchExpressions"), func(e fn.Node) bool { return !matches(e, label) })
}

// matches evaluates one expression of a label selector.
func matches(e fn.Node, label Labels) bool {
	key, _ := e.GetString("key")
	operator, _ := e.GetString("operator")
	got, there := label(key)
	v, _ := e.Get("values")
	values, _ := v.([]any)
	in := there && slices.Contains(values, any(got))
	switch operator {
	case "In":
		return in
	case "NotIn":
		return !in
	case "Exists":
		return there
	case "DoesNotExist":
		return !there
	}
	return false
}
