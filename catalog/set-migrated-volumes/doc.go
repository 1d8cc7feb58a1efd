// Package setmigratedvolumes is the function set-migrated-volumes: volumes and
// claims that a migration copies get the storage class that the migration chose
// for them.
//
// Its config is none; the annotations of the objects and the run's context say
// what to do. README.md lists them.
package setmigratedvolumes
