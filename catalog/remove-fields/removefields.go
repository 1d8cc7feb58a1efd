package removefields

import (
	"context"
	"errors"

	"github.com/velero-krm/velero-krm/fn"
)

// Config of the function.
type Config struct {
	// Paths of the fields to remove, as fn.Path reads them.
	Paths []fn.Path `json:"paths" required:"true" doc:"fields to remove, as spec.nodeName or metadata.annotations[\"example.com/a\"]; [*] stands for every element or key, [name=web] for the elements with that name"`
}

// identity are the fields without which an object is not the same one, and
// cannot be told from another.
var identity = [...][]string{{"apiVersion"}, {"kind"}, {"metadata", "name"}, {"metadata", "namespace"}}

// Validate refuses paths that could take away an object's identity, and those
// that remove something else when run again.
func (c *Config) Validate() error {
	var errs []error
	for i, p := range c.Paths {
		at := fn.FieldPath("paths", i)
		for _, keys := range identity {
			if p.Reaches(keys...) {
				errs = append(errs, fn.Invalid(at, "would remove what identifies the object: apiVersion, kind, metadata.name or metadata.namespace", "name the fields one by one"))
				break
			}
		}
		if p.EndsInIndex() {
			errs = append(errs, fn.Invalid(at, "would remove another element each time it runs", "use [*] or [name=value]"))
		}
	}
	return errors.Join(errs...)
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("remove-fields", "Removes the fields at the given paths from every object that has them.", transform, fn.Describe(fn.About{Kinds: []string{fn.AnyKind}}))
}

func transform(_ context.Context, c Config, list *fn.List) error {
	for o := range list.All() {
		for _, p := range c.Paths {
			o.RemoveAt(p)
		}
	}
	return nil
}
