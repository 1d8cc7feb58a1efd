package mapnamespaces

import (
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/internal/jsontext"
	"github.com/velero-krm/velero-krm/krm"
)

// maxWalk bounds the recursion; the schemas of custom resources nest some 30
// deep, and a path has at most 64 elements.
const maxWalk = 64

// walker looks at every text of one object, as the JSON that it came in as: most
// objects name no namespace that moves but their own, and are never decoded.
type walker struct {
	m     *mapper
	id    krm.Identity
	known bool
	json  jsontext.Reader
	path  []any
	edits []edit
	notes []note
}

// edit is a text that gets another one, and the namespaces that it named.
type edit struct {
	at, old, now string
	namespaces   []string
}

// note is a place with a text that may name a namespace.
type note struct{ at, namespace string }

// frame is what is known of a place from the keys that lead there.
type frame struct {
	// in is the last key.
	in string
	// place is what a text there is.
	place place
	// selects is true within what selects namespaces, subjects within what lists
	// users.
	selects, subjects bool
	// start is where the mapping starts that the frame is of.
	start int
}

func (w *walker) value(f frame) {
	kind := w.json.Kind()
	if f.place == skip || len(w.path) > maxWalk {
		w.json.Skip()
		return
	}
	switch kind {
	case '{':
		w.mapping(f)
	case '[':
		w.list(f)
	case '"':
		w.text(f)
	default:
		w.json.Skip()
	}
}

func (w *walker) mapping(f frame) {
	f.start = w.json.Pos
	w.path = append(w.path, nil)
	for w.json.Open(); w.json.More(); {
		key := jsontext.Decode(w.json.Key())
		w.path[len(w.path)-1] = key
		w.value(w.child(f, key, w.json.Kind()))
	}
	w.path = w.path[:len(w.path)-1]
}

func (w *walker) list(f frame) {
	w.path = append(w.path, nil)
	i := 0
	for w.json.Open(); w.json.More(); i++ {
		w.path[len(w.path)-1] = i
		w.value(f)
	}
	w.path = w.path[:len(w.path)-1]
}

func (w *walker) text(f frame) {
	content, plain := w.json.Text()
	if !w.m.old.atLeast(1, content) {
		return
	}
	text := jsontext.Decode(content, plain)
	now, changed, unsure := w.m.rewrite(text, f.place)
	if changed != nil && !w.left(text) {
		w.edits = append(w.edits, edit{fn.FieldPath(w.path...), text, now, changed})
	}
	if unsure != "" {
		w.notes = append(w.notes, note{fn.FieldPath(w.path...), unsure})
	}
}

// left reports whether a field with a namespace's name is Velero's to change.
// Velero maps what it finds there after the function has run, so that a name
// which moves on would be moved twice; and of a volume whose claim's namespace is
// not mapped any more it does not see that it must have another name than the
// live one (shouldRenamePV in pkg/restore/restore.go, Velero 1.16 to 1.18).
func (w *walker) left(namespace string) bool {
	to, mapped := w.m.restore[namespace]
	if !mapped {
		return false
	}
	group, kind := w.id.Group(), w.id.Kind
	if group == "" && kind == "PersistentVolume" {
		return w.at("spec", "claimRef", "namespace")
	}
	if next, on := w.m.restore[to]; !on || next == to {
		return false
	}
	switch group {
	case "rbac.authorization.k8s.io":
		return (kind == "RoleBinding" || kind == "ClusterRoleBinding") && len(w.path) == 3 && w.path[0] == "subjects" && w.path[2] == "namespace"
	case "snapshot.storage.k8s.io":
		return kind == "VolumeSnapshotContent" && w.at("spec", "volumeSnapshotRef", "namespace")
	}
	return false
}

func (w *walker) at(keys ...string) bool {
	return slices.EqualFunc(w.path, keys, func(elem any, key string) bool { return elem == key })
}

// sibling returns the texts that the mapping of a frame has at a key: of a list
// its elements.
func (w *walker) sibling(f frame, key string) []string {
	r := jsontext.Reader{Data: w.json.Data, Pos: f.start}
	for r.Open(); r.More(); {
		if content, _ := r.Key(); !jsontext.Is(content, key) {
			r.Skip()
			continue
		}
		switch r.Kind() {
		case '"':
			return []string{jsontext.Decode(r.Text())}
		case '[':
			return textsOf(&r)
		}
		return nil
	}
	return nil
}

func textsOf(r *jsontext.Reader) []string {
	var texts []string
	for r.Open(); r.More(); {
		if r.Kind() == '"' {
			texts = append(texts, jsontext.Decode(r.Text()))
		} else {
			r.Skip()
		}
	}
	return texts
}

// apply changes the object.
func (w *walker) apply(o *fn.Object) error {
	for _, e := range w.edits {
		path, err := fn.ParsePath(e.at)
		if err != nil {
			return err
		}
		// A key that is there twice counts by its last value alone.
		count, err := o.Edit(path, func(_ fn.Location, value any) (any, bool, error) {
			if value == e.old {
				return e.now, true, nil
			}
			return value, true, nil
		})
		if err != nil {
			return err
		}
		if count == 0 {
			continue
		}
		for _, name := range e.namespaces {
			w.m.namespaces.Count(name, o)
		}
	}
	return nil
}

// report tells of what is not sure, in the order of the places.
func (w *walker) report(o *fn.Object) {
	slices.SortFunc(w.notes, func(a, b note) int { return strings.Compare(a.at, b.at) })
	for _, n := range w.notes {
		w.m.list.ReportOn(o, krm.Warning, n.at, "may refer to namespace "+n.namespace+", which moves; not changed")
	}
}
