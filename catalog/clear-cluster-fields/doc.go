// Package clearclusterfields is the function clear-cluster-fields: it removes
// what a cluster filled in itself and another cluster would refuse or ignore.
//
// [Config] chooses groups of fields; README.md lists the fields of each group
// and says why some must be asked for.
package clearclusterfields
