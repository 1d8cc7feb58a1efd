package pipeline

import (
	"fmt"
	"strings"
	"time"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// Plan says what becomes of each item. It belongs to the caller.
type Plan struct {
	// Pipeline is the name of the pipeline.
	Pipeline string
	// Items has one entry for each input item, in order.
	Items []ItemPlan
	// Added are objects that steps created and no later step failed on or
	// removed, as they are at the end.
	Added []AddedItem
	// Steps reports on every step, validators last, also those that selected
	// nothing.
	Steps []StepReport
	// Errors are failures on objects that steps had created: these are not
	// among Added, and what the same steps removed is Failed. Failures on input
	// items stand with their item.
	Errors []error
}

// ItemPlan is what becomes of one item.
type ItemPlan struct {
	Status runner.Status
	// In is the item as it came; Out what it becomes: In itself when Unchanged
	// or Failed, nil when Removed.
	In, Out *krm.Item
	// Step that failed or removed the item.
	Step string
	// Err of a Failed item: a [*StepError], which names the step and the object.
	Err error
	// Warnings: errors of steps with onError Ignore, and results of severity warning about it.
	Warnings []string
	// Additional items that steps ask Velero to back up or restore together with
	// this one, in the order of the steps, each once; none for an item that is
	// Removed or Failed.
	Additional []krm.AdditionalItem
}

// Changes lists the fields that changed; Secret values are hashed. It is
// empty unless the item is Changed.
func (p ItemPlan) Changes() []krm.FieldChange {
	if p.Status != runner.Changed {
		return nil
	}
	return krm.Diff(p.In, p.Out)
}

// AddedItem is an object that a step created.
type AddedItem struct {
	// Step that created it.
	Step string
	Item *krm.Item
	// Warnings as in [ItemPlan].
	Warnings []string
}

// StepReport tells how one step went.
type StepReport struct {
	// Name of the step.
	Name string
	// Function says what ran: "builtin route", "exec /data/executables/route".
	Function string
	// SHA256 of the executable that ran, 64 hex digits; empty for a builtin.
	SHA256 string
	// Validator is true for a step of spec.validators.
	Validator bool
	// Selected counts the items the function was given; Unchanged, Changed,
	// Removed and Failed add up to it. Added counts what it created.
	Selected, Unchanged, Changed, Removed, Added, Failed int
	// Calls counts how often the function ran. It is 0 when nothing was selected.
	Calls int
	// Results the function gave, also in calls that failed.
	Results []krm.Result
	// Stderr is the redacted tail of what the function wrote there.
	Stderr string
	// Elapsed is the time of the step, all calls together.
	Elapsed time.Duration
}

// Failed reports whether any item failed, or an object that a step had created.
func (p *Plan) Failed() bool {
	if len(p.Errors) > 0 {
		return true
	}
	for i := range p.Items {
		if p.Items[i].Status == runner.Failed {
			return true
		}
	}
	return false
}

// Failures returns the error of every item that failed, in order, then Errors.
func (p *Plan) Failures() []error {
	var errs []error
	for i := range p.Items {
		if p.Items[i].Status == runner.Failed {
			errs = append(errs, p.Items[i].Err)
		}
	}
	return append(errs, p.Errors...)
}

// Result returns the list as the plan leaves it: input items in their order,
// without the removed ones, failed ones as they came; then the added ones.
func (p *Plan) Result() []*krm.Item {
	items := make([]*krm.Item, 0, len(p.Items)+len(p.Added))
	for i := range p.Items {
		if out := p.Items[i].Out; out != nil {
			items = append(items, out)
		}
	}
	for _, a := range p.Added {
		items = append(items, a.Item)
	}
	return items
}

// Counts is how many items ended in each way.
type Counts struct {
	Unchanged, Changed, Removed, Failed, Added int
}

// Counts adds up what becomes of the items. Failed includes Errors.
func (p *Plan) Counts() Counts {
	c := Counts{Added: len(p.Added), Failed: len(p.Errors)}
	for i := range p.Items {
		switch p.Items[i].Status {
		case runner.Changed:
			c.Changed++
		case runner.Removed:
			c.Removed++
		case runner.Failed:
			c.Failed++
		case runner.Unchanged:
			c.Unchanged++
		}
	}
	return c
}

// String reads "2 changed, 1 unchanged"; parts that are zero are left out.
func (c Counts) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{
		{c.Changed, "changed"},
		{c.Added, "added"},
		{c.Removed, "removed"},
		{c.Failed, "failed"},
		{c.Unchanged, "unchanged"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.word))
		}
	}
	if len(parts) == 0 {
		return "no objects"
	}
	return strings.Join(parts, ", ")
}
