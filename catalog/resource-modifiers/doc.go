// Package resourcemodifiers is the function resource-modifiers: it applies the
// rules of a resource modifier ConfigMap, the format that Velero itself reads
// on restore, and fails where Velero goes on.
//
// [Config] is that format. Which of its gaps are closed, and how, is in
// README.md.
package resourcemodifiers
