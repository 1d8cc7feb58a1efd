// Package runcontext finds what a pipeline tells its functions about the run:
// the object of kind RunContext that a step with context: true has among its
// items.
package runcontext

import "github.com/velero-krm/velero-krm/fn"

const (
	group = "velero-krm.io"
	kind  = "RunContext"
)

// Context is what is known of the run. The zero Context knows nothing.
type Context struct{ o *fn.Object }

// Of returns the context in a list, and false when the step got none.
func Of(list *fn.List) (Context, bool) {
	for o := range list.Of(group, kind) {
		return Context{o}, true
	}
	return Context{}, false
}

// Is reports whether an object is the context itself and nothing of the
// backup.
func Is(o *fn.Object) bool { return o.Is(group, kind) }

// NamespaceMapping returns spec.namespaceMapping of the Restore; empty for a
// backup.
func (c Context) NamespaceMapping() map[string]string {
	return c.texts("restore", "spec", "namespaceMapping")
}

// Phase returns Backup or Restore, empty when it is not told.
func (c Context) Phase() string {
	if c.o == nil {
		return ""
	}
	phase, _ := c.o.GetString("phase")
	return phase
}

// RestoreName returns the name of the Restore; empty for a backup.
func (c Context) RestoreName() string {
	if c.o == nil {
		return ""
	}
	name, _ := c.o.GetString("restore", "name")
	return name
}

// FileBackup reports whether the Backup copied the volumes of all pods as
// files, unless they asked not to.
func (c Context) FileBackup() bool {
	spec, ok := c.Node("backup", "spec")
	if !ok {
		return false
	}
	files, _ := spec.GetBool("defaultVolumesToFsBackup")
	// The name of the field before Velero 1.10.
	restic, _ := spec.GetBool("defaultVolumesToRestic")
	return files || restic
}

// RestoreLabels returns the labels of the Restore.
func (c Context) RestoreLabels() map[string]string { return c.texts("restore", "labels") }

// RestoreAnnotations returns the annotations of the Restore.
func (c Context) RestoreAnnotations() map[string]string { return c.texts("restore", "annotations") }

// Node returns a mapping of the context, and false when it is not there.
func (c Context) Node(path ...string) (fn.Node, bool) {
	if c.o == nil {
		return fn.Node{}, false
	}
	return c.o.Node(path...)
}

func (c Context) texts(path ...string) map[string]string {
	n, ok := c.Node(path...)
	if !ok {
		return nil
	}
	m := map[string]string{}
	for _, key := range n.Keys() {
		if value, ok := n.GetString(key); ok {
			m[key] = value
		}
	}
	return m
}
