package preparepods

import (
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
)

// facts are what the function needs to know of the run.
type facts struct {
	// restore is the name of the Restore.
	restore string
	// fileBackup is true when the backup copied all volumes of pods as files.
	fileBackup bool
	hooks      []fn.Node
}

func factsOf(run runcontext.Context) facts {
	f := facts{restore: run.RestoreName()}
	if spec, ok := run.Node("backup", "spec"); ok {
		files, _ := spec.GetBool("defaultVolumesToFsBackup")
		restic, _ := spec.GetBool("defaultVolumesToRestic")
		f.fileBackup = files || restic
	}
	if hooks, ok := run.Node("restore", "spec", "hooks"); ok {
		f.hooks = hooks.Nodes("resources")
	}
	return f
}

// noData are sources of volumes that Velero's file backup leaves out, because
// they come with the node or with other objects.
var noData = [...]string{"hostPath", "secret", "configMap", "projected", "downwardAPI"}

// hasVolumes reports whether a pod has volumes that a file backup copies:
// those that Velero takes by default (pkg/util/podvolume, GetVolumesByPod).
func hasVolumes(o *fn.Object) bool {
	text, _ := o.Annotation("backup.velero.io/backup-volumes-excludes")
	excluded := strings.Split(text, ",")
	return slices.ContainsFunc(o.Nodes("spec", "volumes"), func(v fn.Node) bool {
		name, _ := v.GetString("name")
		if slices.Contains(excluded, name) || strings.HasPrefix(name, "default-token") {
			return false
		}
		return !slices.ContainsFunc(noData[:], func(source string) bool { return v.Has(source) })
	})
}

// hasHooks reports whether Velero will run something in the pod after it is
// restored.
func (f facts) hasHooks(o *fn.Object) bool {
	for _, key := range []string{"post.hook.restore.velero.io/command", "init.hook.restore.velero.io/container-image"} {
		if _, ok := o.Annotation(key); ok {
			return true
		}
	}
	return slices.ContainsFunc(f.hooks, func(hook fn.Node) bool {
		v, _ := hook.Get("postHooks")
		hooks, _ := v.([]any)
		return len(hooks) > 0 && concerns(hook, o)
	})
}

// concerns reports whether an entry of spec.hooks.resources is for the pod.
func concerns(hook fn.Node, o *fn.Object) bool {
	namespace := o.Identity().Namespace
	return listed(hook, "includedNamespaces", true, namespace) && !listed(hook, "excludedNamespaces", false, namespace) &&
		listed(hook, "includedResources", true, "pods", "pod", "po") && !listed(hook, "excludedResources", false, "pods", "pod", "po") &&
		selects(hook, o)
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
func selects(hook fn.Node, o *fn.Object) bool {
	selector, ok := hook.Node("labelSelector")
	if !ok {
		return true
	}
	if labels, ok := selector.Node("matchLabels"); ok {
		for _, key := range labels.Keys() {
			want, _ := labels.GetString(key)
			if got, ok := o.GetString("metadata", "labels", key); !ok || got != want {
				return false
			}
		}
	}
	return !slices.ContainsFunc(selector.Nodes("matchExpressions"), func(e fn.Node) bool { return !matches(e, o) })
}

// matches evaluates one expression of a label selector.
func matches(e fn.Node, o *fn.Object) bool {
	key, _ := e.GetString("key")
	operator, _ := e.GetString("operator")
	got, there := o.GetString("metadata", "labels", key)
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
