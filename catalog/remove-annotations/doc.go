// Package removeannotations is the function remove-annotations: it removes
// annotations by key or by pattern.
//
// [Config] names the keys. What is never removed is in README.md.
package removeannotations
