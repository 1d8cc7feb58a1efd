// Package setpullsecrets is the function set-pull-secrets: pods and builds name
// the registry credentials that the new OpenShift cluster generated in place of
// those of the old one.
//
// Its config is none; the run's context says what the new cluster has. What
// happens to a name that it does not know is in README.md.
package setpullsecrets
