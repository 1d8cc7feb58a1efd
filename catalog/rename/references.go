package rename

import (
	"strings"

	"github.com/velero-krm/velero-krm/catalog/internal/textref"
	"github.com/velero-krm/velero-krm/fn/podspec"
	"github.com/velero-krm/velero-krm/krm"
)

// references knows where objects of each kind refer to others. It reads the
// tables when the first object of a kind comes that has an old name in it.
type references struct {
	wants func(kind string) bool
	known map[groupKind]places
}

type groupKind struct{ group, kind string }

// places is where the references of one kind are.
type places struct {
	root *node
	// custom is true for a kind whose other fields may be references as well, or
	// have whole objects in them.
	custom bool
}

func newReferences(wants func(kind string) bool) *references {
	return &references{wants, map[groupKind]places{}}
}

// of returns the references of a kind to kinds that are renamed.
func (refs *references) of(id krm.Identity) places {
	gk := groupKind{id.Group(), id.Kind}
	if p, ok := refs.known[gk]; ok {
		return p
	}
	table := map[groupKind]spec{}
	for _, add := range tables()[gk.group] {
		add(table)
	}
	s := table[gk].and(anyObject("metadata"))
	if l, ok := podspec.Paths(gk.group, gk.kind); ok {
		s = s.and(podReferences(strings.Join(l.Spec, ".")))
		for _, template := range [][]string{l.Template, l.Outer} {
			if template != nil {
				s = s.and(anyObject(strings.Join(template, ".") + ".metadata"))
			}
		}
	}
	// What a StatefulSet or DaemonSet was, to go back to.
	if gk == (groupKind{"apps", "ControllerRevision"}) {
		s = s.and(podReferences("data.spec.template.spec"))
	}
	custom := !textref.Known(gk.group) || gk == groupKind{"template" + openshift, "Template"} || gk == groupKind{"template" + openshift, "TemplateInstance"}
	p := places{refs.tree(s, custom), custom}
	refs.known[gk] = p
	return p
}

// tree is what of a spec may change. A path that cannot be read is left out; a
// test checks that there is none.
func (refs *references) tree(s spec, custom bool) *node {
	root := &node{}
	for _, p := range s {
		switch {
		case p.of.kind == "" || p.form == objectForm || refs.wants(p.of.kind):
			_ = root.add(p.path, p.reference)
		case custom || strings.Contains(p.path, "annotations["):
			// Nobody shall take it for the name of something else.
			_ = root.add(p.path, reference{form: otherForm})
		}
	}
	return root
}
