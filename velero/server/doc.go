// Package server makes the Velero server with multi-item actions out of the
// source of a released Velero: it copies the module, applies [Edits], a short
// declared list of syntactic edits, and adds the files of ./_velero, which
// mirrors Velero's tree.
//
// An edit names a file, a function and a statement in it, its anchor. An anchor
// that is not found exactly once stops the build and is named: a new Velero is
// looked at, never edited by luck. README.md has the list.
package server
