package resourcemodifiers

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/velero-krm/velero-krm/catalog/internal/expr"
	"github.com/velero-krm/velero-krm/catalog/internal/syntax"
	"github.com/velero-krm/velero-krm/fn"
)

// rule is a Rule ready for use.
type rule struct {
	label    string
	resource *regexp.Regexp
	// literal is the resource; empty for a pattern.
	literal   string
	spaces    []*regexp.Regexp
	name      *regexp.Regexp
	selector  *Selector
	matches   []operation
	patch     []operation
	merges    []map[string]any
	strategic []map[string]any
	// keep is true when the object must be kept, to go back to when a test
	// fails after something changed.
	keep bool
}

// program is a Spec ready for use.
type program struct {
	rules []rule
	names names
}

// compiler collects what is wrong.
type compiler struct {
	names names
	errs  []error
}

// compile returns the program, or every problem with the config at once.
func compile(s Spec) (program, error) {
	c := compiler{names: names{readKinds(), readOthers(), s.Resources}}
	if !strings.EqualFold(s.Version, "v1") {
		c.problem("version", "is not supported", "v1")
	}
	for _, name := range sortedKeys(s.Resources) {
		if kind, _, _ := strings.Cut(name, "."); kind == "" || s.Resources[name] == "" || strings.Contains(s.Resources[name], ".") {
			c.problem(fn.FieldPath("resources", name), "is no Kind.group with the name of its resource", "as Mouse.example.com: mice")
		}
	}
	p := program{names: c.names}
	for i, r := range s.Rules {
		p.rules = append(p.rules, c.rule(r, fn.FieldPath("resourceModifierRules", i)))
	}
	return p, errors.Join(c.errs...)
}

func (c *compiler) problem(at, reason, hint string) {
	c.errs = append(c.errs, fn.Invalid(at, reason, hint))
}

func (c *compiler) rule(r Rule, at string) rule {
	out := rule{label: at}
	c.conditions(&out, r.Conditions, at+".conditions")
	sorts := 0
	for _, n := range []int{len(r.Patches), len(r.MergePatches), len(r.StrategicPatches)} {
		sorts += min(n, 1)
	}
	if sorts != 1 {
		c.problem(at, "needs patches, mergePatches or strategicPatches, exactly one of them", "make two rules of one that has two")
	}
	changed := false
	for i, p := range r.Patches {
		op := c.operation(p, fmt.Sprintf("%s.patches[%d]", at, i))
		out.keep = out.keep || changed && op.name == opTest
		changed = changed || op.name != opTest
		out.patch = append(out.patch, op)
	}
	for i, p := range r.MergePatches {
		out.merges = append(out.merges, c.patchData(p, fmt.Sprintf("%s.mergePatches[%d].patchData", at, i)))
	}
	for i, p := range r.StrategicPatches {
		where := fmt.Sprintf("%s.strategicPatches[%d].patchData", at, i)
		patch := c.patchData(p, where)
		if err := checkDirectives(patch); err != nil {
			c.problem(where, err.Error(), "")
		}
		out.strategic = append(out.strategic, patch)
	}
	if resource := r.Conditions.GroupResource; len(out.strategic) > 0 && !isPattern(resource) && !c.names.kinds.names[resource] {
		c.problem(at+".strategicPatches", "are for the kinds of Kubernetes itself: nobody knows how to merge the lists of another", "use mergePatches")
	}
	return out
}

func (c *compiler) conditions(out *rule, from Conditions, at string) {
	out.resource = c.glob(from.GroupResource, '.', at+".groupResource")
	if !isPattern(from.GroupResource) {
		out.literal = from.GroupResource
		if reason, hint := c.names.check(from.GroupResource); reason != "" {
			c.problem(at+".groupResource", reason, hint)
		}
	}
	for i, ns := range from.Namespaces {
		out.spaces = append(out.spaces, c.glob(ns, 0, fmt.Sprintf("%s.namespaces[%d]", at, i)))
	}
	if from.ResourceNameRegex != "" {
		re, err := expr.Compile(from.ResourceNameRegex)
		if err != nil {
			c.problem(at+".resourceNameRegex", err.Error(), "")
		}
		out.name = re
	}
	if out.selector = from.LabelSelector; out.selector != nil {
		c.selector(*out.selector, at+".labelSelector")
	}
	for i, m := range from.Matches {
		where := fmt.Sprintf("%s.matches[%d]", at, i)
		op := operation{name: opTest, text: m.Path, path: c.pointer(m.Path, where+".path")}
		// Velero compares with the empty text when there is no value.
		if m.Value != nil {
			op.value = c.value(*m.Value, where+".value")
		} else {
			c.problem(where+".value", "is required", `"" for the empty text, "null" for null`)
		}
		out.matches = append(out.matches, op)
	}
}

func (c *compiler) selector(s Selector, at string) {
	for _, key := range sortedKeys(s.MatchLabels) {
		if !syntax.Key(key) || !syntax.Value(s.MatchLabels[key]) {
			c.problem(at+".matchLabels["+strconv.Quote(key)+"]", "is no label", "")
		}
	}
	for i, e := range s.MatchExpressions {
		where := fmt.Sprintf("%s.matchExpressions[%d]", at, i)
		if !syntax.Key(e.Key) {
			c.problem(where+".key", "is no key of a label", "")
		}
		switch e.Operator {
		case "In", "NotIn":
			if len(e.Values) == 0 {
				c.problem(where+".values", "are required", "for In and NotIn")
			}
		case "Exists", "DoesNotExist":
			if len(e.Values) > 0 {
				c.problem(where+".values", "must not be there", "for Exists and DoesNotExist")
			}
		default:
			c.problem(where+".operator", "is no operator", "In, NotIn, Exists or DoesNotExist")
		}
	}
}

func (c *compiler) operation(p Patch, at string) operation {
	op := operation{name: strings.ToLower(p.Operation), text: p.Path, path: c.pointer(p.Path, at+".path")}
	switch op.name {
	case opAdd, opReplace, opTest:
		if p.Value == nil {
			c.problem(at+".value", "is required", `"" for the empty text, "null" for null`)
		} else {
			op.value = c.value(*p.Value, at+".value")
		}
	case opMove, opCopy:
		op.from = c.pointer(p.From, at+".from")
		if op.name == opMove && len(op.from) < len(op.path) && slices.Equal(op.from, op.path[:len(op.from)]) {
			c.problem(at+".path", "is inside of what is moved", "")
		}
		if op.name == opMove {
			c.namespace(op.from, at+".from")
		}
	case opRemove:
	default:
		c.problem(at+".operation", "is no operation", "add, remove, replace, move, copy or test")
	}
	if op.name != opTest {
		c.namespace(op.path, at+".path")
	}
	return op
}

const namespaceHint = "use the namespace mapping of the Restore: Velero puts that in place of what a rule sets"

// namespace refuses a change that Velero would undo.
func (c *compiler) namespace(p pointer, at string) {
	if slices.Equal(p, pointer{"metadata", "namespace"}) {
		c.problem(at, "points at the namespace, which a rule cannot change", namespaceHint)
	}
}

func (c *compiler) pointer(text, at string) pointer {
	if text == "" {
		c.problem(at, "is required", "a JSON pointer, as /metadata/labels/app")
		return pointer{""}
	}
	p, err := parsePointer(text)
	if err != nil {
		c.problem(at, err.Error(), "a JSON pointer, as /metadata/labels/app")
		return pointer{""}
	}
	return p
}

func (c *compiler) value(t Text, at string) any {
	v, err := t.value()
	if err != nil {
		c.problem(at, err.Error(), "")
	}
	return v
}

func (c *compiler) patchData(p MergePatch, at string) map[string]any {
	v, err := parseYAML(p.PatchData)
	if err != nil {
		c.problem(at, err.Error(), "")
		return nil
	}
	patch, ok := v.(map[string]any)
	if !ok {
		c.problem(at, "must be a map", "in the shape of the object, as spec: {replicas: 1}")
		return nil
	}
	if meta, ok := patch["metadata"].(map[string]any); ok {
		if _, ok := meta["namespace"]; ok {
			c.problem(at, "sets the namespace, which a rule cannot change", namespaceHint)
		}
	}
	return patch
}

func (c *compiler) glob(text string, separator byte, at string) *regexp.Regexp {
	re, err := compileGlob(text, separator)
	if err != nil {
		c.problem(at, err.Error(), "")
	}
	return re
}
