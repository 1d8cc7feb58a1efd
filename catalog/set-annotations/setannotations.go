package setannotations

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/velero-krm/velero-krm/catalog/internal/syntax"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/podspec"
)

// Config of the function.
type Config struct {
	// Annotations to set; others stay.
	Annotations map[string]string `json:"annotations" required:"true" doc:"annotations to set; others stay"`
	// IncludeTemplates sets them on pod templates, too.
	IncludeTemplates bool `json:"includeTemplates" doc:"also set them on pod templates and job templates; default false"`
}

// Validate checks the keys and the size as the API server does.
func (c *Config) Validate() error {
	var errs []error
	size := 0
	for _, key := range slices.Sorted(maps.Keys(c.Annotations)) {
		size += len(key) + len(c.Annotations[key])
		at := fn.FieldPath("annotations", key)
		if !syntax.AnnotationKey(key) {
			errs = append(errs, fn.Invalid(at, "is not an annotation key", "an optional DNS name and '/', then up to 63 letters, digits, '-', '_' and '.'"))
		}
		if syntax.Reserved(key) {
			errs = append(errs, fn.Invalid(at, "belongs to the orchestrator that runs the function", "choose another key"))
		}
	}
	if size > syntax.MaxAnnotations {
		errs = append(errs, fn.Invalid("annotations", "are larger than the 256 KiB that one object may have", "keep large values in a ConfigMap"))
	}
	return errors.Join(errs...)
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("set-annotations", "Sets annotations on every object and, if asked, on pod templates.", transform, fn.Describe(fn.About{Kinds: []string{fn.AnyKind}}))
}

func transform(_ context.Context, c Config, list *fn.List) error {
	keys := slices.Sorted(maps.Keys(c.Annotations))
	for o := range list.All() {
		nodes := []fn.Node{o.Root()}
		if c.IncludeTemplates {
			nodes = append(nodes, podspec.Templates(o)...)
		}
		for _, n := range nodes {
			if err := set(n, keys, c.Annotations); err != nil {
				list.Fail(o, err)
				break
			}
		}
	}
	return nil
}

func set(n fn.Node, keys []string, annotations map[string]string) error {
	for _, key := range keys {
		if err := n.Set(annotations[key], "metadata", "annotations", key); err != nil {
			return err
		}
	}
	return nil
}
