package cli

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// painter writes for people, on stderr. That a person cannot be told is no
// failure, so write errors are dropped.
type painter struct {
	w     io.Writer
	color bool
}

// The colours (ECMA-48 select graphic rendition).
const (
	red    = "31"
	yellow = "33"
	dim    = "2"
	bold   = "1"
)

func (p painter) paint(code, s string) string {
	if !p.color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p painter) line(format string, args ...any) {
	_, _ = fmt.Fprintf(p.w, format+"\n", args...)
}

func (p painter) failure(err error) {
	p.line("%s %s", p.paint(red, "Error:"), printable(err.Error()))
}

func (p painter) hint(text string) {
	if text != "" {
		p.line("%s %s", p.paint(bold, "Hint:"), printable(text))
	}
}

// printable drops control characters but line ends and tabs: a function's
// words must not drive the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}

// word is printable for what stands within a line: a name must not pass for
// lines of our own.
func word(s string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(printable(s))
}

// maxListed bounds how many results or errors are listed of one kind: a
// thousand lines are read by nobody, and the count tells the rest.
const maxListed = 100

// plan tells what was done: the steps, what functions said, what failed.
func (p painter) plan(plan *pipeline.Plan) {
	for i := range plan.Steps {
		p.step(&plan.Steps[i])
	}
	p.ignored(plan)
	failures := plan.Failures()
	for _, err := range failures[:min(len(failures), maxListed)] {
		p.failure(err)
	}
	if more := len(failures) - maxListed; more > 0 {
		p.line("%s and %d more objects failed", p.paint(red, "Error:"), more)
	}
	p.line("%s: %s", p.paint(bold, "pipeline "+plan.Pipeline), plan.Counts())
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
			if count++; count <= maxListed {
				p.line("%s %s", p.paint(yellow, "Warning:"), printable(w))
			}
		}
	}
	for i := range plan.Items {
		tell(plan.Items[i].Warnings)
	}
	for i := range plan.Added {
		tell(plan.Added[i].Warnings)
	}
	if more := count - maxListed; more > 0 {
		p.line("%s and %d more errors were ignored", p.paint(yellow, "Warning:"), more)
	}
}

func (p painter) step(r *pipeline.StepReport) {
	counts := pipeline.Counts{Unchanged: r.Unchanged, Changed: r.Changed, Removed: r.Removed, Failed: r.Failed, Added: r.Added}
	kind := "step"
	if r.Validator {
		kind = "validator"
	}
	did := counts.String()
	if r.Selected == 0 {
		did = p.paint(yellow, "selects no object") // a misspelt kind looks like this
	}
	p.line("%s %s %s: %s", kind, p.paint(bold, word(r.Name)), p.paint(dim, "("+word(r.Function)+")"), did)
	for _, res := range r.Results[:min(len(r.Results), maxListed)] {
		p.result(res)
	}
	if more := len(r.Results) - maxListed; more > 0 {
		p.line("  and %d more results", more)
	}
	if r.Stderr != "" && r.Failed == 0 { // the errors of failed objects show it
		for line := range strings.Lines(strings.TrimSpace(r.Stderr)) {
			p.line("  %s %s", p.paint(dim, "stderr:"), printable(strings.TrimRight(line, "\n")))
		}
	}
}

func (p painter) result(r krm.Result) {
	severity := r.Severity
	if severity == "" {
		severity = krm.Info
	}
	color := dim
	switch {
	case r.Failed():
		color = red
	case severity == krm.Warning:
		color = yellow
	}
	words := []string{p.paint(color, word(string(severity))+":")}
	if ref := r.ResourceRef; ref != nil {
		id := krm.Identity{APIVersion: ref.APIVersion, Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name}
		words = append(words, word(id.String())+":")
	}
	if r.Field != nil && r.Field.Path != "" {
		words = append(words, word(r.Field.Path)+":")
	}
	p.line("  %s %s", strings.Join(words, " "), printable(r.Message))
}
