// Package podneeds tells what a pod has that a restore must bring back with the
// pod itself: volumes with data, and hooks.
package podneeds

import (
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
)

// noData are sources of volumes that Velero's file backup leaves out, because
// they come with the node or with other objects.
var noData = [...]string{"hostPath", "secret", "configMap", "projected", "downwardAPI"}

// tokenVolume begins the name of the volume that old clusters mounted the token
// of the service account from.
const tokenVolume = "default-token"

// HasVolumes reports whether a pod has volumes that Velero backs up in one way
// or another: those that its file backup takes by default, and those that
// backup.velero.io/backup-volumes-excludes keeps from it, which may have been
// backed up by a snapshot (pkg/util/podvolume, GetVolumesByPod).
func HasVolumes(o *fn.Object) bool {
	var excluded []string
	if text, ok := o.Annotation("backup.velero.io/backup-volumes-excludes"); ok {
		excluded = strings.Split(text, ",")
	}
	return slices.ContainsFunc(o.Nodes("spec", "volumes"), func(v fn.Node) bool {
		if slices.ContainsFunc(noData[:], func(source string) bool { return v.Has(source) }) {
			return false
		}
		name, _ := v.GetString("name")
		return slices.Contains(excluded, name) || !strings.HasPrefix(name, tokenVolume)
	})
}

// HasHooks reports whether the annotations of a pod say that Velero is to run
// something in it after it is restored.
func HasHooks(o *fn.Object) bool {
	for _, key := range []string{"post.hook.restore.velero.io/command", "init.hook.restore.velero.io/container-image"} {
		if _, ok := o.Annotation(key); ok {
			return true
		}
	}
	return false
}
