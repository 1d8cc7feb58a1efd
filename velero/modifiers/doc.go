// Package modifiers compares the function resource-modifiers of the catalogue
// with the libraries that Velero applies resource modifiers with, which the
// module of the catalogue does not import. It has nothing but tests.
package modifiers
