package resourcemodifiers

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// othersText names kinds of others than Kubernetes.
//
//go:embed others.txt
var othersText string

// others are kinds that are not of Kubernetes itself, by their resources as
// routes.route.openshift.io.
type others struct {
	resources map[groupKind]string
	names     map[string]bool
	groups    map[string]bool
	// singular are the lower-case kinds, as route.route.openshift.io.
	singular map[string]string
}

func readOthers() others {
	o := others{map[groupKind]string{}, map[string]bool{}, map[string]bool{}, map[string]string{}}
	for line := range strings.Lines(othersText) {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		group := words[0]
		for _, word := range words[1:] {
			kind, plural, told := strings.Cut(word, "=")
			if !told {
				plural = plurals(strings.ToLower(kind))[0]
			}
			resource := qualified(plural, group)
			o.resources[groupKind{group, kind}] = resource
			o.names[resource], o.groups[group] = true, true
			o.singular[singular(group, kind)] = resource
		}
	}
	return o
}

func qualified(name, group string) string {
	if group == "" {
		return name
	}
	return name + "." + group
}

// singular is how those who mean a resource often name it, wrongly.
func singular(group, kind string) string { return qualified(strings.ToLower(kind), group) }

// names knows what the resources of kinds are called.
type names struct {
	kinds
	others
	// told are those of the config, by Kind.group.
	told map[string]string
}

// of returns what the resource of a kind may be called, as deployments.apps.
// For kinds that nobody told about it is what the rules of English make of
// them.
func (n names) of(gk groupKind) []string {
	if resource, ok := n.kinds.resources[gk]; ok {
		return []string{resource}
	}
	if name, ok := n.told[qualified(gk.kind, gk.group)]; ok {
		return []string{qualified(name, gk.group)}
	}
	if resource, ok := n.others.resources[gk]; ok {
		return []string{resource}
	}
	var list []string
	for _, plural := range plurals(strings.ToLower(gk.kind)) {
		list = append(list, qualified(plural, gk.group))
	}
	return list
}

func plurals(word string) []string {
	last := len(word) - 1
	switch {
	case last > 0 && word[last] == 'y' && !strings.ContainsRune("aeiou", rune(word[last-1])):
		return []string{word[:last] + "ies"}
	case strings.HasSuffix(word, "s"):
		// Some kinds are plurals already, as SecurityContextConstraints.
		return []string{word + "es", word}
	case strings.HasSuffix(word, "x"), strings.HasSuffix(word, "ch"), strings.HasSuffix(word, "sh"):
		return []string{word + "es"}
	}
	return []string{word + "s"}
}

const (
	noResource = "names a resource that its group does not have"
	resourceAt = "a resource and its group, in lower case: deployments.apps"
)

// check returns what is wrong with a resource that a rule names without a
// pattern, and a hint. What may be the name of a custom resource that is not
// known is not wrong.
func (n names) check(resource string) (reason, hint string) {
	if n.kinds.names[resource] || n.others.names[resource] || n.isTold(resource) {
		return "", ""
	}
	if strings.Trim(resource, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		return "is no resource", didYouMean(n.meant(strings.ToLower(resource)), resourceAt)
	}
	_, group, _ := strings.Cut(resource, ".")
	meant := n.meant(resource)
	switch {
	case n.kinds.groups[group]:
		return noResource, didYouMean(meant, "")
	// The group of a CustomResourceDefinition has a dot.
	case !strings.Contains(group, "."):
		return "names a group that Kubernetes does not have", didYouMean(meant, resourceAt)
	case meant != "" && (n.others.groups[group] || near(resource, meant)):
		return noResource, didYouMean(meant, "") + " If it is right, say so in resources"
	}
	return "", ""
}

func (n names) isTold(resource string) bool {
	for name, plural := range n.told {
		if _, group, _ := strings.Cut(name, "."); qualified(plural, group) == resource {
			return true
		}
	}
	return false
}

func didYouMean(meant, otherwise string) string {
	if meant == "" {
		return otherwise
	}
	return "did you mean " + meant + "?"
}

// meant returns the known resource that a wrong one most likely stands for:
// that of the kind, one of the same group, one of the same name.
func (n names) meant(resource string) string {
	if plural, ok := n.singular[resource]; ok {
		return plural
	}
	name, group, _ := strings.Cut(resource, ".")
	all := slices.Concat(slices.Sorted(maps.Keys(n.kinds.names)), slices.Sorted(maps.Keys(n.others.names)))
	var ofGroup []string
	for _, known := range all {
		if k, g, _ := strings.Cut(known, "."); g == group && g != "" {
			ofGroup = append(ofGroup, k)
		}
	}
	if c := fn.Closest(name, ofGroup); c != "" {
		return qualified(c, group)
	}
	// A group that is known and has nothing like it was not misspelt.
	if n.others.groups[group] && !n.kinds.groups[group] {
		return ""
	}
	for _, known := range all {
		if k, _, _ := strings.Cut(known, "."); k == name && (!strings.Contains(group, ".") || n.kinds.groups[group] || near(resource, known)) {
			return known
		}
	}
	return fn.Closest(resource, all)
}

// near reports whether one letter is missing, too many or another, or two are
// swapped.
func near(a, b string) bool {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a) <= 1 && len(b) <= 1 || len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

// resources are what comes in a call, by kind.
type resources struct {
	names names
	rules []rule
	known map[groupKind]*resource
}

// resource is what one kind is to the rules.
type resource struct {
	// names are what it may be called; wrong is the kind in lower case, if that
	// is none of them.
	names []string
	wrong string
	// named and misnamed are, for each rule, whether it is for one of these
	// names, and whether it is for the wrong one instead.
	named, misnamed []bool
}

func (r resources) of(id krm.Identity) *resource {
	gk := groupKind{id.Group(), id.Kind}
	if known, ok := r.known[gk]; ok {
		return known
	}
	res := &resource{names: r.names.of(gk), wrong: singular(gk.group, gk.kind)}
	if slices.Contains(res.names, res.wrong) {
		res.wrong = ""
	}
	for i := range r.rules {
		named := slices.ContainsFunc(res.names, r.rules[i].resource.MatchString)
		res.named = append(res.named, named)
		res.misnamed = append(res.misnamed, !named && res.wrong != "" && r.rules[i].resource.MatchString(res.wrong))
	}
	r.known[gk] = res
	return res
}

// misnamed is about an object that a rule means by the name of its kind, which
// is that of no resource: the rule would leave it as it is, and nobody would
// know.
func (r resources) misnamed(rule *rule, id krm.Identity) error {
	res := r.of(id)
	hint := ""
	if !r.names.kinds.names[res.names[0]] {
		name, _, _ := strings.Cut(res.wrong, ".")
		hint = fmt.Sprintf(" If the resource of %s is called %s, say so in resources", id.Kind, name)
	}
	return fmt.Errorf("%s: names %s, which is a kind in lower case and no resource: did you mean %s?%s", rule.label, res.wrong, res.names[0], hint)
}

// reportNear warns of rules for a resource of which no object came while one
// came whose resource is called nearly so. That no object of the backup has the
// resource cannot be known: they come in several calls.
func (r resources) reportNear(list *fn.List) {
	// A kind in place of a resource failed the object, if the rule met it.
	came, wrong := map[string]bool{}, map[string]bool{}
	for _, res := range r.known {
		wrong[res.wrong] = true
		for _, name := range res.names {
			came[name] = true
		}
	}
	sorted := slices.Sorted(maps.Keys(came))
	for _, rule := range r.rules {
		if rule.literal == "" || came[rule.literal] || wrong[rule.literal] {
			continue
		}
		for _, name := range sorted {
			if near(name, rule.literal) {
				list.Report(krm.Result{Severity: krm.Warning, Message: fmt.Sprintf("%s: no object of %s came, but some of %s did: did you mean these?", rule.label, rule.literal, name)})
			}
		}
	}
}
