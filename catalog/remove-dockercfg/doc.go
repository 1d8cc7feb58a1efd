// Package removedockercfg is the function remove-dockercfg: ServiceAccounts no
// longer name the registry credentials that the old cluster generated.
//
// Its config is none. Which entries count as generated is in README.md.
package removedockercfg
