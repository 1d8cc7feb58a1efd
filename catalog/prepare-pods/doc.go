// Package preparepods is the function prepare-pods: of the pods of a backup
// those are restored that have something to restore, free of what held them in
// the old cluster.
//
// [Config] turns parts of it off. README.md says what counts as something to
// restore.
package preparepods
