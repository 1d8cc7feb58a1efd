package preparepods

import (
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/catalog/internal/restorehooks"
	"github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
)

// facts are what the function needs to know of the run.
type facts struct {
	// restore is the name of the Restore.
	restore string
	// fileBackup is true when the backup copied all volumes of pods as files.
	fileBackup bool
	hooks      restorehooks.Hooks
}

func factsOf(run runcontext.Context) facts {
	return facts{restore: run.RestoreName(), fileBackup: run.FileBackup(), hooks: restorehooks.Of(run)}
}

// noData are sources of volumes that Velero's file backup leaves out, because
// they come with the node or with other objects.
var noData = [...]string{"hostPath", "secret", "configMap", "projected", "downwardAPI"}

// hasVolumes reports whether a pod has volumes that a file backup copies:
// those that Velero takes by default (pkg/util/podvolume, GetVolumesByPod).
func hasVolumes(o *fn.Object) bool {
	text, _ := o.Annotation("backup.velero.io/backup-volumes-excludes")
	excluded := strings.Split(text, ",")
	return slices.ContainsFunc(o.Nodes("spec", "volumes"), func(v fn.Node) bool {
		name, _ := v.GetString("name")
		if slices.Contains(excluded, name) || strings.HasPrefix(name, "default-token") {
			return false
		}
		return !slices.ContainsFunc(noData[:], func(source string) bool { return v.Has(source) })
	})
}

// hasHooks reports whether Velero will run something in the pod after it is
// restored.
func (f facts) hasHooks(o *fn.Object) bool {
	for _, key := range []string{"post.hook.restore.velero.io/command", "init.hook.restore.velero.io/container-image"} {
		if _, ok := o.Annotation(key); ok {
			return true
		}
	}
	return f.hooks.Match(o.Identity().Namespace, func(key string) (string, bool) { return o.GetString("metadata", "labels", key) })
}
