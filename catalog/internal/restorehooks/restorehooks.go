// Package restorehooks tells for which pods a Restore has hooks in its
// spec.hooks.resources.
package restorehooks

import (
	"slices"

	"github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/internal/includes"
)

// Hooks are the entries of spec.hooks.resources that run something. The zero
// Hooks match nothing.
type Hooks struct {
	entries []hook
	run     runcontext.Context
}

// hook is one entry.
type hook struct {
	namespaces, resources includes.Set
	// entry has the label selector.
	entry fn.Node
}

// Labels returns the value of a label of a pod, and whether it is there.
type Labels func(key string) (string, bool)

// Of returns the hooks of the Restore that the run is.
func Of(run runcontext.Context) Hooks {
	spec, ok := run.Node("restore", "spec", "hooks")
	if !ok {
		return Hooks{}
	}
	h := Hooks{run: run}
	for _, entry := range spec.Nodes("resources") {
		if !runs(entry) {
			continue
		}
		h.entries = append(h.entries, hook{
			namespaces: includes.New(texts(entry, "includedNamespaces"), texts(entry, "excludedNamespaces")),
			resources:  includes.New(resources(entry), texts(entry, "excludedResources")),
			entry:      entry,
		})
	}
	return h
}

// Match reports whether an entry with postHooks is for a pod of that namespace
// of the backup with those labels. openshift-velero-plugin compares that
// namespace; Velero, which runs the hook, the one that it is restored to
// (vmware-tanzu/velero#4720). Either counts: a pod that is dropped loses its
// hook.
func (h Hooks) Match(namespace string, label Labels) bool {
	return slices.ContainsFunc(h.entries, func(hook hook) bool {
		return (hook.namespaces.Has(namespace) || hook.namespaces.Has(h.run.NewNamespace(namespace))) &&
			hook.resources.Has(pods) && selects(hook.entry, label)
	})
}

// runs reports whether an entry has postHooks.
func runs(entry fn.Node) bool {
	v, _ := entry.Get("postHooks")
	hooks, _ := v.([]any)
	return len(hooks) > 0
}

// pods is what Velero calls the resource.
const pods = "pods"

// resources returns the includedResources of an entry. Other names of pods count
// as well: Velero looks at none of them and runs the hook in any case.
func resources(entry fn.Node) []string {
	list := texts(entry, "includedResources")
	for i, name := range list {
		if name == "pod" || name == "po" {
			list[i] = pods
		}
	}
	return list
}

// texts returns the texts of a list.
func texts(entry fn.Node, field string) []string {
	v, _ := entry.Get(field)
	list, _ := v.([]any)
	var all []string
	for _, element := range list {
		text, _ := element.(string)
		all = append(all, text)
	}
	return all
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
