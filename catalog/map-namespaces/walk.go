package mapnamespaces

import (
	"slices"

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
	hits  []hit
}

// hit is a text with an old name in it.
type hit struct {
	at    []any
	text  string
	place place
	// byKind is true of a place that is only what it is because the kind is known.
	byKind bool
}

// frame is what is known of a place from the keys that lead there.
type frame struct {
	// in is the last key.
	in string
	// place is what a text there is; byKind as of a [hit].
	place  place
	byKind bool
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
	first := len(w.hits)
	var own embedded
	w.path = append(w.path, nil)
	for w.json.Open(); w.json.More(); {
		key := jsontext.Decode(w.json.Key())
		w.path[len(w.path)-1] = key
		if w.known {
			own.see(key, w.json)
		}
		w.value(w.child(f, key, w.json.Kind()))
	}
	w.path = w.path[:len(w.path)-1]
	if len(w.path) > 0 && own.foreign() {
		forgetKind(w.hits[first:])
	}
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
	w.hits = append(w.hits, hit{slices.Clone(w.path), jsontext.Decode(content, plain), f.place, f.byKind})
}

// left reports whether a field with a namespace's name is Velero's to change.
// Velero maps what it finds there after the function has run, so that a name
// which moves on would be moved twice; and of a volume whose claim's namespace is
// not mapped any more it does not see that it must have another name than the
// live one (shouldRenamePV in pkg/restore/restore.go, Velero 1.16 to 1.18).
func (w *walker) left(at []any, namespace string) bool {
	to, mapped := w.m.restore[namespace]
	if !mapped {
		return false
	}
	group, kind := w.id.Group(), w.id.Kind
	if group == "" && kind == "PersistentVolume" {
		return is(at, "spec", "claimRef", "namespace")
	}
	if next, on := w.m.restore[to]; !on || next == to {
		return false
	}
	switch group {
	case "rbac.authorization.k8s.io":
		return (kind == "RoleBinding" || kind == "ClusterRoleBinding") && len(at) == 3 && at[0] == "subjects" && at[2] == "namespace"
	case "snapshot.storage.k8s.io":
		return kind == "VolumeSnapshotContent" && is(at, "spec", "volumeSnapshotRef", "namespace")
	}
	return false
}

func is(at []any, keys ...string) bool {
	return slices.EqualFunc(at, keys, func(elem any, key string) bool { return elem == key })
}

// sibling returns the texts that the mapping of a frame has at a key: of a list
// its elements.
func (w *walker) sibling(f frame, key string) []string {
	r := jsontext.Reader{Data: w.json.Data, Pos: f.start}
	for r.Open(); r.More(); {
		if content, plain := r.Key(); !jsontext.Is(content, plain, key) {
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
