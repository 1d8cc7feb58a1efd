// Package service is the function service: it drops the external addresses
// that the old cluster gave to Services of type LoadBalancer.
//
// Its config is none. Only Service of the core group is touched; what else it
// leaves alone is in README.md.
package service
