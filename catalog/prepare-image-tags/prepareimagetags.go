package prepareimagetags

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function.
type Config struct {
	Registry string `json:"registry" doc:"host of the old cluster's internal registry; default the object's annotation openshift.io/backup-registry-hostname"`
}

// Validate checks the host.
func (c *Config) Validate() error {
	if strings.ContainsAny(c.Registry, "/@ \t\r\n") {
		return fn.Invalid("registry", "is no host of a registry", "as image-registry.openshift-image-registry.svc:5000")
	}
	return nil
}

// backupRegistry is set on backup by openshift-velero-plugin or note-cluster.
const backupRegistry = "openshift.io/backup-registry-hostname"

// Set on backup by openshift-velero-plugin or relate-image-tags: the tag that a
// tag was made from.
const (
	relatedTag       = "migration.openshift.io/related-istag"
	relatedNamespace = "migration.openshift.io/related-istag-ns"
)

// Function returns the function.
func Function() fn.Function {
	return fn.New("prepare-image-tags", "Drops ImageStreamTags that the import of their images makes, and frees those that refer to others of old annotations; the step needs allow: [Delete].", transform, fn.Describe(fn.About{
		Kinds:           []string{"ImageStreamTag.image.openshift.io"},
		AdditionalItems: []string{"imagestreamtags.image.openshift.io"},
		Phases:          []string{fn.Restore},
		Needs:           fn.Needs{Delete: fn.Always, Context: "when it runs after map-namespaces"},
	}), fn.Says(said))
}

// said is what it says when it is done.
const said = "dropped local image stream tags: %d"

func transform(_ context.Context, c Config, list *fn.List) error {
	run, _ := runcontext.Of(list)
	namespaces := run.NamespaceMapping()
	dropped := 0
	for o := range list.Of("image.openshift.io", "ImageStreamTag") {
		refers := isReference(o, namespaces)
		if !refers && c.isLocal(o) {
			list.Drop(o)
			dropped++
			continue
		}
		// They were copied from what the tag comes from, which may have others
		// in the new cluster.
		if o.Has("tag", "from") {
			o.Remove("tag", "annotations")
		}
		requestRelated(list, o)
	}
	if dropped > 0 {
		list.Report(krm.Result{Severity: krm.Info, Message: fmt.Sprintf(said, dropped)})
	}
	return nil
}

// requestRelated asks for the tag that o was made from, if it is noted, to be
// restored before it.
func requestRelated(list *fn.List, o *fn.Object) {
	name, _ := o.GetString("metadata", "annotations", relatedTag)
	namespace, _ := o.GetString("metadata", "annotations", relatedNamespace)
	related := krm.AdditionalItem{
		Group: "image.openshift.io", Resource: "imagestreamtags",
		Namespace: cmp.Or(namespace, o.Identity().Namespace), Name: name,
	}
	// Anybody can write an annotation: one that names no tag is none of a backup's.
	if related.Namespace != "" && related.Check() == nil {
		list.RequestItems(o, related)
	}
}

// isReference reports whether a tag comes from something else than an image of
// its own stream: one that was tagged from an image of its own namespace only
// says which image it was.
func isReference(o *fn.Object, namespaces map[string]string) bool {
	from, ok := o.Node("tag", "from")
	if !ok {
		return false
	}
	if kind, _ := from.GetString("kind"); kind != "ImageStreamImage" {
		return true
	}
	own := o.Identity().Namespace
	namespace, _ := from.GetString("namespace")
	// map-namespaces may have run before.
	return namespace != "" && namespace != own && namespace != namespaces[own]
}

// isLocal reports whether the image is in the internal registry, from where
// openshift-velero-plugin copies it.
func (c Config) isLocal(o *fn.Object) bool {
	annotated, _ := o.Annotation(backupRegistry)
	registry := cmp.Or(c.Registry, annotated)
	ref, _ := o.GetString("image", "dockerImageReference")
	host, _, ok := strings.Cut(ref, "/")
	return ok && registry != "" && host == registry
}
