// Package includeconstraints is the function include-constraints: a backup gets
// the SecurityContextConstraints that its service accounts were granted.
//
// It changes nothing and asks Velero for additional items. Its config is
// [Config]; the run's context tells which constraints there are.
package includeconstraints
