package resourcemodifiers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/velero-krm/velero-krm/catalog/internal/anew"
	"github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/internal/jsonvalue"
	"github.com/velero-krm/velero-krm/krm"
)

// Function returns the function.
func Function() fn.Function {
	return fn.New("resource-modifiers", "Applies the rules of a Velero resource modifier ConfigMap, and fails objects that a rule cannot be applied to.", transform,
		fn.Describe(fn.About{Kinds: []string{fn.AnyKind}, Needs: fn.Needs{Rename: "with a rule that changes apiVersion, kind or name"}}), fn.KeepConfig(), fn.Says(saidMet, saidMetSome, saidChanged, saidNear, saidGuessed))
}

// What it says.
const (
	saidMet     = "resourceModifierRules[%d]: objects that meet the conditions: %d"
	saidMetSome = saidMet + " (of these left alone because a test failed: %d)"
	saidChanged = "objects changed: %d"
	saidNear    = "resourceModifierRules[%d]: no object of %s came, but some of %s did: did you mean these?"
	saidGuessed = "resourceModifierRules[%d]: %s is a kind in lower case, and was taken for the resource of %s: if it is, say so in resources (%s: %s); if not, name the resource, as %s"
)

// tally counts what happened to the objects of one rule.
type tally struct{ matched, skipped int }

func transform(ctx context.Context, c Config, list *fn.List) error {
	p := c.program
	tallies := make([]tally, len(p.rules))
	came := resources{names: p.names, rules: p.rules, known: map[groupKind]*resource{}}
	changed := 0
	for i, o := range list.Objects {
		if ctx.Err() != nil || runcontext.Is(o) {
			continue
		}
		came.objects++
		was, err := p.object(list, i, came, tallies)
		if err != nil {
			list.Fail(o, err)
		}
		if was {
			changed++
		}
	}
	came.reportNear(list)
	p.report(list, tallies, changed)
	return nil
}

// object applies the rules to one object and reports whether it changed.
func (p program) object(list *fn.List, i int, came resources, tallies []tally) (bool, error) {
	item := list.Objects[i].Item()
	kind := came.of(item.Identity())
	t := target{item: item, names: kind.fields}
	// All conditions come first: they look at the object as it came.
	var rules []int
	for n := range p.rules {
		if kind.meant[n] != notMeant && p.rules[n].concerns(&t) {
			rules = append(rules, n)
		}
	}
	if len(rules) == 0 {
		return false, nil
	}
	if err := came.misnamed(list, rules, item.Identity()); err != nil {
		return false, err
	}
	for _, n := range rules {
		tallies[n].matched++
	}
	fields := t.decoded()
	for _, n := range rules {
		next, err := p.apply(&p.rules[n], item.Identity(), fields)
		if errors.Is(err, errTestFailed) {
			tallies[n].skipped++
		} else if err != nil {
			return false, fmt.Errorf("%s: %w", p.rules[n].label, err)
		}
		fields = next
	}
	changed, err := t.put(list, i, fields)
	if err != nil {
		return false, fmt.Errorf("after the rules it is no Kubernetes object: %w", err)
	}
	return changed, nil
}

// apply returns what one rule makes of an object. When a test fails it is the
// object as it was.
func (p program) apply(r *rule, id krm.Identity, fields map[string]any) (map[string]any, error) {
	before := fields
	if r.keep {
		before, _ = jsonvalue.Copy(fields).(map[string]any)
	}
	for _, op := range r.patch {
		if err := op.apply(fields); err != nil {
			return before, err
		}
	}
	for _, patch := range r.merges {
		fields = mergePatch(fields, patch)
	}
	if len(r.strategic) == 0 {
		return fields, nil
	}
	typ, ok := p.names.typeOf(id)
	if !ok {
		return nil, errors.New("strategicPatches are for the kinds of Kubernetes itself; use mergePatches")
	}
	m := merger{p.names.merge}
	for _, patch := range r.strategic {
		next, err := m.fields(fields, patch, typ)
		if err != nil {
			return nil, err
		}
		fields = next
	}
	return fields, nil
}

func (p program) report(list *fn.List, tallies []tally, changed int) {
	for n, t := range tallies {
		if t.matched == 0 {
			continue
		}
		message := fmt.Sprintf(saidMet, n, t.matched)
		if t.skipped > 0 {
			message = fmt.Sprintf(saidMetSome, n, t.matched, t.skipped)
		}
		list.Report(krm.Result{Severity: krm.Info, Message: message})
	}
	if changed > 0 {
		list.Report(krm.Result{Severity: krm.Info, Message: fmt.Sprintf(saidChanged, changed)})
	}
}

// target is an object that conditions look at.
type target struct {
	item *krm.Item
	// names of the fields that rules look at; nil for all.
	names map[string]bool
	// part and fields are what was decoded of it.
	part   part
	fields map[string]any
}

// decoded returns the fields that rules look at, which are the target's own.
func (t *target) decoded() map[string]any {
	if t.fields == nil {
		t.part = partOf(t.item, t.names)
		t.fields = t.part.item.Object()
	}
	return t.fields
}

// put makes fields those of the object, and reports whether that changed it.
func (t *target) put(list *fn.List, i int, fields map[string]any) (bool, error) {
	item, err := krm.FromObject(fields)
	if err != nil || t.part.item.Equal(item) {
		return false, err
	}
	if item, err = t.part.with(item); err != nil {
		return false, err
	}
	anew.PutItem(list, i, item)
	return true, nil
}

// concerns reports whether an object of the rule's resource meets the other
// conditions. What needs no decoding comes first.
func (r *rule) concerns(t *target) bool {
	id := t.item.Identity()
	if id.Namespace != "" && len(r.spaces) > 0 {
		included := false
		for _, re := range r.spaces {
			included = included || re.MatchString(id.Namespace)
		}
		if !included {
			return false
		}
	}
	if r.name != nil && !r.name.MatchString(id.Name) {
		return false
	}
	if r.selector != nil && !r.selector.selects(labelsOf(t.decoded())) {
		return false
	}
	for _, m := range r.matches {
		v, ok := m.path.get(t.decoded())
		if !ok && m.value != nil || !equal(v, m.value) {
			return false
		}
	}
	return true
}

func labelsOf(object map[string]any) map[string]string {
	labels := map[string]string{}
	meta, _ := object["metadata"].(map[string]any)
	all, _ := meta["labels"].(map[string]any)
	for key, v := range all {
		if s, ok := v.(string); ok {
			labels[key] = s
		}
	}
	return labels
}

// selects reports whether the selector is met, by the rules of the API server.
func (s *Selector) selects(labels map[string]string) bool {
	for key, want := range s.MatchLabels {
		if got, ok := labels[key]; !ok || got != want {
			return false
		}
	}
	for _, e := range s.MatchExpressions {
		got, ok := labels[e.Key]
		met := false
		switch e.Operator {
		case "In":
			met = ok && slices.Contains(e.Values, got)
		case "NotIn":
			met = !ok || !slices.Contains(e.Values, got)
		case "Exists":
			met = ok
		case "DoesNotExist":
			met = !ok
		}
		if !met {
			return false
		}
	}
	return true
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
