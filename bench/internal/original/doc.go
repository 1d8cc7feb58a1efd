// Package original runs one KRM function the way the original runner library
// does, as a stand-in to measure against.
//
// It is written from a description of that library, not copied from it, and
// does the same work in the same order for every call of [Execute], which a
// Velero plugin makes once per object: JSON to YAML; a ConfigMap functionConfig
// built with kyaml whose annotation names the executable; a temporary directory
// for results; kyaml's runfn.RunFns with exec enabled, which starts the
// executable; the output read and written once more by kyaml to clear its
// annotations, split at "---", each part turned from YAML to JSON and into an
// unstructured object; the files of the results directory read.
//
// Only what costs no time is left out: the defects in reporting errors.
package original
