package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/internal/paint"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
	"github.com/velero-krm/velero-krm/runner"
)

// painter tells of runs, on stderr, and of changes, on stdout.
type painter struct {
	paint.Painter
	// most is how many results or errors are listed of one kind.
	most int
}

func newPainter(s Streams) painter {
	return painter{Painter: paint.Painter{W: s.Err, Color: s.Color}, most: maxListed}
}

func (p painter) failure(err error) {
	p.Line("%s %s", p.Paint(paint.Red, "Error:"), paint.Printable(err.Error()))
}

func (p painter) hint(text string) {
	if text != "" {
		p.Line("%s %s", p.Paint(paint.Bold, "Hint:"), paint.Printable(text))
	}
}

func (p painter) warn(text string) {
	p.Line("%s %s", p.Paint(paint.Yellow, "Warning:"), paint.Printable(text))
}

func (p painter) note(text string) {
	if text != "" {
		p.Line("%s", paint.Printable(text))
	}
}

// word is paint.Printable for what stands within a line: a name must not pass for
// lines of our own.
func word(s string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(paint.Printable(s))
}

// maxListed bounds how many results or errors are listed of one kind unless all
// are asked for: a thousand lines are read by nobody, and the count tells the
// rest.
const maxListed = 100

// plan tells what was done: the steps, what functions said, what failed.
// meant is asked for each step that selected nothing.
func (p painter) plan(plan *pipeline.Plan, meant func(step string) string) {
	for i := range plan.Steps {
		hint := ""
		if step := plan.Steps[i]; step.Selected == 0 {
			hint = meant(step.Name)
		}
		p.step(&plan.Steps[i], hint)
	}
	p.ignored(plan)
	failures := plan.Failures()
	for _, err := range failures[:min(len(failures), p.most)] {
		p.failure(err)
	}
	if more := len(failures) - p.most; more > 0 {
		p.Line("%s and %d more objects failed", p.Paint(paint.Red, "Error:"), more)
	}
	p.Line("%s: %s", p.Paint(paint.Bold, "pipeline "+plan.Pipeline), plan.Counts())
}

// ignored tells of errors that a step ignores; other warnings stand among its
// results.
func (p painter) ignored(plan *pipeline.Plan) {
	count := 0
	tell := func(warnings []string) {
		for _, w := range warnings {
			if !strings.HasPrefix(w, "ignored: ") {
				continue
			}
			if count++; count <= p.most {
				p.Line("%s %s", p.Paint(paint.Yellow, "Warning:"), paint.Printable(w))
			}
		}
	}
	for i := range plan.Items {
		tell(plan.Items[i].Warnings)
	}
	for i := range plan.Added {
		tell(plan.Added[i].Warnings)
	}
	if more := count - p.most; more > 0 {
		p.Line("%s and %d more errors were ignored", p.Paint(paint.Yellow, "Warning:"), more)
	}
}

// step tells of one step; meant is what its selectors may have been meant to be
// when they matched nothing.
func (p painter) step(r *pipeline.StepReport, meant string) {
	counts := pipeline.Counts{Unchanged: r.Unchanged, Changed: r.Changed, Removed: r.Removed, Failed: r.Failed, Added: r.Added}
	kind := "step"
	if r.Validator {
		kind = "validator"
	}
	did := counts.String()
	if r.Selected == 0 {
		did = p.Paint(paint.Yellow, "selects no object")
		if meant != "" {
			did += " (" + word(meant) + ")"
		}
	}
	p.Line("%s %s %s: %s", kind, p.Paint(paint.Bold, word(r.Name)), p.Paint(paint.Dim, "("+word(r.Function)+")"), did)
	p.results(r.Results)
	if r.Stderr != "" && r.Failed == 0 { // the errors of failed objects show it
		for line := range strings.Lines(strings.TrimSpace(r.Stderr)) {
			p.Line("  %s %s", p.Paint(paint.Dim, "stderr:"), paint.Printable(strings.TrimRight(line, "\n")))
		}
	}
}

// results tells what a function said. A function that fails a list says the
// same in each call that looks for the object that is the cause: it is told
// once, with how often it was said. Of too many those are left out that matter
// least.
func (p painter) results(results []krm.Result) {
	var lines [leastWeight + 1][]string
	var inOrder []string
	times := map[string]int{}
	for _, r := range results {
		line := p.result(r)
		if times[line]++; times[line] == 1 {
			lines[weight(r)] = append(lines[weight(r)], line)
			inOrder = append(inOrder, line)
		}
	}
	more := len(inOrder) - p.most
	if more > 0 {
		inOrder = slices.Concat(lines[:]...)[:p.most]
	}
	for _, line := range inOrder {
		if n := times[line]; n > 1 {
			line += p.Paint(paint.Dim, fmt.Sprintf(" (%d times)", n))
		}
		p.Line("  %s", line)
	}
	if more > 0 {
		p.Line("  and %d more results (see them with --all-results)", more)
	}
}

const leastWeight = 2

// weight orders results when there are too many of them, what matters most
// first: errors, then what is about no one object, as sums are, then the others.
func weight(r krm.Result) int {
	switch {
	case r.Failed():
		return 0
	case r.ResourceRef == nil:
		return 1
	}
	return leastWeight
}

func (p painter) result(r krm.Result) string {
	severity := r.Severity
	if severity == "" {
		severity = krm.Info
	}
	color := paint.Dim
	switch {
	case r.Failed():
		color = paint.Red
	case severity == krm.Warning:
		color = paint.Yellow
	}
	words := []string{p.Paint(color, word(string(severity))+":")}
	if ref := r.ResourceRef; ref != nil {
		id := krm.Identity{APIVersion: ref.APIVersion, Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name}
		words = append(words, word(id.String())+":")
	}
	if r.Field != nil && r.Field.Path != "" {
		words = append(words, word(r.Field.Path)+":")
	}
	return strings.Join(words, " ") + " " + paint.Printable(r.Message)
}

// changes tells what becomes of each object that does not stay as it is.
func (p painter) changes(plan *pipeline.Plan) {
	for i := range plan.Items {
		item := &plan.Items[i]
		id := item.In.Identity()
		switch item.Status {
		case runner.Unchanged:
		case runner.Changed:
			p.Line("%s", p.Paint(paint.Bold, word(renamed(id, item.Out.Identity()))))
			p.Changes(item.Changes())
		case runner.Removed:
			p.Line("%s  %s", p.Paint(paint.Bold, word(id.String())), p.Paint(paint.Red, "removed"))
		case runner.Failed:
			p.Line("%s  %s", p.Paint(paint.Bold, word(id.String())), p.Paint(paint.Red, "failed"))
		}
	}
	for i := range plan.Added {
		p.Line("%s  %s", p.Paint(paint.Bold, word(plan.Added[i].Item.Identity().String())), p.Paint(paint.Green, "added"))
	}
}

// renamed is the name of an object, and its new one if that differs.
func renamed(before, after krm.Identity) string {
	if before == after {
		return before.String()
	}
	return before.String() + " -> " + after.String()
}
