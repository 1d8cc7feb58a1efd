// Package linediff compares texts line by line, for people: [Diff] returns all
// lines of both, marked, and [Hunks] those that changed with some around them.
//
// Its time and memory are bounded, also for texts that somebody made to be
// slow: what is too much to compare counts as replaced.
package linediff
