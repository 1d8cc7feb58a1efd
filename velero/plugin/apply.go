package plugin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
	"github.com/velero-krm/velero-krm/runner"
)

// maker is a step of one of the pipelines.
type maker struct{ pipeline, step string }

// String names the step as messages do.
func (m maker) String() string { return fmt.Sprintf("pipeline %q: step %q", m.pipeline, m.step) }

// tracked follows one object through the pipelines of a run.
type tracked struct {
	// in is the object as it came; nil for one that a step created.
	in *krm.Item
	// out is the object as it is now: in itself when nothing changed, nil when
	// it was removed.
	out *krm.Item
	// created and removed are the steps that did it.
	created, removed maker
	// err is why it failed, nil otherwise.
	err      error
	warnings []string
	// additional items that the pipelines ask for; none for one that is gone or failed.
	additional []krm.AdditionalItem
}

// identity is what messages call the object.
func (o *tracked) identity() krm.Identity {
	if o.in != nil {
		return o.in.Identity()
	}
	return o.out.Identity()
}

// outcome is what the pipelines of a run make of a list.
type outcome struct {
	// objects are those that came, in order, then those that steps created.
	objects []*tracked
	// came is how many of them came.
	came int
	// errs are failures on objects that steps had created, which are gone.
	errs []error
	// steps report on every step of every pipeline, in order.
	steps []stepReport
	// warnings are about no object in particular.
	warnings []string
}

// stepReport is one step of a pipeline.
type stepReport struct {
	maker
	pipeline.StepReport
}

// added returns the objects that steps created.
func (x *outcome) added() []*tracked { return x.objects[x.came:] }

// fail fails an object. What the step removed that created it, which it may have
// replaced by it, fails, too: nothing is lost without a word.
func (x *outcome) fail(o *tracked, err error) {
	if o.in != nil {
		o.err = err
		return
	}
	x.errs = append(x.errs, err)
	x.objects = slices.DeleteFunc(x.objects, func(other *tracked) bool { return other == o })
	for _, other := range x.objects[:x.came] {
		if other.err == nil && other.out == nil && other.removed == o.created {
			other.err = fmt.Errorf("%s: %s: %w: %s (repair the failure of that object first)", o.created, other.identity(), pipeline.ErrReplacement, o.identity())
		}
	}
}

// hooks see a run at work; the zero value has none.
type hooks struct {
	around func(step string, next runner.Function) runner.Function
}

// apply runs the pipelines on a list, each on what the one before made. The
// error is not nil only when none of it can be used, as when ctx ended.
func (r *run) apply(ctx context.Context, items []*krm.Item, h hooks) (*outcome, error) {
	x := &outcome{came: len(items), objects: make([]*tracked, len(items))}
	for i, item := range items {
		o := &tracked{in: item, out: item}
		o.warnings, o.err = r.checkVersions(item)
		x.objects[i] = o
	}
	for _, program := range r.programs {
		if err := r.applyOne(ctx, program, x, h); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// applyOne runs one pipeline on what is left.
func (r *run) applyOne(ctx context.Context, program *pipeline.Program, x *outcome, h hooks) error {
	var live []*tracked
	var items []*krm.Item
	for _, o := range x.objects {
		if o.err == nil && o.out != nil {
			live, items = append(live, o), append(items, o.out)
		}
	}
	plan, err := program.Execute(ctx, pipeline.Input{Phase: r.ref.phase, Items: items, Context: r.context, Around: h.around})
	if err != nil {
		return err
	}
	for i, o := range live {
		x.take(o, plan, &plan.Items[i])
	}
	for _, a := range plan.Added {
		x.objects = append(x.objects, &tracked{out: a.Item, created: maker{plan.Pipeline, a.Step}, warnings: a.Warnings})
	}
	for _, err := range plan.Errors {
		x.errs = append(x.errs, fmt.Errorf("pipeline %q: %w", plan.Pipeline, err))
	}
	for _, s := range plan.Steps {
		x.steps = append(x.steps, stepReport{maker{plan.Pipeline, s.Name}, s})
	}
	x.warnings = append(x.warnings, warnings(plan)...)
	r.logPlan(ctx, plan)
	return nil
}

// take takes over what a pipeline did to one object.
func (x *outcome) take(o *tracked, plan *pipeline.Plan, p *pipeline.ItemPlan) {
	o.warnings = append(o.warnings, p.Warnings...)
	if o.in == nil && len(p.Additional) > 0 {
		x.fail(o, fmt.Errorf("pipeline %q: %s: %w: %s", plan.Pipeline, o.identity(), pipeline.ErrAdditionalOfCreated, p.Additional[0]))
		return
	}
	o.additional = krm.AddItems(o.additional, p.Additional)
	switch p.Status {
	case runner.Failed:
		x.fail(o, fmt.Errorf("pipeline %q: %w", plan.Pipeline, p.Err))
	case runner.Removed:
		o.out, o.removed = nil, maker{plan.Pipeline, p.Step}
		if o.in == nil {
			x.objects = slices.DeleteFunc(x.objects, func(other *tracked) bool { return other == o })
		}
	case runner.Changed:
		o.out = p.Out
	case runner.Unchanged:
	}
}

// applySingle runs the pipelines on the one object that a stock Velero hands
// over. The object's error is the result's.
func (r *run) applySingle(ctx context.Context, item *krm.Item) (*tracked, error) {
	x, err := r.apply(ctx, []*krm.Item{item}, hooks{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", item.Identity(), err)
	}
	r.count(x)
	o := x.objects[0]
	news, _ := r.tellOnce(x) // the object's error has what x.errs are
	for _, w := range capped(slices.Concat(o.warnings, news)) {
		warn(ctx, r.engine.log, item.Identity(), w)
	}
	if len(x.objects) != 1 || len(x.errs) > 0 {
		return nil, fmt.Errorf("%s: %w", item.Identity(), errors.Join(append(x.errs, errors.New("one object went in and not one came out"))...))
	}
	return o, o.err
}

// maxWarnings bounds what is logged about one object, as an answer of a
// multi-item action is bounded: Velero keeps every warning in the run's results.
const maxWarnings = 100

// capped bounds warnings, and tells of those that it leaves out.
func capped(warnings []string) []string {
	if len(warnings) <= maxWarnings {
		return warnings
	}
	left := len(warnings) - (maxWarnings - 1)
	return append(slices.Clip(warnings[:maxWarnings-1]), fmt.Sprintf("%d further warnings", left))
}

// count adds the outcome to the totals of the run.
func (r *run) count(x *outcome) {
	for _, o := range x.objects[:x.came] {
		switch {
		case o.err != nil:
			r.failed.Add(1)
		case o.out == nil:
			r.removed.Add(1)
		case o.out != o.in:
			r.changed.Add(1)
		}
	}
	r.added.Add(int64(len(x.added())))
	came := int64(x.came)
	if n := r.seen.Add(came); n/progressEvery != (n-came)/progressEvery {
		r.logTotals("pipelines run")
	}
}

// failedLate counts an object as failed that was counted before.
func (r *run) failedLate(changed bool) {
	r.failed.Add(1)
	if changed {
		r.changed.Add(-1)
	}
}

// logPlan writes one line for each changed or removed object. Paths and counts
// only: values of Secrets must not come to a log. Where a call has a whole list,
// the lines are for debugging: their number would cost as much as the work.
func (r *run) logPlan(ctx context.Context, plan *pipeline.Plan) {
	log, level := r.engine.log, slog.LevelInfo
	if r.engine.multi {
		level = slog.LevelDebug
	}
	if !log.Enabled(ctx, level) {
		return
	}
	for i := range plan.Items {
		p := &plan.Items[i]
		log := log.With("pipeline", plan.Pipeline, "object", p.In.Identity().String())
		if len(p.Additional) > 0 {
			log.Log(ctx, level, "additional items asked for", "items", fmt.Sprint(p.Additional))
		}
		switch p.Status {
		case runner.Changed:
			log.Log(ctx, level, "object changed", "steps", changedBy(plan), "fields", len(p.Changes()))
		case runner.Removed:
			log.Log(ctx, level, "object removed", "step", p.Step)
		case runner.Failed, runner.Unchanged:
		}
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

// warnings lists those about no object in particular.
func warnings(plan *pipeline.Plan) []string {
	var all []string
	for _, step := range plan.Steps {
		for _, result := range step.Results {
			if result.Severity == krm.Warning && result.ResourceRef == nil {
				all = append(all, fmt.Sprintf("step %q: %s", step.Name, result.Message))
			}
		}
	}
	return all
}

// changedBy names the steps that changed something: for a plan of one object,
// those that changed it.
func changedBy(plan *pipeline.Plan) []string {
	var names []string
	for _, s := range plan.Steps {
		if s.Changed > 0 && !s.Validator {
			names = append(names, s.Name)
		}
	}
	return names
}
