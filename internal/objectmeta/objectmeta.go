// Package objectmeta knows where in an object, but at its root, metadata is that
// of an object of Kubernetes: there its labels and annotations are maps of texts.
// A field that is called metadata elsewhere may be anything.
package objectmeta

// Below reports whether the mapping at a key, or with element each element of
// the list there, is made into an object or is one, and so has such metadata:
// templates of pods, jobs and claims, and the objects of an OpenShift Template.
func Below(key string, element bool) bool {
	if element {
		return key == "volumeClaimTemplates" || key == "templates" || key == "objects"
	}
	return key == "template" || key == "jobTemplate" || key == "podTemplate" || key == "volumeClaimTemplate"
}
