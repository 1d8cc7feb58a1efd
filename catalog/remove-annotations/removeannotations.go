package removeannotations

import (
	"context"
	"errors"

	"github.com/velero-krm/velero-krm/catalog/internal/glob"
	"github.com/velero-krm/velero-krm/catalog/internal/syntax"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/podspec"
)

// Config of the function.
type Config struct {
	// Keys of the annotations to remove, exact or patterns.
	Keys []glob.Pattern `json:"keys" required:"true" doc:"keys of the annotations to remove; * stands for any characters, ? for one, as example.com/*"`
	// Except are keys that stay though Keys has them.
	Except []glob.Pattern `json:"except" doc:"keys that stay though one of keys matches them; patterns as in keys"`
	// IncludeTemplates removes them from pod templates, too.
	IncludeTemplates bool `json:"includeTemplates" doc:"also remove them from pod templates and job templates; default false"`
}

// Validate refuses keys that only name what the function never removes.
func (c *Config) Validate() error {
	var errs []error
	for i, p := range c.Keys {
		if syntax.Reserved(p.String()) {
			errs = append(errs, fn.Invalid(fn.FieldPath("keys", i), "belongs to the orchestrator that runs the function", "remove this key from the list"))
		}
	}
	return errors.Join(errs...)
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("remove-annotations", "Removes annotations by key or pattern from every object and, if asked, from pod templates.", transform, fn.Describe(fn.About{Kinds: []string{fn.AnyKind}}))
}

func transform(_ context.Context, c Config, list *fn.List) error {
	for o := range list.All() {
		c.remove(o.Root())
		if !c.IncludeTemplates {
			continue
		}
		for _, n := range podspec.Templates(o) {
			c.remove(n)
		}
	}
	return nil
}

func (c Config) remove(n fn.Node) {
	annotations, ok := n.Node("metadata", "annotations")
	if !ok {
		return
	}
	for _, key := range annotations.Keys() {
		if glob.Any(c.Keys, key) && !glob.Any(c.Except, key) && !syntax.Reserved(key) {
			annotations.Remove(key)
		}
	}
}
