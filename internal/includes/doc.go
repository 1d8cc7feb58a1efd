// Package includes tells what Velero's lists of included and excluded names
// choose, as those of namespaces in a hook: [New] reads the lists, [Set.Has]
// asks.
//
// It needs nothing but the standard library, so that functions of the catalogue
// can use it. The module velero compares it with Velero's own
// (velero/includes).
package includes
