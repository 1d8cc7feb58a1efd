package notedeploymentconfigs

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
)

// pod is one pod with its labels.
type pod struct {
	o      *fn.Object
	labels map[string]string
	// text has the labels sorted, as a=b,c=d.
	text string
}

// pods finds pods by namespace and labels without looking at all of them each
// time: a list may have as many DeploymentConfigs as pods.
type pods struct {
	// by has the pods of a namespace, and those with one label of it. The key of
	// the first has an empty label.
	by    map[place][]pod
	known map[string]podFacts
}

// place is a namespace and one label, as a=b.
type place struct{ namespace, label string }

func newPods() *pods { return &pods{by: map[place][]pod{}, known: map[string]podFacts{}} }

func (ps *pods) add(o *fn.Object) {
	p := pod{o: o, labels: map[string]string{}}
	if n, ok := o.Node("metadata", "labels"); ok {
		for _, key := range n.Keys() {
			if value, ok := n.GetString(key); ok {
				p.labels[key] = value
			}
		}
	}
	p.text = join(p.labels)
	namespace := o.Identity().Namespace
	ps.put(place{namespace, ""}, p)
	for key, value := range p.labels {
		ps.put(place{namespace, key + "=" + value}, p)
	}
}

func (ps *pods) put(at place, p pod) { ps.by[at] = append(ps.by[at], p) }

// join returns labels as a=b,c=d, sorted.
func join(labels map[string]string) string {
	pairs := make([]string, 0, len(labels))
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, key+"="+labels[key])
	}
	return strings.Join(pairs, ",")
}

// facts returns what is to be noted of the pods that a selector chooses. An
// empty one chooses every pod of the namespace.
func (ps *pods) facts(namespace string, selector map[string]string) podFacts {
	key := fmt.Sprintf("%q%q", namespace, selector) // quoted: a label of a backup may hold anything
	if f, ok := ps.known[key]; ok {
		return f
	}
	found := slices.Clone(ps.candidates(namespace, selector))
	found = slices.DeleteFunc(found, func(p pod) bool { return !contains(p.labels, selector) })
	// The API server lists pods by name, which says what the first one is.
	slices.SortStableFunc(found, func(a, b pod) int { return cmp.Compare(a.o.Identity().Name, b.o.Identity().Name) })
	var f podFacts
	for _, p := range found {
		f.add(p)
	}
	ps.known[key] = f
	return f
}

// candidates returns the pods with the rarest label of a selector.
func (ps *pods) candidates(namespace string, selector map[string]string) []pod {
	best := ps.by[place{namespace, ""}]
	for key, value := range selector {
		if with := ps.by[place{namespace, key + "=" + value}]; len(with) < len(best) {
			best = with
		}
	}
	return best
}

func contains(labels, selector map[string]string) bool {
	for key, want := range selector {
		if got, ok := labels[key]; !ok || got != want {
			return false
		}
	}
	return true
}
