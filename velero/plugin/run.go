package plugin

import (
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// progressEvery is after how many objects the totals are logged: often enough
// to see a long run move, rarely enough not to matter.
const progressEvery = 1000

// run is one Backup or Restore with its pipelines. Several goroutines may use
// it at once.
type run struct {
	ref       runRef
	engine    *engine
	programs  []*pipeline.Program
	pipelines []*pipeline.Pipeline
	// digests of the pipelines' texts.
	digests []string
	// kinds of the cluster when the pipelines were loaded; nil without pipelines.
	kinds *kinds
	// context is what steps with context: true are shown; nil if none asks.
	context *krm.Item

	mu sync.Mutex // guards kinds once loaded, and what follows
	// awaited are selectors for kinds that the cluster did not have and the
	// backup may bring; nil once they were looked for.
	awaited    []awaitedKind
	awaitedErr error
	// lookedAgain is set when kinds were discovered a second time.
	lookedAgain bool
	// claims are the places that are taken, and by which object; nil when no step
	// may put one object in the place of another.
	claims map[krm.Identity]holder
	// told are warnings that are about no object in particular and were passed on.
	told map[string]bool

	seen, changed, removed, added, failed atomic.Int64
}

func (r *run) names() []string {
	names := make([]string, len(r.programs))
	for i, p := range r.programs {
		names[i] = p.Name()
	}
	return names
}

// kindKnown answers pipeline.Compile for the selectors of one pipeline.
func (r *run) kindKnown(d document) func(apiVersion, kind string) (bool, string, error) {
	return func(apiVersion, kind string) (bool, string, error) {
		// With all versions in the backup a selector may name any of them.
		preferredOnly := r.ref.phase == pipeline.Backup && !r.engine.allVersions
		known, hint, err := r.kinds.known(apiVersion, kind, preferredOnly)
		if !known && err == nil && r.ref.phase == pipeline.Restore && mayComeWithBackup(apiVersion) {
			r.awaited = append(r.awaited, awaitedKind{source: d.source, apiVersion: apiVersion, kind: kind})
			return true, "", nil
		}
		return known, hint, err
	}
}

func typeName(apiVersion, kind string) string {
	if apiVersion == "" {
		return kind
	}
	return kind + " of " + apiVersion
}

func (r *run) logTotals(message string) {
	r.engine.log.Info(message, "run", r.ref.String(), "pipelines", r.names(), slog.Group("objects",
		"seen", r.seen.Load(), "changed", r.changed.Load(), "removed", r.removed.Load(), "added", r.added.Load(), "failed", r.failed.Load()))
}
