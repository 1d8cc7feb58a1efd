// Package plugin is velero-plugin-krm: it runs pipelines of KRM functions on
// the objects that a Velero server backs up and restores.
//
// Start with [NewHost], whose methods New... give package framework what it
// registers under [Name]: item actions for a stock Velero, and multi-item actions,
// which a Velero that knows them calls in their place.
//
// # Which pipelines run
//
// Pipelines are the values of the ConfigMaps in Velero's namespace that carry
// the label velero-krm.io/pipeline. A Backup or Restore names those it wants,
// in order, with the annotation velero-krm.io/pipeline ("a,b") or the label of
// the same name ("a", or "a_b": a label's value holds no comma and a
// pipeline's name no underscore). One that names none gets the pipelines with
// spec.default, in the order of their names; the value "none" or "" asks for
// none at all.
//
// # What is guaranteed
//
// A run whose pipelines cannot be had never goes through unconverted: Velero
// asks the plugin what it applies to before it writes anything, and the answer
// to a run whose pipelines do not load is an error, which ends the run. Where
// several runs start at the same moment that answer cannot be told apart, and
// each object of the broken run fails instead.
//
// On restore a function sees the object as it is in the backup, with status
// and owner references and in its original namespace; what it changed is
// carried over to the object that Velero is about to create.
//
// A selector for a kind that cannot come is an error. On restore the kinds that
// CustomResourceDefinitions of the backup bring are not known at the start; a
// selector for a kind that is missing even after these were restored fails every
// object that follows.
//
// # Lists
//
// A multi-item action gets all objects of a run in one call. It runs them in
// batches, several at a time, so memory does not grow with the list, and answers
// each as it becomes; what it answers is what the item action gives for one
// object. With a step of scope List it runs the whole list at once. What is wrong
// with the pipelines ends the run before the first object is asked for, and a run
// without pipelines costs a message.
//
// # What a stock Velero cannot do
//
// Steps with scope List or permission to Create are refused: Velero hands out
// one object at a time and takes one back. Namespaces never come to a plugin
// on restore. Leaving an object out of a backup needs Velero 1.18.1.
//
// # Order
//
// Velero runs the actions compiled into itself first, then those of the plugin
// executables in the order of their file names, and within one executable in
// the order of the actions' names.
package plugin
