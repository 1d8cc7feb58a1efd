// Package renames compares the function rename of the catalogue with the Go
// types of the Kubernetes API, which the module of the catalogue does not
// import: no field that names an object may be forgotten. It has nothing but
// tests.
package renames
