package plugin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
	"github.com/velero-krm/velero-krm/runner"
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

	mu sync.Mutex
	// awaited are selectors for kinds that the cluster did not have and the
	// backup may bring; nil once they were looked for.
	awaited    []awaitedKind
	awaitedErr error
	// claims are the places in the backup that are taken, and by which object;
	// nil when no step may rename.
	claims map[krm.Identity]krm.Identity

	seen, changed, removed, failed atomic.Int64
}

// awaitedKind is a selector for a kind that the backup may bring.
type awaitedKind struct {
	source, apiVersion, kind string
}

// verdict is what becomes of one object.
type verdict struct {
	// out is the object as it becomes: the very item that came in when nothing
	// changed, nil when it was removed.
	out *krm.Item
	// step that removed the object.
	step string
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

// settleKinds looks for the kinds that the backup was to bring. Velero restores
// CustomResourceDefinitions first, so it is called for the first object that
// is none.
func (r *run) settleKinds() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.awaited) == 0 {
		return r.awaitedErr
	}
	found, err := discoverKinds(r.engine.cluster.kube.Discovery())
	if err != nil {
		return fmt.Errorf("load pipelines of %s: %w", r.ref, err)
	}
	var problems []error
	for _, a := range r.awaited {
		known, hint, err := found.known(a.apiVersion, a.kind, false)
		switch {
		case err != nil:
			return fmt.Errorf("load pipelines of %s: %w", r.ref, err)
		case !known:
			problems = append(problems, fmt.Errorf("%s: selector for kind %s: neither the cluster nor the backup has it, so it can never match (%s)",
				a.source, typeName(a.apiVersion, a.kind), hint))
		}
	}
	r.awaited = nil
	if len(problems) > 0 {
		r.awaitedErr = &LoadError{Run: r.ref.String(), Problems: problems}
	}
	return r.awaitedErr
}

// claim takes the place in the backup of an object that becomes another one.
// Velero would write two objects of one name into one file, and the first
// would be lost.
func (r *run) claim(before, after krm.Identity) error {
	// The versions of an object share its place.
	before.APIVersion, after.APIVersion = before.Group()+"/", after.Group()+"/"
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.claims == nil {
		return nil
	}
	if holder, taken := r.claims[after]; taken && holder != before {
		return fmt.Errorf("%s: the backup holds %s as %s already, and can keep one of them: let the function give each a name of its own", before, holder, after)
	}
	r.claims[after] = before
	return nil
}

// mayRename reports whether a step of the run may rename objects.
func (r *run) mayRename() bool {
	return slices.ContainsFunc(r.pipelines, func(p *pipeline.Pipeline) bool {
		return slices.ContainsFunc(p.Spec.Mutators, func(s pipeline.Step) bool { return slices.Contains(s.Allow, pipeline.Rename) })
	})
}

func typeName(apiVersion, kind string) string {
	if apiVersion == "" {
		return kind
	}
	return kind + " of " + apiVersion
}

// apply runs the pipelines on one object, each on what the one before made.
func (r *run) apply(ctx context.Context, item *krm.Item) (verdict, error) {
	if n := r.seen.Add(1); n%progressEvery == 0 {
		defer r.logTotals("pipelines run")
	}
	if err := r.checkVersions(ctx, item); err != nil {
		r.failed.Add(1)
		return verdict{}, err
	}
	current := item
	for _, program := range r.programs {
		plan, err := program.Execute(ctx, pipeline.Input{Phase: r.ref.phase, Items: []*krm.Item{current}, Context: r.context})
		if err != nil {
			r.failed.Add(1)
			return verdict{}, fmt.Errorf("%s: %w", item.Identity(), err)
		}
		if len(plan.Items) != 1 || len(plan.Added) > 0 || len(plan.Errors) > 0 {
			r.failed.Add(1)
			return verdict{}, fmt.Errorf("pipeline %q: %s: %w", plan.Pipeline, item.Identity(), errors.Join(append(plan.Errors, errors.New("one object went in and not one came out"))...))
		}
		r.logPlan(ctx, plan)
		switch p := plan.Items[0]; p.Status {
		case runner.Failed:
			r.failed.Add(1)
			return verdict{}, fmt.Errorf("pipeline %q: %w", plan.Pipeline, p.Err)
		case runner.Removed:
			r.removed.Add(1)
			return verdict{step: p.Step}, nil
		case runner.Changed:
			current = p.Out
		case runner.Unchanged:
		}
	}
	if current != item {
		r.changed.Add(1)
	}
	return verdict{out: current}, nil
}

// failedLate counts an object as failed whose pipelines did not fail.
func (r *run) failedLate(changed bool) {
	r.failed.Add(1)
	if changed {
		r.changed.Add(-1)
	}
}

// logPlan writes one line for a changed or removed object, and its warnings.
// Paths and counts only: values of Secrets must not come to a log.
func (r *run) logPlan(ctx context.Context, plan *pipeline.Plan) {
	p := &plan.Items[0]
	log := r.engine.log.With("pipeline", plan.Pipeline, "object", p.In.Identity().String())
	for _, w := range warnings(plan) {
		warn(ctx, log, p.In.Identity(), w)
	}
	switch p.Status {
	case runner.Changed:
		log.InfoContext(ctx, "object changed", "steps", changedBy(plan.Steps), "fields", len(p.Changes()))
	case runner.Removed:
		log.InfoContext(ctx, "object removed", "step", p.Step)
	case runner.Failed, runner.Unchanged:
	}
}

// warn logs a warning about an object. Velero puts it into a backup's results:
// by the field namespace, and with the fields resource, name and error beside
// the message.
func warn(ctx context.Context, log *slog.Logger, id krm.Identity, warning string) {
	attrs := []any{"resource", id.Kind, "name", id.Name, "error", warning}
	if id.Namespace != "" {
		attrs = append(attrs, "namespace", id.Namespace)
	}
	log.WarnContext(ctx, "pipeline warns", attrs...)
}

// warnings lists those about the object and those about nothing in particular.
func warnings(plan *pipeline.Plan) []string {
	all := plan.Items[0].Warnings
	for _, step := range plan.Steps {
		for _, result := range step.Results {
			if result.Severity == krm.Warning && result.ResourceRef == nil {
				all = append(all, fmt.Sprintf("step %q: %s", step.Name, result.Message))
			}
		}
	}
	return all
}

// changedBy names the steps that changed the one object of the plan.
func changedBy(steps []pipeline.StepReport) []string {
	var names []string
	for _, s := range steps {
		if s.Changed > 0 && !s.Validator {
			names = append(names, s.Name)
		}
	}
	return names
}

func (r *run) logTotals(message string) {
	r.engine.log.Info(message, "run", r.ref.String(), "pipelines", r.names(), slog.Group("objects",
		"seen", r.seen.Load(), "changed", r.changed.Load(), "removed", r.removed.Load(), "failed", r.failed.Load()))
}
