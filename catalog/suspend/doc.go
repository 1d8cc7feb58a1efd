// Package suspend is the function suspend: it stops what starts work by itself
// or by a clock, and can let it go on.
//
// [Config] says which. The kinds and their fields are in README.md.
package suspend
