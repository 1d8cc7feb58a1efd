// Package krmfn is the fluent API of the original runner library on top of
// package runner: a program written for that library changes its import path
// and runs.
//
//	fr, err := krmfn.NewRunner().
//		WithInput(item).
//		WithFunctions(krmfn.Function{Name: "route", Exec: "/data/executables/route"}).
//		WhereExecWorkingDir("/usr").
//		Build()
//	if err != nil { ... }
//	list, err := fr.Execute()
//
// Start with [NewRunner]. New programs that run functions over many objects do
// better with runner.Transform, which batches, keeps going when one object
// fails, and neither decodes nor copies what no function changes.
//
// # What is the same
//
// The names and signatures above, the four sentinels, objects of type
// [k8s.io/apimachinery/pkg/apis/meta/v1/unstructured.Unstructured] in the
// result, one call per function with the whole list, a ConfigMap named
// "function-input" as functionConfig, and that a function may create, remove
// and rename objects. The first function that fails ends the run.
//
// # What differs, on purpose
//
//   - A builder is an immutable value: every With method returns a new one,
//     branches share nothing, and an error stays with the builder that caused it.
//   - Build reports every problem at once, a missing executable included.
//   - Execute can be called again and by several goroutines at once.
//   - Exec without a slash is looked up in $PATH, as the original's comment
//     said; with a slash it is a path, relative ones from the directory of
//     this process.
//   - An unset working directory is a new, empty one for each function, removed
//     when the function ends. "/" is allowed.
//   - A function gets no environment but for a short allowlist (package
//     runner/execfn), five minutes ([DefaultTimeout]), and an error carries the
//     end of its stderr; stderr of this process is left alone.
//   - A function that prints nothing, or reports a result of severity error,
//     has failed. One that returns an empty list has removed every object, and
//     the functions after it still run.
//   - Objects keep their input order, with created ones at the end, and the
//     annotations they came with; no marks of the runner stay.
//   - Results are a list, see [Results].
//   - Functions declared in the annotations of an input are never run.
//   - A container image is refused with [ErrImageUnsupported].
//   - The exported helpers GetResourceList and ValidateFunctionImageURL, which
//     read the original's temporary files and image names, do not exist.
package krmfn
