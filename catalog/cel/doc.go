// Package cel is the function cel: it changes and checks objects by
// expressions in the Common Expression Language.
//
// [Config] lists the rules. What expressions can see and use, and what bounds
// them, is in README.md.
package cel
