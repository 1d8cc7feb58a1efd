package pipeline

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
)

// Matches reports whether it has all that the selector asks for. The empty
// selector matches everything.
func (s Selector) Matches(it *krm.Item) bool {
	id := it.Identity()
	if s.APIVersion != "" && s.APIVersion != id.APIVersion ||
		s.Kind != "" && s.Kind != id.Kind ||
		s.Name != "" && s.Name != id.Name ||
		s.Namespace != "" && s.Namespace != id.Namespace {
		return false
	}
	for key, want := range s.Annotations {
		if got, ok := it.Annotation(key); !ok || got != want {
			return false
		}
	}
	return len(s.Labels) == 0 || hasLabels(it, s.Labels)
}

func hasLabels(it *krm.Item, want map[string]string) bool {
	metadata, _ := it.Object()["metadata"].(map[string]any)
	labels, _ := metadata["labels"].(map[string]any)
	for key, value := range want {
		if got, ok := labels[key].(string); !ok || got != value {
			return false
		}
	}
	return true
}

// selected reports whether the step s takes it: any selector, or none given,
// and no exclude.
func selected(it *krm.Item, selectors, exclude []Selector) bool {
	return (len(selectors) == 0 || matchesAny(it, selectors)) && !matchesAny(it, exclude)
}

func matchesAny(it *krm.Item, selectors []Selector) bool {
	for _, s := range selectors {
		if s.Matches(it) {
			return true
		}
	}
	return false
}

// covers reports whether whatever other matches, s matches too.
func (s Selector) covers(other Selector) bool {
	field := func(s, other string) bool { return s == "" || s == other }
	return field(s.APIVersion, other.APIVersion) && field(s.Kind, other.Kind) &&
		field(s.Name, other.Name) && field(s.Namespace, other.Namespace) &&
		subset(s.Labels, other.Labels) && subset(s.Annotations, other.Annotations)
}

func subset(small, large map[string]string) bool {
	for key, value := range small {
		if got, ok := large[key]; !ok || got != value {
			return false
		}
	}
	return true
}

// empty reports whether the selector matches everything.
func (s Selector) empty() bool { return s.covers(Selector{}) }

const exactHint = "selectors match exactly: no patterns, no lists"

var (
	kindSyntax       = regexp.MustCompile(`^[A-Za-z][-A-Za-z0-9]*$`)
	apiVersionSyntax = regexp.MustCompile(`^(v1|[a-z0-9][-a-z0-9.]*/[a-z0-9][-a-z0-9]*)$`)
	namespaceSyntax  = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	// pathSegment is the widest syntax of a name: roles may hold ":" and capitals.
	pathSegment = regexp.MustCompile(`^[^/%*\s]+$`)
	labelSyntax = regexp.MustCompile(`^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$`)
)

// selection finds selectors that cannot do what their author meant.
func (c *checker) selection(s *Step, path string) {
	for i, sel := range s.Selectors {
		p := fmt.Sprintf("%s.selectors[%d]", path, i)
		if sel.empty() && !c.told(p) {
			c.add(p, "an empty selector matches everything", "remove it; a step without selectors gets all objects")
		}
		c.selector(sel, p)
	}
	for i, sel := range s.Exclude {
		p := fmt.Sprintf("%s.exclude[%d]", path, i)
		if sel.empty() && !c.told(p) {
			c.add(p, "an empty exclude takes everything out, so that the step never runs", "remove it, or say what to exclude")
		}
		c.selector(sel, p)
	}
	c.coverage(s, path)
}

// coverage reports a step none of whose selectors leaves anything over.
func (c *checker) coverage(s *Step, path string) {
	if len(s.Selectors) == 0 || c.told(path+".exclude") || c.told(path+".selectors") {
		return
	}
	for _, sel := range s.Selectors {
		covered := false
		for _, ex := range s.Exclude {
			covered = covered || ex.covers(sel)
		}
		if !covered {
			return
		}
	}
	c.add(path+".exclude", "takes out all that the selectors match, so that the step never runs", "narrow it, or remove the step")
}

// selector checks the syntax of each field: one that no object can have means
// a selector that silently never matches.
func (c *checker) selector(s Selector, path string) {
	if s.APIVersion != "" && !apiVersionSyntax.MatchString(s.APIVersion) {
		hint := "write group/version as apps/v1, or v1 for the core group"
		c.addf(path+".apiVersion", hint, "no object has the apiVersion %q", s.APIVersion)
	}
	if s.Kind != "" && !kindSyntax.MatchString(s.Kind) {
		c.addf(path+".kind", kindHint(s.Kind), "no object has the kind %q", s.Kind)
	}
	if s.Name != "" && !pathSegment.MatchString(s.Name) {
		c.addf(path+".name", exactHint, "no object has the name %q", s.Name)
	}
	if s.Namespace != "" && !namespaceSyntax.MatchString(s.Namespace) {
		c.addf(path+".namespace", exactHint, "no namespace has the name %q", s.Namespace)
	}
	for _, key := range slices.Sorted(maps.Keys(s.Labels)) {
		if value := s.Labels[key]; !labelSyntax.MatchString(value) {
			c.addf(joinPath(path+".labels", key), exactHint, "no label has the value %q", value)
		}
	}
}

func kindHint(kind string) string {
	if strings.Contains(kind, ".") {
		return "write the kind alone, as Deployment, and the group into apiVersion"
	}
	return exactHint
}
