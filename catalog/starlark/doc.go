// Package starlark is the function starlark: it runs a script over the list.
//
// [Config] is that of the function of the same name in the public catalogue,
// of kind StarlarkRun. What scripts can see and what bounds them is in
// README.md.
package starlark
