// Package mapnamespaces is the function map-namespaces: what refers to a
// namespace that gets another name refers to the new one.
//
// [Config] has the mapping, or the context of a Restore has it. Which
// references are changed, and which strings are only reported, is in README.md.
package mapnamespaces
