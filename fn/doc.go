// Package fn is what the author of a KRM function in Go imports.
//
// A [Function] is made with [New] from a name, a config type and a Go func
// over a [List]. The same value runs in the process (it is a
// runner.Function), as an executable ([Main]) and as WASM.
package fn
