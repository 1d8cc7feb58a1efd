package podspec

import (
	"slices"

	"github.com/velero-krm/velero-krm/fn"
)

// Location is where a kind keeps its pods.
type Location struct {
	// Template is the path of the mapping that has metadata and spec of the
	// pods; empty for a Pod, which is that mapping itself.
	Template []string
	// Spec is the path of the pod spec.
	Spec []string
	// Outer is the path of a template around Template that has metadata of its
	// own: the Job in a CronJob. nil for all other kinds.
	Outer []string
	// Selector is the path of the selector that must match the template's
	// labels; nil for kinds whose selector is not theirs to keep.
	Selector []string
}

// Paths returns where a kind keeps its pods, and whether it has any. Versions
// do not matter: no version of these kinds differs. The result must not be
// changed.
func Paths(group, kind string) (Location, bool) {
	switch group {
	case "":
		switch kind {
		case "Pod":
			return Location{Spec: []string{"spec"}}, true
		case "PodTemplate":
			return Location{Template: []string{"template"}, Spec: []string{"template", "spec"}}, true
		case "ReplicationController":
			return workload(), true
		}
	case "apps", "extensions":
		// Deployments, DaemonSets and ReplicaSets of old backups are in
		// extensions/v1beta1.
		switch kind {
		case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet":
			return workload(), true
		}
	case "batch":
		return batch(kind)
	case "apps.openshift.io":
		if kind == "DeploymentConfig" {
			return workload(), true
		}
	}
	return Location{}, false
}

func workload() Location {
	return Location{
		Template: []string{"spec", "template"},
		Spec:     []string{"spec", "template", "spec"},
		Selector: []string{"spec", "selector"},
	}
}

func batch(kind string) (Location, bool) {
	switch kind {
	case "Job":
		return workload(), true
	case "CronJob":
		return Location{
			Template: []string{"spec", "jobTemplate", "spec", "template"},
			Spec:     []string{"spec", "jobTemplate", "spec", "template", "spec"},
			Outer:    []string{"spec", "jobTemplate"},
			Selector: []string{"spec", "jobTemplate", "spec", "selector"},
		}, true
	}
	return Location{}, false
}

// Has reports whether the object is of a kind with pods. It decodes nothing.
func Has(o *fn.Object) bool {
	id := o.Identity()
	_, ok := Paths(id.Group(), id.Kind)
	return ok
}

// Of returns the pod spec of an object, and false when its kind has none or
// the field is absent or no mapping.
func Of(o *fn.Object) (fn.Node, bool) {
	id := o.Identity()
	l, ok := Paths(id.Group(), id.Kind)
	if !ok {
		return fn.Node{}, false
	}
	return o.Node(l.Spec...)
}

// Templates returns the mappings with metadata for pods that the object would
// create, outermost first: the pod template, before it for a CronJob the job
// template. A Pod has none.
func Templates(o *fn.Object) []fn.Node {
	id := o.Identity()
	l, ok := Paths(id.Group(), id.Kind)
	if !ok || l.Template == nil {
		return nil
	}
	var nodes []fn.Node
	for _, path := range [][]string{l.Outer, l.Template} {
		if path == nil {
			continue
		}
		if n, ok := o.Node(path...); ok {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// Containers returns the containers, init containers and ephemeral containers
// of a pod spec, in that order.
func Containers(spec fn.Node) []fn.Node {
	return slices.Concat(spec.Nodes("containers"), spec.Nodes("initContainers"), spec.Nodes("ephemeralContainers"))
}

// Images returns what names an image in a pod spec: the containers and the
// image volumes.
func Images(spec fn.Node) []Image {
	var images []Image
	for _, c := range Containers(spec) {
		images = append(images, Image{Node: c, key: containerKey})
	}
	for _, v := range spec.Nodes("volumes") {
		if n, ok := v.Node("image"); ok {
			images = append(images, Image{Node: n, key: volumeKey})
		}
	}
	return images
}

const (
	containerKey = "image"
	// Image volumes came with Kubernetes 1.31: volumes[*].image.reference.
	volumeKey = "reference"
)

// Image is one place that names an image.
type Image struct {
	// Node is the container, or the image volume's source.
	Node fn.Node
	key  string
}

// Ref returns the name of the image, and false when it is absent or no string.
func (i Image) Ref() (string, bool) { return i.Node.GetString(i.key) }

// SetRef replaces the name of the image.
func (i Image) SetRef(ref string) error { return i.Node.Set(ref, i.key) }

// Path returns where the name is in the object.
func (i Image) Path() string { return i.Node.Path(i.key) }
