// Package pipeline loads Pipelines and runs them over lists of objects.
//
// A [Pipeline] is a KRM object that names functions in order. [Load] reads it
// strictly, [Compile] finds its functions and reports every problem at once,
// and [Program.Execute] runs it and returns a [Plan]: what becomes of each
// object. The Velero plugin applies a plan, the command prints it. There is
// one implementation of what a pipeline does, and it is here.
//
// What holds for every plan:
//
//   - Each input object is in it once, in its place: unchanged, changed,
//     removed or failed. One that failed is as it came, before any step.
//   - Each step works on what the steps before made. A function is given what
//     its step selects, each object once, and is not called for nothing.
//   - Objects that a step does not select stay as they are. A function that
//     returns one of them fails on the object that made it do so.
//   - Creating, removing and renaming need the step's permission.
//   - Validators see the final list and change nothing.
//   - Every error names the step and the object and says what to do. Values of
//     Secrets that the function was given are in none.
//
// How a function runs, how long and in which batches is the concern of package
// runner; what the objects mean, that of the functions.
package pipeline
