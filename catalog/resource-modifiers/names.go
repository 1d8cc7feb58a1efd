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
// For kinds that nobody told about it is guessed: what the rules of English make
// of them.
func (n names) of(gk groupKind) (list []string, guessed bool) {
	if resource, ok := n.kinds.resources[gk]; ok {
		return []string{resource}, false
	}
	if name, ok := n.told[qualified(gk.kind, gk.group)]; ok {
		return []string{qualified(name, gk.group)}, false
	}
	if resource, ok := n.others.resources[gk]; ok {
		return []string{resource}, false
	}
	for _, plural := range plurals(strings.ToLower(gk.kind)) {
		list = append(list, qualified(plural, gk.group))
	}
	return list, true
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
	ifRight    = " If it is right, say so in resources"
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
	// A newer Kubernetes may have it.
	case n.kinds.groups[group]:
		return noResource, didYouMean(meant, resourceAt+".") + ifRight
	// The group of a CustomResourceDefinition has a dot.
	case !strings.Contains(group, "."):
		return "names a group that Kubernetes does not have", didYouMean(meant, resourceAt)
	case meant != "" && (n.others.groups[group] || near(resource, meant)):
		return noResource, didYouMean(meant, "") + ifRight
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
	// objects is how many there are.
	objects int
}

// resource is what one kind is to the rules.
type resource struct {
	// names are what it may be called; singular is the kind in lower case, if that
	// is none of them.
	names    []string
	singular string
	// guessed is true when nobody told its name: singular may be it, too.
	guessed bool
	// meant says of each rule by which name it is for the kind, and warned whether
	// it was told that this was taken for one.
	meant  []meaning
	warned []bool
	// fields are the names of those that its rules look at; nil for all.
	fields map[string]bool
}

// meaning is by which name a rule is for a kind.
type meaning int

const (
	notMeant meaning = iota
	// byName: by one that the resource may have, and not by the kind.
	byName
	// byEither: by a pattern for both, or where both are the same.
	byEither
	// byKind: by the kind in lower case alone.
	byKind
)

func (r resources) of(id krm.Identity) *resource {
	gk := groupKind{id.Group(), id.Kind}
	if known, ok := r.known[gk]; ok {
		return known
	}
	res := &resource{singular: singular(gk.group, gk.kind), warned: make([]bool, len(r.rules))}
	// Without these there is no object.
	res.fields = map[string]bool{"apiVersion": true, "kind": true, "metadata": true}
	res.names, res.guessed = r.names.of(gk)
	if slices.Contains(res.names, res.singular) {
		res.singular = ""
	}
	for i := range r.rules {
		res.meant = append(res.meant, res.meaning(&r.rules[i]))
		if res.meant[i] != notMeant {
			res.fields = r.rules[i].looksAt(res.fields)
		}
	}
	r.known[gk] = res
	return res
}

func (res *resource) meaning(rule *rule) meaning {
	kind := res.singular == "" || rule.resource.MatchString(res.singular)
	switch name := slices.ContainsFunc(res.names, rule.resource.MatchString); {
	case name && kind:
		return byEither
	case name:
		return byName
	case kind && res.singular != "":
		return byKind
	}
	return notMeant
}

// misnamed is about rules that mean an object by the name of its kind. Where
// that is known to be no resource, Velero would leave the object as it is, and
// nobody would know: that fails the object. Where it is not known, the resource
// is called so as likely as not, as mongodbcommunity is: the rule is applied, and
// that is told. Two rules that name it differently cannot both be right.
func (r resources) misnamed(list *fn.List, rules []int, id krm.Identity) error {
	res := r.of(id)
	with := func(m meaning) int { return slices.IndexFunc(rules, func(n int) bool { return res.meant[n] == m }) }
	first := with(byKind)
	if first < 0 {
		return nil
	}
	label := r.rules[rules[first]].label
	name, _, _ := strings.Cut(res.singular, ".")
	hint := fmt.Sprintf(" If the resource of %s is called %s, say so in resources", id.Kind, name)
	switch other := with(byName); {
	case r.names.kinds.names[res.names[0]]:
		hint = ""
	case !res.guessed:
	case other >= 0:
		return fmt.Errorf("%s and %s: name one resource differently, %s and %s: say in resources which it is", r.rules[rules[other]].label, label, res.names[0], res.singular)
	default:
		r.warnGuessed(list, res, rules, id)
		return nil
	}
	return fmt.Errorf("%s: names %s, which is a kind in lower case and no resource: did you mean %s?%s", label, res.singular, res.names[0], hint)
}

// warnGuessed warns once of each rule that was taken to name a kind's resource.
func (r resources) warnGuessed(list *fn.List, res *resource, rules []int, id krm.Identity) {
	name, _, _ := strings.Cut(res.singular, ".")
	for _, n := range rules {
		if res.meant[n] != byKind || res.warned[n] {
			continue
		}
		res.warned[n] = true
		list.Report(krm.Result{Severity: krm.Warning, Message: fmt.Sprintf(saidGuessed,
			n, res.singular, id.Kind, qualified(id.Kind, id.Group()), name, res.names[0])})
	}
}

// reportNear warns of rules for a resource of which no object came while one
// came whose resource is called nearly so. That no object of the backup has the
// resource cannot be known: they come in several calls. A call of one object,
// which is all that a stock Velero makes, says nothing about others.
func (r resources) reportNear(list *fn.List) {
	if r.objects == 1 {
		return
	}
	// A kind in place of a resource was told of, if the rule met it.
	names, singulars := map[string]bool{}, map[string]bool{}
	for _, res := range r.known {
		singulars[res.singular] = true
		for _, name := range res.names {
			names[name] = true
		}
	}
	sorted := slices.Sorted(maps.Keys(names))
	for n, rule := range r.rules {
		if rule.literal == "" || names[rule.literal] || singulars[rule.literal] {
			continue
		}
		for _, name := range sorted {
			if near(name, rule.literal) {
				list.Report(krm.Result{Severity: krm.Warning, Message: fmt.Sprintf(saidNear, n, rule.literal, name)})
			}
		}
	}
}
