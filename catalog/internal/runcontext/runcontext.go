// Package runcontext finds what a pipeline tells its functions about the run:
// the object of kind RunContext that a step with context: true has among its
// items. Its fields are those of fn/runcontext.
package runcontext

import (
	"errors"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/runcontext"
	"github.com/velero-krm/velero-krm/krm"
)

// ErrNone is what a function fails with that cannot do without the context.
var ErrNone = errors.New("there is no context of the run: give the step context: true")

// Context is what is known of the run. The zero Context knows nothing.
type Context struct {
	o   *fn.Object
	run *runcontext.RunContext
}

// Of returns the context in a list, and false when the step got none. One that
// cannot be read fails the function, by a result of severity error, and knows
// nothing.
func Of(list *fn.List) (Context, bool) {
	for o := range list.All() {
		if !Is(o) {
			continue
		}
		run, err := runcontext.Read(o.Item())
		if err != nil {
			list.Report(krm.Result{Message: err.Error(), Severity: krm.Error})
			return Context{}, true
		}
		return Context{o, run}, true
	}
	return Context{}, false
}

// Is reports whether an object is the context itself and nothing of the
// backup.
func Is(o *fn.Object) bool { return o.Item() != nil && runcontext.Is(o.Item()) }

// NamespaceMapping returns spec.namespaceMapping of the Restore; empty for a
// backup.
func (c Context) NamespaceMapping() map[string]string {
	return c.restore().Spec.NamespaceMapping
}

// NewNamespace returns the namespace that a namespace of the backup is restored
// to: itself when it is not mapped.
func (c Context) NewNamespace(old string) string {
	if mapped := c.NamespaceMapping()[old]; mapped != "" {
		return mapped
	}
	return old
}

// Phase returns Backup or Restore, empty when it is not told.
func (c Context) Phase() string {
	if c.run == nil {
		return ""
	}
	return string(c.run.Phase)
}

// RestoreName returns the name of the Restore; empty for a backup.
func (c Context) RestoreName() string { return c.restore().Name }

// FileBackup reports whether the Backup copied the volumes of all pods as
// files, unless they asked not to.
func (c Context) FileBackup() bool {
	if c.run == nil || c.run.Backup == nil {
		return false
	}
	spec := c.run.Backup.Spec
	isTrue := func(b *bool) bool { return b != nil && *b }
	return isTrue(spec.DefaultVolumesToFsBackup) || isTrue(spec.DefaultVolumesToRestic)
}

// RestoreLabels returns the labels of the Restore.
func (c Context) RestoreLabels() map[string]string { return c.restore().Labels }

// RestoreAnnotations returns the annotations of the Restore.
func (c Context) RestoreAnnotations() map[string]string { return c.restore().Annotations }

// RestoreHooks returns spec.hooks.resources of the Restore.
func (c Context) RestoreHooks() []runcontext.RestoreHook { return c.restore().Spec.Hooks.Resources }

// Cluster returns what is known of the cluster.
func (c Context) Cluster() runcontext.Cluster {
	if c.run == nil {
		return runcontext.Cluster{}
	}
	return c.run.Cluster
}

// Node returns a mapping of the context as it was written, and false when it is
// not there.
func (c Context) Node(path ...string) (fn.Node, bool) {
	if c.o == nil {
		return fn.Node{}, false
	}
	return c.o.Node(path...)
}

// restore returns the Restore, an empty one for a backup.
func (c Context) restore() runcontext.Restore {
	if c.run == nil || c.run.Restore == nil {
		return runcontext.Restore{}
	}
	return *c.run.Restore
}
