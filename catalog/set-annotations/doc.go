// Package setannotations is the function set-annotations: it sets annotations
// on objects and, when asked, on the pods they create.
//
// [Config] names the annotations. Those that orchestrators of functions keep
// for themselves are refused; README.md lists them.
package setannotations
