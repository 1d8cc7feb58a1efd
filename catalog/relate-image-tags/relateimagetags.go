package relateimagetags

import (
	"cmp"
	"context"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
)

// What openshift-velero-plugin reads on restore.
const (
	tagAnnotation       = "migration.openshift.io/related-istag"
	namespaceAnnotation = "migration.openshift.io/related-istag-ns"
)

// Function returns the function.
func Function() fn.Function {
	return fn.New("relate-image-tags", "Notes on ImageStreamTags which other tag they were made from; needs scope: List.", transform, fn.Describe(fn.About{
		Kinds:  []string{"ImageStreamTag.image.openshift.io"},
		Phases: []string{fn.Backup},
		Needs:  fn.Needs{List: fn.Always},
	}))
}

func transform(_ context.Context, _ fn.NoConfig, list *fn.List) error {
	known := newTags()
	for o := range list.Of("image.openshift.io", "ImageStreamTag") {
		known.add(o)
	}
	for o := range list.Of("image.openshift.io", "ImageStreamTag") {
		if err := note(o, known.related(o)); err != nil {
			list.Fail(o, err)
		}
	}
	return nil
}

// tag is the name of an ImageStreamTag, or of an image in a namespace.
type tag struct{ namespace, name string }

// tags are those of the list.
type tags struct {
	names map[tag]bool
	// images has the tag of each image that was pushed or imported: by
	// namespace and digest, the first by name.
	images map[tag]string
}

func newTags() tags { return tags{names: map[tag]bool{}, images: map[tag]string{}} }

func (ts tags) add(o *fn.Object) {
	id := o.Identity()
	ts.names[tag{id.Namespace, id.Name}] = true
	if digest, ok := o.GetString("image", "metadata", "name"); ok && isOriginal(o) {
		at := tag{id.Namespace, digest}
		if first, ok := ts.images[at]; !ok || id.Name < first {
			ts.images[at] = id.Name
		}
	}
}

// isOriginal reports whether a tag comes from a push or from another registry,
// and not from a tag.
func isOriginal(o *fn.Object) bool {
	spec, ok := o.Node("tag")
	if !ok {
		return true
	}
	kind, _ := spec.GetString("from", "kind")
	return kind == "DockerImage"
}

// related returns the tag that o was made from; the zero tag when there is none
// in the list.
func (ts tags) related(o *fn.Object) tag {
	from, ok := o.Node("tag", "from")
	if !ok {
		return tag{}
	}
	kind, _ := from.GetString("kind")
	name, _ := from.GetString("name")
	namespace, _ := from.GetString("namespace")
	namespace = cmp.Or(namespace, o.Identity().Namespace)
	switch kind {
	case "ImageStreamTag":
		if ts.names[tag{namespace, name}] {
			return tag{namespace, name}
		}
	case "ImageStreamImage":
		_, digest, _ := strings.Cut(name, "@")
		if first := ts.images[tag{namespace, digest}]; digest != "" && first != "" {
			return tag{namespace, first}
		}
	}
	return tag{}
}

// note sets both annotations, or removes those of an earlier migration.
func note(o *fn.Object, to tag) error {
	if to == (tag{}) {
		o.Remove("metadata", "annotations", tagAnnotation)
		o.Remove("metadata", "annotations", namespaceAnnotation)
		return nil
	}
	if err := o.Set(to.name, "metadata", "annotations", tagAnnotation); err != nil {
		return err
	}
	return o.Set(to.namespace, "metadata", "annotations", namespaceAnnotation)
}
