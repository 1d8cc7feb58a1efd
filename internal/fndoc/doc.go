// Package fndoc makes what people read about a function of the catalogue out
// of the function itself: its name, config and statements (package fn) and its
// example (package catalog), which is run to show what it does.
//
// [Describe] gathers all of it as a [Page]; [Page.WriteText] is for terminals
// and [Page.WriteMarkdown] for docs/functions.md. What a reader learns here a
// test of the catalogue has checked.
package fndoc
