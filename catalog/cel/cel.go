package cel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/google/cel-go/common/types"

	"github.com/velero-krm/velero-krm/catalog/internal/anew"
	"github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Function returns the function.
func Function() fn.Function {
	return fn.New("cel", "Changes and checks objects by expressions in the Common Expression Language (CEL).", transform,
		fn.Describe(fn.About{Kinds: []string{fn.AnyKind}, Needs: fn.Needs{Context: needsContext}}), fn.KeepConfig())
}

func transform(ctx context.Context, c Config, list *fn.List) error {
	run, err := runVariables(list, c.compiled)
	if err != nil {
		return err
	}
	changed := make([]int, len(c.compiled))
	for i, o := range list.Objects {
		if ctx.Err() != nil || runcontext.Is(o) {
			continue
		}
		e := evaluation{list: list, object: o, vars: run, budget: maxObjectCost, apart: c.apart}
		if err := e.apply(i, c.compiled, changed); err != nil {
			list.Fail(o, err)
		}
	}
	for n, objects := range changed {
		if objects > 0 {
			list.Report(krm.Result{Severity: krm.Info, Message: fmt.Sprintf("rule %s: objects changed: %d", c.compiled[n].label, objects)})
		}
	}
	return nil
}

// variables are what expressions know of the run.
type variables struct {
	phase   string
	context map[string]any
}

func runVariables(list *fn.List, rules []rule) (variables, error) {
	for _, o := range list.Objects {
		if runcontext.Is(o) {
			fields := o.Item().Object()
			phase, _ := fields["phase"].(string)
			return variables{phase, fields}, nil
		}
	}
	for _, r := range rules {
		if r.needsRun() {
			return variables{}, fmt.Errorf("rule %s uses phase or context, and there is none: the step needs context: true", r.label)
		}
	}
	return variables{context: map[string]any{}}, nil
}

func (r rule) needsRun() bool {
	all := []*expression{r.match}
	for _, s := range r.sets {
		all = append(all, s.value)
	}
	for _, c := range r.checks {
		all = append(all, c.holds, c.text)
	}
	for _, e := range all {
		if e != nil && e.needsRun {
			return true
		}
	}
	return false
}

// evaluation is of all rules for one object.
type evaluation struct {
	list   *fn.List
	object *fn.Object
	vars   variables
	budget uint64
	fields map[string]any
	// apart is true when no two changes of the rules concern the same field.
	apart bool
	// silent is true while it is only checked that a second run does nothing.
	silent bool
}

// apply applies the rules and counts, for each, that it changed the object.
func (e *evaluation) apply(i int, rules []rule, count []int) error {
	e.fields = e.object.Item().Object()
	changed := false
	for n, r := range rules {
		did, err := e.rule(r)
		if err != nil {
			return fmt.Errorf("rule %s: %w", r.label, err)
		}
		if did {
			count[n]++
			changed = true
		}
	}
	if !changed {
		return nil
	}
	if err := e.put(i); err != nil {
		return fmt.Errorf("after the rules it is no Kubernetes object: %w", err)
	}
	return e.checkSettled(e.list.Objects[i], rules)
}

// put makes the fields the content of the object. Where one rule may undo what
// another did, that must be found out.
func (e *evaluation) put(i int) error {
	if e.apart {
		return anew.PutChanged(e.list, i, e.fields)
	}
	_, err := anew.Put(e.list, i, e.fields)
	return err
}

// checkSettled fails an object that the next run would change again: a backup
// and a restore may both run the function, and a batch may run twice.
func (e *evaluation) checkSettled(o *fn.Object, rules []rule) error {
	again := evaluation{list: e.list, object: o, vars: e.vars, budget: maxObjectCost, fields: e.fields, silent: true}
	changed := false
	for _, r := range rules {
		did, err := again.rule(r)
		if err != nil {
			return fmt.Errorf("rule %s fails on what the rules made: %w", r.label, err)
		}
		changed = changed || did
	}
	if !changed {
		return nil
	}
	// One rule may undo what another did, on every run.
	item, err := krm.FromObject(again.fields)
	if err != nil || !o.Item().Equal(item) {
		return errors.New("the next run would change it again: make match false for what the rules made")
	}
	return nil
}

// rule applies one rule and reports whether it changed anything.
func (e *evaluation) rule(r rule) (bool, error) {
	vars := map[string]any{varObject: e.fields, varValue: nil, varPhase: e.vars.phase, varContext: e.vars.context}
	if r.match != nil {
		matches, err := r.match.truth(vars, &e.budget)
		if err != nil {
			return false, fmt.Errorf("match: %w", err)
		}
		if !matches {
			return false, nil
		}
	}
	changed, err := e.set(r.sets, vars)
	if err != nil {
		return false, err
	}
	for _, p := range r.remove {
		_, n, err := p.Edit(e.fields, func(fn.Location, any) (any, bool, error) { return nil, false, nil })
		if err != nil {
			return false, err
		}
		changed = changed || n > 0
	}
	for _, c := range r.checks {
		if err := e.check(c, r.label, vars); err != nil {
			return false, err
		}
	}
	return changed, nil
}

// set evaluates all expressions before the first of their values is set.
func (e *evaluation) set(sets []assignment, vars map[string]any) (bool, error) {
	var apply []func() (bool, error)
	for _, s := range sets {
		values := map[string]any{}
		at := s.path.String()
		if s.keys != nil {
			old := lookup(e.fields, s.keys)
			vars[varValue] = old
			value, skip, err := e.value(s, vars)
			if err != nil {
				return false, fmt.Errorf("set %s: %w", at, err)
			}
			if !skip {
				apply = append(apply, func() (bool, error) { return setKeys(e.fields, s.keys, value) })
			}
			continue
		}
		_, _, err := s.path.Edit(e.fields, func(where fn.Location, old any) (any, bool, error) {
			vars[varValue] = old
			value, skip, err := e.value(s, vars)
			if err != nil {
				return old, true, fmt.Errorf("set %s: %w", where, err)
			}
			if !skip {
				values[where.String()] = value
			}
			return old, true, nil
		})
		if err != nil {
			return false, err
		}
		apply = append(apply, func() (bool, error) { return setAll(e.fields, s.path, values) })
	}
	vars[varValue] = nil
	changed := false
	for _, do := range apply {
		did, err := do()
		if err != nil {
			return false, err
		}
		changed = changed || did
	}
	return changed, nil
}

// value evaluates one expression; skip is true when it gives optional.none().
func (e *evaluation) value(s assignment, vars map[string]any) (value any, skip bool, err error) {
	out, err := s.value.run(vars, &e.budget)
	if err != nil {
		return nil, false, err
	}
	if optional, ok := out.(*types.Optional); ok {
		if !optional.HasValue() {
			return nil, true, nil
		}
		out = optional.GetValue()
	}
	c := converter{left: maxValue}
	value, err = c.native(out)
	if err == nil && !s.of.holds(value) {
		return nil, false, fmt.Errorf("gives a %s, and labels and annotations are texts: write string()", typeOf(out))
	}
	return value, false, err
}

// setAll puts values in the place of what is at the locations of a path.
func setAll(fields map[string]any, p fn.Path, values map[string]any) (bool, error) {
	_, n, err := p.Edit(fields, func(at fn.Location, old any) (any, bool, error) {
		if v, ok := values[at.String()]; ok && !same(old, v) {
			return v, true, nil
		}
		return old, true, nil
	})
	return n > 0, err
}

// setKeys sets one field and makes the maps on the way.
func setKeys(fields map[string]any, keys []string, value any) (bool, error) {
	last := len(keys) - 1
	for i, key := range keys[:last] {
		next, ok := fields[key].(map[string]any)
		if !ok && fields[key] != nil {
			return false, fmt.Errorf("%s is no map", fn.FieldPath(anys(keys[:i+1])...))
		}
		if !ok {
			next = map[string]any{}
			fields[key] = next
		}
		fields = next
	}
	if old, ok := fields[keys[last]]; ok && same(old, value) {
		return false, nil
	}
	fields[keys[last]] = value
	return true, nil
}

// same reports whether two values are equal, numbers by their value.
func same(a, b any) bool {
	x, ok := a.(json.Number)
	if !ok {
		return reflect.DeepEqual(a, b)
	}
	before, err := x.Float64()
	switch y := b.(type) {
	case json.Number:
		after, errAfter := y.Float64()
		return x == y || err == nil && errAfter == nil && before == after
	case int64:
		return err == nil && before == float64(y)
	}
	return false
}

func lookup(fields map[string]any, keys []string) any {
	var v any = fields
	for _, key := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

func anys(keys []string) []any {
	out := make([]any, len(keys))
	for i, key := range keys {
		out[i] = key
	}
	return out
}

// check evaluates one condition and reports when it does not hold. One that
// cannot be evaluated does not hold.
func (e *evaluation) check(c check, label string, vars map[string]any) error {
	holds, err := c.holds.truth(vars, &e.budget)
	if err != nil {
		return fmt.Errorf("validate: %w", err)
	}
	if holds || e.silent {
		return nil
	}
	e.list.ReportOn(e.object, c.severity, "", fmt.Sprintf("rule %s: %s", label, shorten(e.message(c, vars))))
	return nil
}

// message of a check. What an expression makes of a Secret may be secret.
func (e *evaluation) message(c check, vars map[string]any) string {
	if c.text == nil || e.object.Is("", "Secret") {
		return c.message
	}
	out, err := c.text.run(vars, &e.budget)
	if s, ok := out.(types.String); ok && err == nil {
		return string(s)
	}
	return c.message
}
