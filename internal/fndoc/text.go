package fndoc

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/internal/paint"
)

// WriteText writes the page for a terminal, of [Summarize] without step and
// example. Color marks headings and changes.
func (p *Page) WriteText(w io.Writer, color bool) error {
	var b bytes.Buffer
	p.text(paint.Painter{W: &b, Color: color})
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write page of %q: %w", p.Name, err)
	}
	return nil
}

func (p *Page) text(t paint.Painter) {
	t.Line("%s: %s", t.Paint(paint.Bold, p.Name), p.Summary)
	t.Line("")
	t.Line("Kinds:  %s", p.kinds())
	if len(p.AdditionalItems) > 0 {
		t.Line("Asks Velero for: %s", strings.Join(p.AdditionalItems, ", "))
	}
	t.Line("Phases: %s", strings.Join(p.Phases, ", "))
	t.Line("Grants: %s", p.grants())
	if len(p.Facts) > 0 {
		t.Line("Facts:  %s", strings.Join(p.facts(), ", "))
	}
	if p.Irreversible != "" {
		t.Line("%s %s", t.Paint(paint.Red, "Irreversible:"), p.Irreversible)
	}
	if p.Follows != "" {
		t.Line("Do not select by kind or name: %s stay in what the step does not select", p.Follows)
	}
	if p.IfIgnored != "" {
		t.Line("onError: Ignore is refused: %s", p.IfIgnored)
	}
	heading := func(text string) {
		t.Line("")
		t.Line("%s", t.Paint(paint.Bold, text))
	}
	if len(p.Config) == 0 {
		heading("It takes no config.")
	} else {
		heading("Config, " + p.configForms() + ":")
		for _, f := range p.Config {
			f.writeText(t, "  ")
		}
		if p.needsText() {
			t.Line("In a ConfigMap, values that are no strings are YAML text.")
		}
	}
	if p.Example == nil {
		return
	}
	heading("Step of a pipeline:")
	t.Line("%s", strings.TrimRight(indent(p.Step, "  "), "\n"))
	heading(p.Example.title() + ":")
	p.Example.writeText(t)
}

// needsText reports whether some field cannot stand in a ConfigMap as it is.
func (p *Page) needsText() bool {
	return slices.ContainsFunc(p.Config, func(f Field) bool { return f.Type != "string" })
}

func (f Field) writeText(t paint.Painter, margin string) {
	t.Line("%s%s (%s)", margin, t.Paint(paint.Bold, f.Name), f.facts())
	if f.Doc != "" {
		t.Line("%s    %s", margin, f.Doc)
	}
	for _, nested := range f.Fields {
		nested.writeText(t, margin+"    ")
	}
}

func (e *Example) writeText(t paint.Painter) {
	for _, l := range e.diff {
		switch l.mark {
		case removed:
			t.Line("  %s", t.Paint(paint.Red, l.String()))
		case added:
			t.Line("  %s", t.Paint(paint.Green, l.String()))
		default:
			t.Line("  %s", l)
		}
	}
	for _, line := range e.Says {
		t.Line("  says %s", paint.Printable(line))
	}
}

func (e *Example) title() string {
	if e.Context {
		return "What it does, with the context of a run"
	}
	return "What it does"
}

// facts are type, need and default of a field in a few words.
func (f Field) facts() string {
	words := f.Type
	if f.Required {
		words += ", required"
	}
	if f.Default != "" {
		words += ", default " + f.Default
	}
	return words
}

func (p *Page) kinds() string {
	if len(p.Kinds) == 0 {
		return "none is changed"
	}
	return strings.Join(p.Kinds, ", ")
}

// grants is what a step must have, in one line.
func (p *Page) grants() string {
	if len(p.Needs) == 0 {
		return "nothing"
	}
	words := make([]string, len(p.Needs))
	for i, g := range p.Needs {
		words[i] = grantText(g)
		if g.When != fn.Always {
			words[i] += " (" + g.When + ")"
		}
	}
	return strings.Join(words, ", ")
}

// facts are the names of what it reads from the context of the run.
func (p *Page) facts() []string {
	words := make([]string, len(p.Facts))
	for i, f := range p.Facts {
		words[i] = string(f)
	}
	return words
}

// ShortKinds is what it changes for a table: not more than two kinds by name.
func (p *Page) ShortKinds() string {
	if len(p.Kinds) > 2 {
		return fmt.Sprintf("%s and %d more", p.Kinds[0], len(p.Kinds)-1)
	}
	if len(p.Kinds) == 0 {
		return "none"
	}
	return strings.Join(p.Kinds, ", ")
}

// ShortGrants is what a step must grant for a table, as Delete,context; in
// brackets what only some configs need.
func (p *Page) ShortGrants() string {
	if len(p.Needs) == 0 {
		return "-"
	}
	words := make([]string, len(p.Needs))
	for i, g := range p.Needs {
		words[i] = map[string]string{"allow": g.Value, "context": "context", "scope": g.Value}[g.Key]
		if g.When != fn.Always {
			words[i] = "[" + words[i] + "]"
		}
	}
	return strings.Join(words, ",")
}

// Has reports whether the page has every one of the words in its name, summary,
// kinds, additional items or the names of config fields. Case does not matter.
func (p *Page) Has(words []string) bool {
	text := []string{p.Name, p.Summary, strings.Join(p.Kinds, " "), strings.Join(p.AdditionalItems, " ")}
	for _, f := range p.Config {
		text = append(text, f.Name)
	}
	all := strings.ToLower(strings.Join(text, "\n"))
	for _, word := range words {
		if !strings.Contains(all, strings.ToLower(word)) {
			return false
		}
	}
	return true
}

func grantText(g fn.Grant) string {
	if g.Key == "allow" {
		return "allow: [" + g.Value + "]"
	}
	return g.Key + ": " + g.Value
}

func (p *Page) configForms() string {
	return "kind " + p.ConfigKind + " of " + fn.ConfigAPIVersion + " or a ConfigMap"
}
