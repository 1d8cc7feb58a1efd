// Package setstorageclass is the function set-storage-class: it gives volumes
// and claims the storage classes of another cluster.
//
// [Config] maps old classes to new ones. Which kinds and fields are meant is
// in README.md.
package setstorageclass
