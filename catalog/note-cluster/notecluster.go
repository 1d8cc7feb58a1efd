package notecluster

import (
	"context"
	"errors"
	"regexp"
	"strings"

	inrun "github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/podspec"
	"github.com/velero-krm/velero-krm/fn/runcontext"
)

// Function returns the function.
func Function() fn.Function {
	return fn.New("note-cluster", "Notes on objects with images the version and the internal registry of the cluster they come from or go to; needs context: true.", transform, fn.Describe(fn.About{
		Kinds: []string{fn.PodTemplates, "BuildConfig.build.openshift.io", "ImageStream.image.openshift.io", "ImageStreamTag.image.openshift.io"},
		Needs: fn.Needs{Context: fn.Always},
	}), fn.NeedFacts(runcontext.InternalRegistry))
}

var errPhase = errors.New("the context of the run has no phase that is Backup or Restore")

func transform(_ context.Context, _ fn.NoConfig, list *fn.List) error {
	run, ok := inrun.Of(list)
	if !ok {
		return inrun.ErrNone
	}
	notes, err := notesOf(run)
	if err != nil {
		return err
	}
	for o := range list.All() {
		if !podspec.Has(o) && !isImageKind(o) {
			continue
		}
		for _, n := range notes {
			if err := o.Set(n.value, "metadata", "annotations", n.key); err != nil {
				list.Fail(o, err)
				break
			}
		}
	}
	return nil
}

// isImageKind reports whether an object without pods is about images.
func isImageKind(o *fn.Object) bool {
	return o.Is("image.openshift.io", "ImageStream") || o.Is("image.openshift.io", "ImageStreamTag") ||
		o.Is("build.openshift.io", "BuildConfig")
}

// note is one annotation.
type note struct{ key, value string }

// shortVersion takes 1.29 out of v1.29.4+6c10b2d, as openshift-velero-plugin
// notes it.
var shortVersion = regexp.MustCompile(`^v?(\d+\.\d+)`)

// notesOf returns what is known of the cluster. What is not known is not
// noted; a registry that is known not to be there is noted as "".
func notesOf(run inrun.Context) ([]note, error) {
	phase := run.Phase()
	if phase != "Backup" && phase != "Restore" {
		return nil, errPhase
	}
	prefix := "openshift.io/" + strings.ToLower(phase)
	cluster, ok := run.Node("cluster")
	if !ok {
		return nil, nil
	}
	var notes []note
	version, _ := cluster.GetString("kubernetesVersion")
	if m := shortVersion.FindStringSubmatch(version); m != nil {
		notes = append(notes, note{prefix + "-server-version", m[1]})
	}
	if registry, ok := cluster.GetString("internalRegistry"); ok {
		notes = append(notes, note{prefix + "-registry-hostname", registry})
	}
	return notes, nil
}
