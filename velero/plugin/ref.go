package plugin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/pipeline"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"k8s.io/apimachinery/pkg/types"
)

// PipelineKey labels the ConfigMaps that hold pipelines, and is the label or
// annotation with which a Backup or Restore names those it wants.
const PipelineKey = "velero-krm.io/pipeline"

// noPipelines is the value with which a run asks for no pipeline at all.
const noPipelines = "none"

// runRef is one run: a Backup or a Restore.
type runRef struct {
	phase       pipeline.Phase
	namespace   string
	name        string
	uid         types.UID
	labels      map[string]string
	annotations map[string]string
	// backup is the Backup, restore the Restore; the other one is nil.
	backup  *velerov1api.Backup
	restore *velerov1api.Restore
}

func backupRef(b *velerov1api.Backup) runRef {
	return runRef{
		phase: pipeline.Backup, namespace: b.Namespace, name: b.Name, uid: b.UID,
		labels: b.Labels, annotations: b.Annotations, backup: b,
	}
}

func restoreRef(r *velerov1api.Restore) runRef {
	return runRef{
		phase: pipeline.Restore, namespace: r.Namespace, name: r.Name, uid: r.UID,
		labels: r.Labels, annotations: r.Annotations, restore: r,
	}
}

// String returns "Restore velero/to-dr".
func (r runRef) String() string { return fmt.Sprintf("%s %s/%s", r.phase, r.namespace, r.name) }

// key tells runs apart: names come back after a run was deleted, UIDs do not.
func (r runRef) key() string {
	return fmt.Sprintf("%s/%s/%s/%s", r.phase, r.namespace, r.name, r.uid)
}

// wish is what a run says about its pipelines.
type wish struct {
	// said is false when the run names nothing: the defaults apply.
	said bool
	// names in the order in which the pipelines run; empty with said means none.
	names []string
}

// wishOf reads the annotation and the label of a run.
func wishOf(r runRef) (wish, error) {
	annotation, inAnnotation := r.annotations[PipelineKey]
	label, inLabel := r.labels[PipelineKey]
	// A label's value cannot hold a comma, and a pipeline's name no underscore.
	byLabel := splitNames(strings.ReplaceAll(label, "_", ","))
	byAnnotation := splitNames(annotation)
	switch {
	case inAnnotation && inLabel && !slices.Equal(byAnnotation, byLabel):
		return wish{}, fmt.Errorf("annotation %s is %q but label %s is %q: keep one of them", PipelineKey, annotation, PipelineKey, label)
	case inAnnotation:
		return wishFor(byAnnotation)
	case inLabel:
		return wishFor(byLabel)
	}
	return wish{}, nil
}

func wishFor(names []string) (wish, error) {
	if len(names) == 0 {
		return wish{said: true}, nil
	}
	if slices.Contains(names, noPipelines) {
		if len(names) > 1 {
			return wish{}, fmt.Errorf("%s names %q beside pipelines: %q asks for none at all, remove it or them", PipelineKey, noPipelines, noPipelines)
		}
		return wish{said: true}, nil
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return wish{}, fmt.Errorf("%s names %q twice: a pipeline runs once, remove one", PipelineKey, name)
		}
	}
	return wish{said: true, names: names}, nil
}

// splitNames splits at commas and white space.
func splitNames(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
}
