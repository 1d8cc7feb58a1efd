// Package gofn runs KRM functions that are Go code, in this process.
//
// [New] makes a runner.Function of a Go func. A panic in it becomes an error.
// What the Go code does beyond that is not contained: it shares memory and
// fate with its caller.
package gofn
