package pipeline

import (
	"context"
	"fmt"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// Input of [Program.Execute].
type Input struct {
	// Phase must be one in which the pipeline runs; empty skips that check.
	Phase Phase
	// Items are the whole list. It is not changed.
	Items []*krm.Item
	// Context is the run's context object for steps that ask for it. Each is
	// shown the facts of the cluster that it needs, and no others.
	Context *krm.Item
	// Started, if not nil, is called before each step that selects something,
	// with its name and how many objects it works on, to show progress. It is
	// called by the goroutine that called Execute.
	Started func(step string, selected int)
	// Around, if not nil, wraps the function of each step for this execution,
	// outside of its time limit and records: to see calls begin and end. The
	// wrapper is called by several goroutines at once.
	Around func(step string, next runner.Function) runner.Function
}

// Execute runs the pipeline: mutators in order, each on what the one before
// made, then validators on the final list. It may be called by several
// goroutines at once.
//
// A function sees what its step selects, and is not called when that is
// nothing. An item on which a step fails takes no part in later steps and is
// planned as it came, before any step; the others go on. With onError Ignore
// it goes on as it was before that step.
//
// An object that a step created and that fails later is dropped. What the same
// step removed, which it may have replaced by that object, fails with
// [ErrReplacement], so that nothing is lost. What a step removed because it
// merged it into another object of the list is not brought back when that one
// fails later: the list of a plan that [Plan.Failed] is no whole one.
//
// # Errors
//
// The error is not nil only when the run as a whole cannot be: ctx ended,
// [ErrPhase], [ErrNoContext]. What fails is told in the plan.
func (p *Program) Execute(ctx context.Context, in Input) (*Plan, error) {
	if in.Phase != "" && !p.RunsIn(in.Phase) {
		return nil, fmt.Errorf("run pipeline %q: %w: %s", p.name, ErrPhase, in.Phase)
	}
	if in.Context == nil && p.NeedsContext() {
		return nil, fmt.Errorf("run pipeline %q: %w", p.name, ErrNoContext)
	}
	x := newExecution(p, in)
	for _, steps := range [][]*step{p.mutators, p.validators} {
		for _, s := range steps {
			if err := x.run(ctx, s); err != nil {
				return nil, fmt.Errorf("run pipeline %q: %w", p.name, err)
			}
		}
	}
	x.settle()
	return x.plan(), nil
}

// cell follows one object through the steps.
type cell struct {
	in       *krm.Item // nil for an object that a step created
	item     *krm.Item // as it is now
	addedBy  string
	status   runner.Status // Unchanged while it takes part
	step     string
	err      error
	warnings []string
	// additional items that steps asked for.
	additional []krm.AdditionalItem
}

func (c *cell) active() bool { return c.status == runner.Unchanged }

// moved reports whether the object is where it did not come from.
func (c *cell) moved() bool {
	return c.in == nil || c.in != c.item && c.in.Identity().Key() != c.item.Identity().Key()
}

func (c *cell) fail(step string, err error, hint string) {
	e := &StepError{Step: step, Hint: hint, Err: err, Object: c.item.Identity()}
	if c.in != nil {
		e.Object = c.in.Identity()
	}
	c.status, c.step, c.err = runner.Failed, step, e
}

// execution is the state of one Execute.
type execution struct {
	program *Program
	context *krm.Item
	started func(step string, selected int)
	around  func(step string, next runner.Function) runner.Function
	cells   []*cell
	reports []StepReport
	// mover is the step that last gave an object a new identity.
	mover map[*cell]string
}

func newExecution(p *Program, in Input) *execution {
	x := &execution{program: p, context: in.Context, started: in.Started, around: in.Around, mover: map[*cell]string{}}
	if x.started == nil {
		x.started = func(string, int) {}
	}
	block := make([]cell, len(in.Items))
	x.cells = make([]*cell, len(in.Items))
	for i, it := range in.Items {
		block[i] = cell{in: it, item: it, status: runner.Unchanged}
		x.cells[i] = &block[i]
	}
	return x
}

// run runs one step. The error is that of ctx.
func (x *execution) run(ctx context.Context, s *step) error {
	report := StepReport{Name: s.name, Function: s.label, SHA256: s.sha256, Validator: s.validator}
	selection := x.selection(s)
	if len(selection) > 0 {
		x.started(s.name, len(selection))
		if err := x.transform(ctx, s, selection, &report); err != nil {
			return err
		}
	}
	x.reports = append(x.reports, report)
	x.program.logger.DebugContext(ctx, "step ended", "pipeline", x.program.name, "step", s.name,
		"selected", report.Selected, "changed", report.Changed, "failed", report.Failed, "calls", report.Calls)
	return nil
}

// selection returns the cells that s works on, each once, in order.
func (x *execution) selection(s *step) []*cell {
	var cells []*cell
	for _, c := range x.cells {
		if c.active() && selected(c.item, s.spec.Selectors, s.spec.Exclude) {
			cells = append(cells, c)
		}
	}
	return cells
}

func (x *execution) transform(ctx context.Context, s *step, selection []*cell, report *StepReport) error {
	items := make([]*krm.Item, len(selection))
	for i, c := range selection {
		items[i] = c.item
	}
	function, done := x.prepare(s, selection)
	opts, err := x.options(s)
	if err != nil {
		return fmt.Errorf("step %q: %w", s.name, err)
	}
	outcome, err := runner.Transform(ctx, function, items, opts)
	if err != nil {
		return fmt.Errorf("step %q: %w", s.name, err)
	}
	done(report)
	report.Selected, report.Calls, report.Results = len(items), outcome.Calls, outcome.Results
	x.apply(s, selection, outcome, report)
	x.warn(s, selection, outcome.Results)
	return nil
}

func (x *execution) options(s *step) (runner.TransformOptions, error) {
	opts := runner.TransformOptions{
		Name:      s.name,
		Config:    s.config,
		Allow:     s.allow,
		WholeList: s.spec.Scope == List,
		// What fails stays in the list as it was, beside what was made without it.
		AllOrNothing: s.spec.OnError == Ignore,
		Validate:     s.validator,
		Sayings:      s.sayings,
	}
	if !s.spec.Context {
		return opts, nil
	}
	shown, err := s.context(x.context)
	opts.Context = []*krm.Item{shown}
	return opts, err
}

// apply takes over what the step did.
func (x *execution) apply(s *step, selection []*cell, outcome *runner.Outcome, report *StepReport) {
	for i, c := range selection {
		o := outcome.Items[i]
		if c.in == nil && len(o.Additional) > 0 {
			x.failed(s, c, fmt.Errorf("%w: %s", ErrAdditionalOfCreated, o.Additional[0]), report)
			continue
		}
		c.additional = krm.AddItems(c.additional, o.Additional)
		switch o.Status {
		case runner.Unchanged:
			report.Unchanged++
		case runner.Changed:
			report.Changed++
			c.item = o.Out
			if o.In.Identity().Key() != o.Out.Identity().Key() {
				x.mover[c] = s.name
			}
		case runner.Removed:
			report.Removed++
			c.status, c.step = runner.Removed, s.name
		case runner.Failed:
			x.failed(s, c, o.Err, report)
		}
	}
	for _, it := range outcome.Added {
		report.Added++
		c := &cell{item: it, addedBy: s.name, status: runner.Unchanged}
		x.mover[c] = s.name
		x.cells = append(x.cells, c)
	}
}

// failed applies the step's error policy to one object.
func (x *execution) failed(s *step, c *cell, err error, report *StepReport) {
	report.Failed++
	before := c.status
	c.fail(s.name, err, failureHint(err, s))
	if s.spec.OnError != Ignore {
		return
	}
	c.warnings = append(c.warnings, "ignored: "+c.err.Error())
	c.status, c.step, c.err = before, "", nil
}

// warn attaches results of severity warning to the objects they are about.
func (x *execution) warn(s *step, selection []*cell, results []krm.Result) {
	var index map[krm.ResourceRef][]*cell
	for _, r := range results {
		if r.Severity != krm.Warning || r.ResourceRef == nil {
			continue
		}
		if index == nil {
			index = refs(selection)
		}
		text := fmt.Sprintf("step %q: %s", s.name, r.Message)
		if r.Field != nil {
			text += " (" + r.Field.Path + ")"
		}
		for _, c := range index[*r.ResourceRef] {
			c.warnings = append(c.warnings, text)
		}
	}
}

// refs finds cells by the identity they came with and by the one they have.
func refs(cells []*cell) map[krm.ResourceRef][]*cell {
	index := make(map[krm.ResourceRef][]*cell, len(cells))
	for _, c := range cells {
		now := *krm.RefTo(c.item.Identity())
		index[now] = append(index[now], c)
		if c.in == nil {
			continue
		}
		if before := *krm.RefTo(c.in.Identity()); before != now {
			index[before] = append(index[before], c)
		}
	}
	return index
}

// plan returns what became of the cells.
func (x *execution) plan() *Plan {
	plan := &Plan{Pipeline: x.program.name, Steps: x.reports, Items: make([]ItemPlan, 0, len(x.cells))}
	for _, c := range x.cells {
		switch {
		case c.in != nil:
			plan.Items = append(plan.Items, c.itemPlan())
		case c.status == runner.Failed:
			plan.Errors = append(plan.Errors, c.err)
		case c.active():
			plan.Added = append(plan.Added, AddedItem{Step: c.addedBy, Item: c.item, Warnings: c.warnings})
		}
	}
	return plan
}

func (c *cell) itemPlan() ItemPlan {
	p := ItemPlan{Status: c.status, In: c.in, Out: c.in, Step: c.step, Err: c.err, Warnings: c.warnings}
	switch {
	case c.status == runner.Removed:
		p.Out = nil
	case c.active() && c.item != c.in && !c.in.Equal(c.item):
		p.Status, p.Out = runner.Changed, c.item
	}
	if c.active() {
		p.Additional = c.additional
	}
	return p
}

// failureHint adds what to do where the runner's error does not say it.
func failureHint(err error, s *step) string {
	if hint := hintOf(err); hint != "" && strings.Contains(err.Error(), hint) {
		return ""
	}
	if hint := permissionHint(err); hint != "" {
		return hint
	}
	switch {
	case s.spec.OnError == Ignore:
		return ""
	case s.mustFail:
		return "repair the object or the function, or leave the object out of the Backup or Restore"
	default:
		return "repair the object or the function, exclude the object from the step, or set the step's onError to Ignore"
	}
}
