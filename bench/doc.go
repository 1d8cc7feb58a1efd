// Command bench measures, side by side in one run, what this project does
// against what was done before it or against the least that could be done.
//
// It prints one line "figure <name> <value> <unit>" per figure on stdout, and
// progress and a table with targets and verdicts on stderr. See README.md for
// how to read them. It never fails because a figure is bad, only when it
// cannot measure.
package main
