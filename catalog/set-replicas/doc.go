// Package setreplicas is the function set-replicas: it sets how many pods
// workloads run, and can note how many there were.
//
// [Config] says the number. What happens to the replica sets that a Deployment
// made is in README.md.
package setreplicas
