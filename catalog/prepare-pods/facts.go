package preparepods

import (
	"github.com/velero-krm/velero-krm/catalog/internal/podneeds"
	"github.com/velero-krm/velero-krm/catalog/internal/restorehooks"
	"github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/catalog/internal/syntax"
	"github.com/velero-krm/velero-krm/fn"
)

// facts are what the function needs to know of the run.
type facts struct {
	// restore is the name of the Restore as the value of a label.
	restore string
	// fileBackup is true when the backup copied all volumes of pods as files.
	fileBackup bool
	hooks      restorehooks.Hooks
}

func factsOf(run runcontext.Context) facts {
	return facts{restore: syntax.LabelValue(run.RestoreName()), fileBackup: run.FileBackup(), hooks: restorehooks.Of(run)}
}

// needed reports whether the pod itself must be restored: it has data, or
// Velero will run something in it. A pod that was disconnected was needed, and
// its hooks may have been found by the labels that it lost.
func (f facts) needed(o *fn.Object) bool {
	return podneeds.HasVolumes(o) || podneeds.HasHooks(o) || o.Has("metadata", "labels", disconnectedLabel) ||
		f.hooks.Match(o.Identity().Namespace, func(key string) (string, bool) { return o.GetString("metadata", "labels", key) })
}
