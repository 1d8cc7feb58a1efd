package main

import (
	"fmt"
	"strings"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/internal/fndoc"
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

// describe is the help text of one function; `velero-krm fn describe` adds an
// example.
func describe(f fn.Function) string {
	var b strings.Builder
	_ = fndoc.Summarize(f).WriteText(&b, false) // a strings.Builder takes all
	return b.String()
}
