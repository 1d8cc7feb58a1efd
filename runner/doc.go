// Package runner runs KRM functions over lists of objects.
//
// The centre is [Function]: a list in, a list out. How a function runs is
// told by the package it comes from: runner/execfn starts a child process,
// runner/gofn calls Go code in this process. What is done around a call is a
// wrapper that takes a Function and is one: [WithTimeout], [WithRecord],
// [WithConcurrencyLimit].
//
// Most callers want [Transform]: it gives each object an identity that
// survives sorting and renaming, cuts the list into batches, runs the
// function, matches what came back to what went in, checks it against what
// the caller permits, and, when a batch fails, bisects it down to the object
// that is the cause, so that the others go through.
//
// Guarantees: an object that goes into Transform comes out as unchanged,
// changed, removed or failed, never silently lost; a failed object is returned
// as it was. Not its job: choosing which objects a function sees and in which
// order functions run (package pipeline).
package runner
