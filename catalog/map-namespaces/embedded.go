package mapnamespaces

import (
	"github.com/velero-krm/velero-krm/internal/jsontext"
	"github.com/velero-krm/velero-krm/krm"
)

// embedded is what a mapping within an object has of an object itself, as those
// in an OpenShift Template are.
type embedded struct {
	apiVersion          string
	hasVersion, hasKind bool
	refersTo            bool
}

// see looks at a key and, without going on, at its value.
func (e *embedded) see(key string, value jsontext.Reader) {
	if key != "apiVersion" && key != "kind" && key != "name" || value.Kind() != '"' {
		return
	}
	switch key {
	case "apiVersion":
		e.apiVersion, e.hasVersion = jsontext.Decode(value.Text()), true
	case "kind":
		e.hasKind = true
	case "name":
		// An object has its name in metadata.
		e.refersTo = true
	}
}

// foreign reports whether it is an object of a kind that is not known, and no
// reference to one: what that means by a namespace is not known either.
func (e *embedded) foreign() bool {
	return e.hasVersion && e.hasKind && !e.refersTo && !isKnown(krm.Identity{APIVersion: e.apiVersion})
}

// forgetKind makes places of texts what they are without knowledge of the kind.
func forgetKind(hits []hit) {
	for i := range hits {
		if hits[i].byKind {
			hits[i].place, hits[i].byKind = loose, false
		}
	}
}
