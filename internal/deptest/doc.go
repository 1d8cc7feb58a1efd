// Package deptest holds the rules of which package may depend on which, and
// nothing else: its test asks the go command. The linter checks direct imports
// as one types; this checks everything that comes along with them.
package deptest
