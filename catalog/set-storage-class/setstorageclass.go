package setstorageclass

import (
	"context"

	"github.com/velero-krm/velero-krm/catalog/internal/mapping"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/podspec"
)

// betaAnnotation named the class before Kubernetes 1.6; where it is there it
// still goes before the field.
const betaAnnotation = "volume.beta.kubernetes.io/storage-class"

// Config of the function.
type Config struct {
	// Mappings from old to new classes.
	Mappings map[string]string `json:"mappings" required:"true" doc:"new storage class for each old one; the key * stands for every class not named"`
}

// Validate checks that running the function again moves no class twice.
func (c *Config) Validate() error { return mapping.Check("mappings", c.Mappings) }

// Function returns the function.
func Function() fn.Function {
	return fn.New("set-storage-class", "Moves volumes, claims and claim templates from one storage class to another.", transform, fn.Describe(fn.About{Kinds: []string{"PersistentVolumeClaim", "PersistentVolume", fn.PodTemplates}}), fn.Says(mapping.Sayings("storage classes")...))
}

func transform(_ context.Context, c Config, list *fn.List) error {
	classes := mapping.New(c.Mappings)
	for o := range list.All() {
		for _, n := range claims(o) {
			for _, path := range [][]string{{"spec", "storageClassName"}, {"metadata", "annotations", betaAnnotation}} {
				if _, err := classes.Move(n, path...); err != nil {
					list.Fail(o, err)
				}
			}
		}
	}
	classes.Report(list, "storage classes")
	return nil
}

// claims returns the mappings in an object that have metadata and spec of a
// volume or a claim.
func claims(o *fn.Object) []fn.Node {
	if o.Is("", "PersistentVolumeClaim") || o.Is("", "PersistentVolume") {
		return []fn.Node{o.Root()}
	}
	var nodes []fn.Node
	if o.Is("apps", "StatefulSet") {
		nodes = o.Nodes("spec", "volumeClaimTemplates")
	}
	if !podspec.Has(o) {
		return nodes
	}
	spec, ok := podspec.Of(o)
	if !ok {
		return nodes
	}
	for _, v := range spec.Nodes("volumes") {
		if n, ok := v.Node("ephemeral", "volumeClaimTemplate"); ok {
			nodes = append(nodes, n)
		}
	}
	return nodes
}
