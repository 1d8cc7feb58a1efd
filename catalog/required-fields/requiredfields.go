package requiredfields

import (
	"context"

	"github.com/velero-krm/velero-krm/catalog/internal/glob"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function.
type Config struct {
	Rules []Rule `json:"rules" required:"true" doc:"which fields objects of which kinds must have"`
}

// Rule names fields of some kinds.
type Rule struct {
	Group *glob.Pattern `json:"group" doc:"API group, a pattern; core for the core group; default any"`
	Kind  *glob.Pattern `json:"kind" doc:"kind, a pattern; default any"`
	Paths []fn.Path     `json:"paths" required:"true" doc:"fields that must be there, as spec.template.spec.containers[*].image"`
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("required-fields", "Fails every object that lacks one of the fields that its kind must have; changes nothing.", transform, fn.Describe(fn.About{Validates: true}))
}

func transform(_ context.Context, c Config, list *fn.List) error {
	for o := range list.All() {
		told := map[string]bool{}
		for _, r := range c.Rules {
			if !r.concerns(o.Identity()) {
				continue
			}
			for _, p := range r.Paths {
				for _, at := range o.Missing(p) {
					if !told[at] {
						told[at] = true
						list.ReportOn(o, krm.Error, at, "required field is missing")
					}
				}
			}
		}
	}
	return nil
}

// concerns reports whether the rule is for objects of that kind.
func (r Rule) concerns(id krm.Identity) bool {
	group := id.Group()
	if group == "" {
		group = "core"
	}
	return (r.Group == nil || r.Group.Match(group)) && (r.Kind == nil || r.Kind.Match(id.Kind))
}
