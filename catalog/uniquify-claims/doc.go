// Package uniquifyclaims is the function uniquify-claims: claims that a restore
// of a virtual machine's files brings back get names of their own, so that those
// of several backups fit into one namespace.
//
// Its config is none; an annotation of the Restore, in the run's context, turns
// it on. What the names are made of is in README.md.
package uniquifyclaims
