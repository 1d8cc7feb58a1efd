package plugin

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/velero-krm/velero-krm/pipeline"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
)

// nothing is a resource that no cluster has: a selector without resources
// would select all.
const nothing = "none.velero-krm.io"

// everything is the selector that leaves the choice to Execute.
func everything() velero.ResourceSelector { return velero.ResourceSelector{} }

// candidate is a run that may be the one that asks what the action applies to.
type candidate struct {
	runRef
	// finalizing is true for a Backup whose objects were written already: its
	// pipelines must not end it any more.
	finalizing bool
}

// startingBackup reports whether the actions of a Backup may be resolved right
// now. Velero does that after it set the phase InProgress and before it counts
// the items (pkg/backup/backup.go), and once more when it finalizes a Backup
// with asynchronous operations (pkg/controller/backup_finalizer_controller.go).
func startingBackup(b *velerov1api.Backup) (c candidate, starting bool) {
	switch b.Status.Phase {
	case velerov1api.BackupPhaseInProgress:
		return candidate{runRef: backupRef(b)}, b.Status.Progress == nil || b.Status.Progress.TotalItems == 0
	case velerov1api.BackupPhaseFinalizing, velerov1api.BackupPhaseFinalizingPartiallyFailed:
		return candidate{runRef: backupRef(b), finalizing: true}, b.Status.BackupItemOperationsAttempted > 0
	default: // not started, or past it
		return candidate{}, false
	}
}

// startingRestore reports whether the actions of a Restore may be resolved
// right now: in progress and without progress (pkg/restore/restore.go).
func startingRestore(r *velerov1api.Restore) (c candidate, starting bool) {
	return candidate{runRef: restoreRef(r)},
		r.Status.Phase == velerov1api.RestorePhaseInProgress && (r.Status.Progress == nil || r.Status.Progress.TotalItems == 0)
}

// answer finds the runs of a kind that may be starting and answers for them:
// list calls its argument with each run, is tells whether it may be the one.
func answer[T any](
	ctx context.Context, e *engine, kind string,
	list func(context.Context, string, func(*T)) error, is func(*T) (candidate, bool),
) (velero.ResourceSelector, error) {
	var candidates []candidate
	err := list(ctx, e.namespace, func(run *T) {
		if c, starting := is(run); starting {
			candidates = append(candidates, c)
		}
	})
	if err != nil {
		// Execute comes to know the run without asking.
		e.log.InfoContext(ctx, "cannot see which "+kind+" is starting", "error", err)
		return everything(), nil
	}
	return e.appliesTo(ctx, candidates)
}

// appliesTo answers Velero's question at the start of a run, which does not say
// which run it is. Usually only one can be meant; then what is wrong with its
// pipelines is the answer, and Velero ends the run before it writes anything.
// If several can be meant, the answer is an error only when it is one for each
// of them; otherwise the objects of the broken one fail in Execute.
func (e *engine) appliesTo(ctx context.Context, candidates []candidate) (velero.ResourceSelector, error) {
	var problems []error
	resources, all := map[string]bool{nothing: true}, len(candidates) == 0
	for _, c := range candidates {
		loaded, err := e.runFor(ctx, c.runRef)
		if err != nil {
			all = true
			if !c.finalizing && final(err) {
				problems = append(problems, err)
			}
			e.log.DebugContext(ctx, "pipelines do not load", "run", c.String(), "error", err)
			continue
		}
		names, everything := loaded.resources()
		all = all || everything
		for _, name := range names {
			resources[name] = true
		}
	}
	switch {
	case len(problems) > 0 && len(problems) == len(candidates):
		return velero.ResourceSelector{}, errors.Join(problems...)
	case all:
		return everything(), nil
	}
	return velero.ResourceSelector{IncludedResources: slices.Sorted(maps.Keys(resources))}, nil
}

// resources lists the group resources that the run's pipelines select; all is
// true when that cannot be told for sure. On restore it is not even tried: the
// folders of a backup are named by the resources of another cluster.
func (r *run) resources() (names []string, all bool) {
	if len(r.programs) == 0 {
		return nil, false
	}
	if r.ref.phase == pipeline.Restore || len(r.kinds.failed) > 0 {
		return nil, true
	}
	for _, p := range r.pipelines {
		for _, step := range slices.Concat(p.Spec.Mutators, p.Spec.Validators) {
			if len(step.Selectors) == 0 {
				return nil, true
			}
			for _, s := range step.Selectors {
				found := r.kinds.resources(s.APIVersion, s.Kind)
				if s.Kind == "" || len(found) == 0 {
					return nil, true
				}
				names = append(names, found...)
			}
		}
	}
	return names, false
}
