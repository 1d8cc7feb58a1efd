// Package includes compares what functions of the catalogue know of Velero's
// lists of included and excluded names with Velero's own lists, which the module
// of the catalogue does not import. It has nothing but tests.
package includes
