// Package pipeline loads Pipelines and runs them over lists of objects.
//
// A [Pipeline] is a KRM object that names functions in order. [Load] reads it
// strictly, [Compile] finds its functions and reports every problem at once,
// and [Program.Execute] runs it and returns a [Plan]: what becomes of each
// object. The Velero plugin applies a plan, the command prints it. There is
// one implementation of what a pipeline does, and it is here.
package pipeline
