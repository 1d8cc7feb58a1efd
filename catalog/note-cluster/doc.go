// Package notecluster is the function note-cluster: it notes on objects which
// cluster they come from or go to.
//
// Its config is none; the run's context tells it. Which annotations it sets is
// in README.md.
package notecluster
