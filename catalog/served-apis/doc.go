// Package servedapis is the function served-apis: it checks that the target
// cluster serves the version and kind of each object, and changes nothing.
//
// What the target serves comes from the run's context or from [Config]. What
// counts as served is in README.md.
package servedapis
