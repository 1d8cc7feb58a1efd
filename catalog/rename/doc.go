// Package rename is the function rename: objects get another name, and what
// refers to them refers to it.
//
// [Config] lists the names. Which references are known is in README.md. A
// pipeline must allow its step to rename.
package rename
