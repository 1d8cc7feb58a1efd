package fndoc

import (
	"fmt"
	"io"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
)

// markdownHead begins docs/functions.md.
const markdownHead = `# The functions of the catalogue

Made from the functions themselves; ` + "`make docs`" + ` makes it again. ` + "`velero-krm fn list`" + ` and
` + "`velero-krm fn describe NAME`" + ` say the same on a terminal, and ` + "`--schema`" + ` prints the JSON Schema of a
config. Each function's own page says more about edge cases. Steps go into a [pipeline](pipeline.md).

| function | what it does | a step must grant |
|---|---|---|
`

// WriteMarkdown writes docs/functions.md.
func WriteMarkdown(w io.Writer, pages []*Page) error {
	var b strings.Builder
	b.WriteString(markdownHead)
	for _, p := range pages {
		grants := ""
		if len(p.Needs) > 0 {
			grants = code(p.grantCells())
		}
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", p.Name, p.Name, cell(p.Summary), grants)
	}
	for _, p := range pages {
		p.writeMarkdown(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (p *Page) writeMarkdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\n%s [More](../catalog/%s/README.md)\n\n", p.Name, p.Summary, p.Name)
	if p.Irreversible != "" {
		fmt.Fprintf(b, "**Irreversible.** %s\n\n", p.Irreversible)
	}
	fmt.Fprintf(b, "- Kinds: %s\n- Phases: %s\n", p.kinds(), strings.Join(p.Phases, ", "))
	if len(p.AdditionalItems) > 0 {
		fmt.Fprintf(b, "- [Additional items](pipeline.md#additional-items) that it asks Velero for: `%s`\n", strings.Join(p.AdditionalItems, "`, `"))
	}
	if len(p.Needs) > 0 {
		fmt.Fprintf(b, "- A step must grant: %s\n", code(p.grantCells()))
	}
	if len(p.Facts) > 0 {
		fmt.Fprintf(b, "- Facts of the [context](run-context.md) that it reads: `%s`\n", strings.Join(p.facts(), "`, `"))
	}
	if p.Follows != "" {
		fmt.Fprintf(b, "- Do not select by kind or name: %s stay in what the step does not select\n", p.Follows)
	}
	if p.IfIgnored != "" {
		fmt.Fprintf(b, "- `onError: Ignore` is refused: %s\n", p.IfIgnored)
	}
	if len(p.Config) > 0 {
		fmt.Fprintf(b, "- Config: %s\n\n| field | type | default | meaning |\n|---|---|---|---|\n", p.configForms())
		writeRows(b, p.Config, "")
	}
	fmt.Fprintf(b, "\n```yaml\n%s```\n\n", p.Step)
	if p.Example.Context {
		b.WriteString("With the context of a run:\n\n")
	}
	b.WriteString("```diff\n")
	for _, l := range p.Example.diff {
		b.WriteString(l.String() + "\n")
	}
	b.WriteString("```\n")
	if len(p.Example.Says) > 0 {
		b.WriteString("\nIt says:\n\n```text\n" + strings.Join(p.Example.Says, "\n") + "\n```\n")
	}
}

// writeRows writes fields and, below each, those in it as rules[].path.
func writeRows(b *strings.Builder, fields []Field, prefix string) {
	for _, f := range fields {
		kind := f.Type
		if f.Required {
			kind += ", required"
		}
		fmt.Fprintf(b, "| `%s%s` | %s | %s | %s |\n", prefix, f.Name, kind, cell(f.Default), cell(f.Doc))
		inner := prefix + f.Name + "."
		if strings.HasPrefix(f.Type, "list of ") {
			inner = prefix + f.Name + "[]."
		} else if strings.HasPrefix(f.Type, "map of ") {
			inner = prefix + f.Name + ".*."
		}
		writeRows(b, f.Fields, inner)
	}
}

// grantCells are what a step must grant, and when.
func (p *Page) grantCells() [][2]string {
	cells := make([][2]string, len(p.Needs))
	for i, g := range p.Needs {
		cells[i][0] = grantText(g)
		if g.When != fn.Always {
			cells[i][1] = g.When
		}
	}
	return cells
}

func code(cells [][2]string) string {
	words := make([]string, len(cells))
	for i, c := range cells {
		words[i] = "`" + c[0] + "`"
		if c[1] != "" {
			words[i] += " " + cell(c[1])
		}
	}
	return strings.Join(words, ", ")
}

// cell is text within a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;").Replace(text)
}
