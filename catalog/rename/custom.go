package rename

import (
	"maps"
	"slices"
	"strings"
)

// maxWalk bounds the recursion; the schemas of custom resources nest some 30
// deep.
const maxWalk = 64

// customMapping looks at every field of a mapping of which nobody knows what
// it means.
func (w *walker) customMapping(m map[string]any, n *node) {
	if len(w.at) > maxWalk {
		return
	}
	top := len(w.at) == 0
	if !top && isObject(m) {
		w.embedded++
		defer func() { w.embedded-- }()
	}
	known := n != nil && len(n.references) > 0
	named := known || w.customReference(m) || isElement(m)
	for _, key := range slices.Sorted(maps.Keys(m)) {
		child := n.child(key)
		switch {
		case key == "name" && named && child == nil:
		case top && (key == "apiVersion" || key == "kind" || key == "status"):
		case top && key == "metadata":
			w.custom = false
			w.field(m, key, child)
			w.custom = true
		default:
			w.field(m, key, child)
		}
	}
}

// isObject reports whether a mapping is a whole object.
func isObject(m map[string]any) bool {
	_, version := m["apiVersion"].(string)
	_, kind := m["kind"].(string)
	_, meta := m["metadata"].(map[string]any)
	return version && kind && meta
}

// customReference renames in a mapping with a kind and a name, and reports
// whether it has both.
func (w *walker) customReference(m map[string]any) bool {
	kind, ok := m["kind"].(string)
	name, named := m["name"].(string)
	if !ok || !named || kind == "" {
		return false
	}
	if !w.r.table.wants(kind) {
		return true
	}
	of := target{groupOf(m), kind}
	namespace, ok := m["namespace"].(string)
	if !ok || clusterScoped(kind) {
		namespace = w.inNamespace(kind)
	}
	to, ok := w.r.table.lookup(of, namespace, name)
	switch {
	case ok && to != name && w.embedded == 0:
		m["name"] = w.name(of, namespace, name)
	case ok && to != name, !ok && namespace == "":
		w.mentionAt("name", namespace, name, kind)
	}
	return true
}

// mentionAt notes that the name at a key of the mapping at hand may be that of
// an object that is renamed.
func (w *walker) mentionAt(key, namespace, name string, kinds ...string) {
	if r, ok := w.r.table.named(namespace, name, kinds...); ok {
		w.at = append(w.at, key)
		w.mention(r)
		w.at = w.at[:len(w.at)-1]
	}
}

// isElement reports whether the name of a mapping is that of an element of a
// list, as a container's or a variable's.
func isElement(m map[string]any) bool {
	for _, key := range []string{"image", "value", "valueFrom", "containerPort", "targetPort", "mountPath"} {
		if _, ok := m[key]; ok {
			return true
		}
	}
	return false
}

// customText changes what is certain in a text of which nobody knows what it
// means, and notes what it may refer to.
func (w *walker) customText(text string) string {
	text = w.certain(text)
	if r, ok := w.r.table.named(w.id.Namespace, text); ok {
		if namesObjects(w.lastKey()) {
			w.mention(r)
		}
		return text
	}
	w.mentions(text, hostsOnly)
	return text
}

// lastKey is the key that leads to where the walk is, or to the list that it
// is in.
func (w *walker) lastKey() string {
	for i := len(w.at) - 1; i >= 0; i-- {
		if key, ok := w.at[i].(string); ok {
			return key
		}
	}
	return ""
}

// namesObjects reports whether a key is of the sort that holds the name of
// another object.
func namesObjects(key string) bool {
	key = strings.ToLower(key)
	for _, end := range []string{"name", "ref", "reference", "secret", "configmap", "service", "claim", "account", "host", "class"} {
		if strings.HasSuffix(key, end) || strings.HasSuffix(key, end+"s") {
			return true
		}
	}
	return false
}
