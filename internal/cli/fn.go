package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/internal/fndoc"
)

const fnListExample = `  # everything there is
  velero-krm fn list

  # functions that have to do with images, by name
  velero-krm fn list image -o name`

const fnDescribeExample = `  # what set-ingress does, how it is configured, and an example
  velero-krm fn describe set-ingress

  # for an editor that checks configs by JSON Schema
  velero-krm fn describe set-ingress --schema > set-ingress.schema.json`

const seeFnList = "see velero-krm fn list"

// newFn makes the commands that tell of the catalogue's functions.
func newFn(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "fn",
		Aliases: []string{"function", "functions"},
		Short:   "List and describe the functions of the catalogue",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newFnList(s), newFnDescribe(s))
	return cmd
}

func newFnList(s Streams) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "list [WORD ...]",
		Short: "List the functions: what each does, to which kinds, and what a step must grant",
		Long: `List the functions of the catalogue: what each does, the kinds that it changes,
the phases it is meant for, and what a step of a pipeline must grant to it.

With words, only functions that have all of them in their name, summary, kinds
or config fields. When there is none, stderr says so, with the names that may
have been meant; that is no failure.`,
		Example: fnListExample,
		RunE: func(_ *cobra.Command, words []string) error {
			return listFunctions(s, words, output)
		},
	}
	formatFlag(cmd, &output, "table", "json", "yaml", "name")
	return cmd
}

// oneFunction says what is missing where cobra counts arguments.
func oneFunction(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usagef(seeFnList, "name one function: got %d", len(args))
	}
	return nil
}

func newFnDescribe(s Streams) *cobra.Command {
	var output string
	var schema bool
	cmd := &cobra.Command{
		Use:     "describe NAME",
		Short:   "Show what a function does, its config, a step of a pipeline, and an example",
		Example: fnDescribeExample,
		Args:    oneFunction,
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := lookup(args[0])
			if err != nil {
				return err
			}
			if schema {
				return encodeAs(s.Out, f.ConfigSchema(), schemaFormat(output))
			}
			return describeFunction(s, f, output)
		},
		ValidArgsFunction: cobra.FixedCompletions(catalog.Names(), cobra.ShellCompDirectiveNoFileComp),
	}
	formatFlag(cmd, &output, "text", "json", "yaml")
	cmd.Flags().BoolVar(&schema, "schema", false, "print the JSON Schema of the function's config instead")
	return cmd
}

// formatFlag adds -o with the formats, the first of which is the default.
func formatFlag(cmd *cobra.Command, into *string, formats ...string) {
	cmd.Flags().StringVarP(into, "output", "o", formats[0], "`FORMAT` of stdout: "+strings.Join(formats, ", "))
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if !slices.Contains(formats, *into) {
			return usagef("use "+strings.Join(formats, ", "), "output format %q is not known", *into)
		}
		return nil
	}
}

// lookup finds a function, or says which name was meant.
func lookup(name string) (fn.Function, error) {
	f, ok := catalog.Lookup(name)
	if ok {
		return f, nil
	}
	return f, usagef(meant(catalog.Names(), name), "there is no function %q", name)
}

// maxMeant is how many names a hint suggests.
const maxMeant = 4

// meant is the hint for words that are no name: the names near to them, if there
// are few.
func meant(names []string, words ...string) string {
	var all []string
	for _, word := range words {
		if word != "" {
			all = append(all, near(word, names)...)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) == 0 || len(all) > maxMeant {
		return seeFnList
	}
	return "did you mean " + strings.Join(all, " or ") + "?"
}

// near returns the name that is nearest to word; or else those that have it in
// them, or else a word near to it.
func near(word string, names []string) []string {
	if c := fn.Closest(word, names); c != "" {
		return []string{c}
	}
	within := having(names, func(name string) bool { return strings.Contains(name, strings.ToLower(word)) })
	if len(within) > 0 {
		return within
	}
	var parts []string
	for _, name := range names {
		parts = append(parts, strings.Split(name, "-")...)
	}
	part := fn.Closest(word, parts)
	return having(names, func(name string) bool { return slices.Contains(strings.Split(name, "-"), part) })
}

func having(names []string, has func(name string) bool) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !has(name) })
}

func schemaFormat(output string) string {
	if output == "yaml" {
		return output
	}
	return "json"
}

func describeFunction(s Streams, f fn.Function, output string) error {
	page, err := fndoc.Describe(f)
	if err != nil {
		return err
	}
	if output == "text" {
		return page.WriteText(s.Out, s.ColorOut)
	}
	return encodeAs(s.Out, page, output)
}

func listFunctions(s Streams, words []string, output string) error {
	pages := []*fndoc.Page{} // an empty list is [] and not null
	for _, f := range catalog.Functions() {
		if page := fndoc.Summarize(f); page.Has(words) {
			pages = append(pages, page)
		}
	}
	if len(pages) == 0 {
		noneHas(s, words)
	}
	switch output {
	case "table":
		return writeTable(s, pages)
	case "name":
		for _, p := range pages {
			if _, err := io.WriteString(s.Out, p.Name+"\n"); err != nil {
				return fmt.Errorf("write list: %w", err)
			}
		}
		return nil
	default:
		return encodeAs(s.Out, pages, output)
	}
}

// noneHas tells that no function has all of the words, and what they may have
// been meant to be: those of them that no function has, if there are such.
func noneHas(s Streams, words []string) {
	strange := having(words, func(word string) bool {
		return !slices.ContainsFunc(catalog.Functions(), func(f fn.Function) bool { return fndoc.Summarize(f).Has([]string{word}) })
	})
	hint := "leave out a word: each of them alone is in some function"
	if len(strange) > 0 {
		if hint = meant(catalog.Names(), strange...); hint == seeFnList {
			hint += " without words"
		}
	}
	p := newPainter(s)
	p.note("No function has " + strings.Join(quoted(words), " and ") + " in its name, summary, kinds or config fields.")
	p.hint(hint)
}

func quoted(words []string) []string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = strconv.Quote(w)
	}
	return all
}

// encodeAs writes a value as JSON, or as YAML with the same keys in the same
// order.
func encodeAs(w io.Writer, value any, format string) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // people read it
	enc.SetIndent("", "  ")
	if err := enc.Encode(value); err != nil {
		return fmt.Errorf("encode as %s: %w", format, err)
	}
	if format == "yaml" {
		if err := toYAML(&b); err != nil {
			return fmt.Errorf("encode as yaml: %w", err)
		}
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// toYAML reads JSON, which is YAML, and writes it in block style.
func toYAML(b *bytes.Buffer) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(b.Bytes(), &doc); err != nil {
		return err
	}
	blockStyle(&doc)
	b.Reset()
	enc := yaml.NewEncoder(b)
	enc.SetIndent(2)
	return enc.Encode(&doc)
}

func blockStyle(n *yaml.Node) {
	n.Style = 0
	if strings.Contains(n.Value, "\n") {
		n.Style = yaml.LiteralStyle
	}
	for _, c := range n.Content {
		blockStyle(c)
	}
}
