// Package krm holds the wire types of the KRM Functions Specification v1: a
// [ResourceList] goes into a function and a ResourceList comes out.
//
// Start with [NewItem] for one object that is already JSON, [Decode] for what
// a function printed, [ReadItems] for files a person wrote, and
// [AppendResourceList] for what a function is to read.
//
// An [Item] keeps the JSON it came with and decodes only when somebody looks
// inside, so an object that nobody changes crosses the whole system byte for
// byte. [Diff] and [DiffLists] say what changed and never show the value of a
// Secret.
//
// The package knows nothing of how functions are run (package runner) or
// chosen (package pipeline). It imports the standard library and one YAML
// package, so that functions compiled against it stay small.
package krm
