// Package myfunction is the function my-function: workloads get a priority
// class of the cluster they are restored to.
//
// It touches every kind with a pod template, and of it priorityClassName and
// the priority that the old cluster worked out from it. What it leaves alone is
// in README.md.
package myfunction
