package runcontext

import (
	"slices"

	"github.com/velero-krm/velero-krm/krm"
)

// Narrow returns the context without the facts of the cluster that are not
// among facts, so that a function is told what its own step asked for and not
// what others did. Fields that this version does not know stay, and so does
// [KubernetesVersion]. It returns the very same item when there is nothing to
// take away: an object that is no context among them.
func Narrow(item *krm.Item, facts []Fact) (*krm.Item, error) {
	if !Is(item) {
		return item, nil
	}
	object := item.Object()
	cluster, ok := object["cluster"].(map[string]any)
	if !ok {
		return item, nil
	}
	changed := narrowList(cluster, facts)
	for _, f := range Facts() {
		if _, told := cluster[string(f)]; told && f != KubernetesVersion && !slices.Contains(facts, f) {
			delete(cluster, string(f))
			changed = true
		}
	}
	if !changed {
		return item, nil
	}
	return krm.FromObject(object)
}

// narrowList takes out of cluster.facts what is not among facts, and reports
// whether that was anything.
func narrowList(cluster map[string]any, facts []Fact) bool {
	asked, ok := cluster["facts"].([]any)
	if !ok {
		return false
	}
	kept := slices.DeleteFunc(slices.Clone(asked), func(v any) bool {
		name, ok := v.(string)
		return ok && !slices.Contains(facts, Fact(name))
	})
	if len(kept) == len(asked) {
		return false
	}
	cluster["facts"] = kept
	if len(kept) == 0 {
		delete(cluster, "facts")
	}
	return true
}
