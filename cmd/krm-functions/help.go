package main

import (
	"fmt"
	"strings"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/fn"
)

func usage() string {
	var b strings.Builder
	b.WriteString(`KRM functions: a ResourceList on stdin, a ResourceList on stdout.

Usage:
  krm-functions FUNCTION < list    run a function (a link named FUNCTION does, too)
  krm-functions help FUNCTION      show the config of a function

Functions:
`)
	for _, f := range catalog.Functions() {
		fmt.Fprintf(&b, "  %-24s %s\n", f.Name(), f.Summary())
	}
	return b.String()
}

// describe is the help text of one function.
func describe(f fn.Function) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n", f.Name(), f.Summary())
	fields := f.ConfigFields()
	if len(fields) == 0 {
		b.WriteString("It takes no config.\n")
		return b.String()
	}
	b.WriteString("Config:\n")
	writeFields(&b, fields, "  ")
	fmt.Fprintf(&b, `
As functionConfig, either of:
  {apiVersion: %s, kind: %s, spec: {...}}
  {apiVersion: v1, kind: ConfigMap, data: {...}}    values that are no strings: as YAML text
`, fn.ConfigAPIVersion, f.ConfigKind())
	return b.String()
}

func writeFields(b *strings.Builder, fields []fn.ConfigField, indent string) {
	for _, f := range fields {
		note := f.Type
		if f.Required {
			note += ", required"
		}
		if f.Default != "" {
			note += ", default " + f.Default
		}
		fmt.Fprintf(b, "%s%s (%s)\n", indent, f.Name, note)
		if f.Doc != "" {
			fmt.Fprintf(b, "%s    %s\n", indent, f.Doc)
		}
		writeFields(b, f.Fields, indent+"    ")
	}
}
