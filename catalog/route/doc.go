// Package route is the function route: a Route whose host the old cluster
// generated gets a new one from the cluster it is restored to.
//
// Its config is none. Only Route of route.openshift.io is touched. What it
// leaves alone, and why the host is removed and not emptied, is in README.md.
package route
