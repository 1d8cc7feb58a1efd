package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
)

// maxMeant bounds how many apiVersions a suggestion lists.
const maxMeant = 3

// Meant suggests what the selectors of a step that matched none of items were
// most likely meant to be: the nearest kind, apiVersion, namespace or name of
// objects that have all else that a selector asks for. It is a text such as
// `did you mean kind "CronJob"?`, empty when nothing is near or no step has the
// name, which is that of [StepReport].
func (p *Program) Meant(name string, items []*krm.Item) string {
	for _, s := range slices.Concat(p.mutators, p.validators) {
		if s.name != name {
			continue
		}
		for _, selector := range s.spec.Selectors {
			if meant := selector.meant(items); meant != "" {
				return meant
			}
		}
	}
	return ""
}

// selectorField is one field of a selector.
type selectorField struct {
	name string
	of   func(s *Selector) *string
	in   func(id krm.Identity) string
}

// selectorFields are those whose value may be a misspelt one, the likeliest
// first.
func selectorFields() []selectorField {
	return []selectorField{
		{"kind", func(s *Selector) *string { return &s.Kind }, func(id krm.Identity) string { return id.Kind }},
		{"apiVersion", func(s *Selector) *string { return &s.APIVersion }, func(id krm.Identity) string { return id.APIVersion }},
		{"namespace", func(s *Selector) *string { return &s.Namespace }, func(id krm.Identity) string { return id.Namespace }},
		{"name", func(s *Selector) *string { return &s.Name }, func(id krm.Identity) string { return id.Name }},
	}
}

func (s Selector) meant(items []*krm.Item) string {
	for _, f := range selectorFields() {
		value := *f.of(&s)
		if value == "" {
			continue
		}
		wider := s
		*f.of(&wider) = ""
		there := valuesOf(items, wider, f)
		if near := nearest(value, there); near != "" {
			return fmt.Sprintf("did you mean %s %q?", f.name, near)
		}
		if f.name == "apiVersion" && s.Kind != "" && len(there) > 0 {
			return fmt.Sprintf("the apiVersion of %s is %s here", s.Kind, strings.Join(there[:min(len(there), maxMeant)], " or "))
		}
	}
	return s.meantKind(items)
}

// meantKind is for a selector of which both kind and apiVersion are wrong.
func (s Selector) meantKind(items []*krm.Item) string {
	if s.Kind == "" || s.APIVersion == "" {
		return ""
	}
	kind, version := selectorFields()[0], selectorFields()[1]
	wider := s
	wider.Kind, wider.APIVersion = "", ""
	near := nearest(s.Kind, valuesOf(items, wider, kind))
	if near == "" {
		return ""
	}
	wider.Kind = near
	return fmt.Sprintf("did you mean kind %q, apiVersion %q?", near, valuesOf(items, wider, version)[0])
}

// valuesOf returns the values that a field has in the items that s matches,
// sorted, each once.
func valuesOf(items []*krm.Item, s Selector, f selectorField) []string {
	var values []string
	seen := map[string]bool{}
	for _, it := range items {
		if value := f.in(it.Identity()); value != "" && !seen[value] && s.Matches(it) {
			seen[value] = true
			values = append(values, value)
		}
	}
	slices.Sort(values)
	return values
}
