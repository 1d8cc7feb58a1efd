// Package runcontext is what a function may know of the run it is part of: the
// object of kind RunContext that a step with context: true finds among its
// items.
//
// [RunContext] is the one type that the orchestrator writes ([RunContext.Item])
// and that a function in Go reads ([Of], [Read]). Functions in other languages
// read the same fields: docs/run-context.md has them with an example, and
// docs/run-context.schema.json is their JSON Schema.
//
// What is known of the cluster beyond its version is gathered only for a step
// that asks for it: a function of the catalogue with the option fn.NeedFacts, any
// other with the key facts of its step. See [Fact].
//
// Writing is strict: an object that lacks what every reader may rely on is an
// error. Reading is lenient: fields that this version does not know are left
// out, so a newer plugin can tell an older function more. Values of Secrets are
// in no field.
package runcontext
