package servedapis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// target is what a cluster serves.
type target struct {
	kinds map[kindIn]bool
	// versions lists by kind where it is served.
	versions   map[string][]string
	unanswered []string
}

type kindIn struct{ apiVersion, kind string }

func newTarget(served map[string][]string, unanswered []string) *target {
	t := &target{kinds: map[kindIn]bool{}, versions: map[string][]string{}, unanswered: unanswered}
	for apiVersion, kinds := range served {
		for _, kind := range kinds {
			t.add(apiVersion, kind)
		}
	}
	return t
}

func (t *target) add(apiVersion, kind string) {
	if at := (kindIn{apiVersion, kind}); !t.kinds[at] {
		t.kinds[at] = true
		t.versions[kind] = append(t.versions[kind], apiVersion)
	}
}

// addDefinition adds what a CustomResourceDefinition of the list brings: Velero
// restores those first.
func (t *target) addDefinition(o *fn.Object) {
	group, _ := o.GetString("spec", "group")
	kind, ok := o.GetString("spec", "names", "kind")
	if !ok || group == "" {
		return
	}
	for _, v := range o.Nodes("spec", "versions") {
		name, _ := v.GetString("name")
		if served, _ := v.GetBool("served"); served && name != "" {
			t.add(group+"/"+name, kind)
		}
	}
	// Of apiextensions.k8s.io/v1beta1.
	if name, ok := o.GetString("spec", "version"); ok && !o.Has("spec", "versions") {
		t.add(group+"/"+name, kind)
	}
}

func (t *target) serves(id krm.Identity) bool { return t.kinds[kindIn{id.APIVersion, id.Kind}] }

// why says what the target has in place of what it does not serve: the same
// kind in the same group, or else in another, where it may have moved.
func (t *target) why(id krm.Identity) string {
	if slices.Contains(t.unanswered, id.APIVersion) {
		return fmt.Sprintf("the target did not say what it serves of %s: is what serves it running?", id.APIVersion)
	}
	not := fmt.Sprintf("the target does not serve %s of %s", id.Kind, id.APIVersion)
	all := slices.Sorted(slices.Values(t.versions[id.Kind]))
	same := slices.DeleteFunc(slices.Clone(all), func(v string) bool { return krm.Identity{APIVersion: v}.Group() != id.Group() })
	switch {
	case len(same) > 0:
		return fmt.Sprintf("%s; it serves %s of %s", not, id.Kind, strings.Join(same, ", "))
	case len(all) > 0:
		return fmt.Sprintf("%s; it serves another %s, of %s", not, id.Kind, strings.Join(all, ", "))
	case strings.Contains(id.Group(), ".") && !strings.HasSuffix(id.Group(), ".k8s.io"):
		return not + ", in no version: is its CustomResourceDefinition missing?"
	}
	return not + ", in no version"
}
