package drop

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/catalog/internal/glob"
	"github.com/velero-krm/velero-krm/catalog/internal/syntax"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function.
type Config struct {
	Selectors []Selector `json:"selectors" required:"true" doc:"what to drop: objects that one of them matches"`
	Except    []Selector `json:"except" doc:"what stays though one of selectors matches it"`
}

// Selector matches objects that have all it names. Texts are patterns.
type Selector struct {
	Group       *glob.Pattern           `json:"group" doc:"API group, as apps or *.openshift.io; core for the core group"`
	Kind        *glob.Pattern           `json:"kind" doc:"kind, as Build"`
	Type        *glob.Pattern           `json:"type" doc:"type of a Secret, as helm.sh/release.v1; matches Secrets alone"`
	Namespace   *glob.Pattern           `json:"namespace" doc:"namespace"`
	Name        *glob.Pattern           `json:"name" doc:"name, as builder-dockercfg-*"`
	Labels      map[string]glob.Pattern `json:"labels" doc:"labels with their values; * for any value"`
	Annotations map[string]glob.Pattern `json:"annotations" doc:"annotations with their values; * for any value"`
	OwnedBy     *glob.Pattern           `json:"ownedBy" doc:"kind of an owner in metadata.ownerReferences, as CronJob; * for any"`
}

// Validate refuses selectors that match everything, and keys that no object
// can have.
func (c *Config) Validate() error {
	var errs []error
	for field, selectors := range map[string][]Selector{"selectors": c.Selectors, "except": c.Except} {
		for i, s := range selectors {
			at := fn.FieldPath(field, i)
			if s.empty() {
				errs = append(errs, fn.Invalid(at, "matches everything", "name something of the objects that are meant"))
			}
			errs = append(errs, s.never(at)...)
			for _, key := range slices.Sorted(maps.Keys(s.Labels)) {
				if !syntax.Key(key) {
					errs = append(errs, fn.Invalid(at+".labels", "has a key that is no label key", ""))
				}
			}
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// never finds what no object has: a selector with it would drop nothing and say
// nothing.
func (s Selector) never(at string) []error {
	var errs []error
	if s.Kind != nil {
		if known, ok := miswritten(s.Kind, s.Group); ok {
			errs = append(errs, fn.Invalid(at+".kind", lowerCase, "write it as the objects do: "+known+". If a custom resource has such a kind, name its group"))
		}
	}
	if s.OwnedBy != nil {
		if known, ok := miswritten(s.OwnedBy, nil); ok {
			errs = append(errs, fn.Invalid(at+".ownedBy", lowerCase, "write it as the objects do: "+known))
		}
	}
	if s.Type == nil {
		return errs
	}
	if s.Kind != nil && !s.Kind.Match(secretKind) || s.Group != nil && !s.Group.Match(coreGroup) {
		errs = append(errs, fn.Invalid(at+".type", "matches nothing: only Secrets have a type", "remove it, or write kind: Secret"))
	}
	return errs
}

const lowerCase = "is a kind of Kubernetes or OpenShift in lower case, which no object has"

// secretKind has a type.
const secretKind = "Secret"

func (s Selector) empty() bool {
	for _, p := range []*glob.Pattern{s.Group, s.Kind, s.Type, s.Namespace, s.Name, s.OwnedBy} {
		if p != nil && strings.Trim(p.String(), "*") != "" {
			return false
		}
	}
	// A label of any value is a choice, too; so is any owner.
	return len(s.Labels) == 0 && len(s.Annotations) == 0 && s.OwnedBy == nil
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("drop", "Takes objects out, by kind, name, type of Secret, labels, annotations or owner; the step needs allow: [Delete].", transform, fn.Describe(fn.About{
		Kinds:        []string{fn.AnyKind},
		Needs:        fn.Needs{Delete: fn.Always},
		Irreversible: "On backup: what is dropped is not in it, and no restore brings it back.",
	}), fn.Says(said))
}

// said is what it says when it is done.
const said = "dropped %s: %d"

func transform(_ context.Context, c Config, list *fn.List) error {
	dropped := map[string]int{}
	for o := range list.All() {
		if !matchesAny(c.Selectors, o) || matchesAny(c.Except, o) {
			continue
		}
		list.Drop(o)
		dropped[kindOf(o)]++
	}
	for _, kind := range slices.Sorted(maps.Keys(dropped)) {
		list.Report(krm.Result{Severity: krm.Info, Message: fmt.Sprintf(said, kind, dropped[kind])})
	}
	return nil
}

func kindOf(o *fn.Object) string {
	id := o.Identity()
	if group := id.Group(); group != "" {
		return id.Kind + "." + group
	}
	return id.Kind
}

func matchesAny(selectors []Selector, o *fn.Object) bool {
	return slices.ContainsFunc(selectors, func(s Selector) bool { return s.matches(o) })
}

// coreGroup is how a selector says the empty group, for which there is no
// pattern.
const coreGroup = "core"

// matches looks first at what needs no decoding.
func (s Selector) matches(o *fn.Object) bool {
	id := o.Identity()
	group := id.Group()
	if group == "" {
		group = coreGroup
	}
	if !matches(s.Group, group) || !matches(s.Kind, id.Kind) || !matches(s.Namespace, id.Namespace) || !matches(s.Name, id.Name) {
		return false
	}
	if s.Type != nil && !isOfType(o, *s.Type) {
		return false
	}
	for key, p := range s.Annotations {
		if value, ok := o.Annotation(key); !ok || !p.Match(value) {
			return false
		}
	}
	for key, p := range s.Labels {
		if value, ok := o.GetString("metadata", "labels", key); !ok || !p.Match(value) {
			return false
		}
	}
	return s.OwnedBy == nil || ownedBy(o, *s.OwnedBy)
}

// isOfType reports whether it is a Secret of the type. One without is Opaque, as
// the API server reads it.
func isOfType(o *fn.Object, p glob.Pattern) bool {
	if id := o.Identity(); id.Kind != secretKind || id.Group() != "" {
		return false
	}
	if !o.Has("type") {
		return p.Match("Opaque")
	}
	kind, ok := o.GetString("type")
	return ok && p.Match(kind)
}

func matches(p *glob.Pattern, text string) bool { return p == nil || p.Match(text) }

func ownedBy(o *fn.Object, p glob.Pattern) bool {
	return slices.ContainsFunc(o.Nodes("metadata", "ownerReferences"), func(owner fn.Node) bool {
		kind, ok := owner.GetString("kind")
		return ok && p.Match(kind)
	})
}
