package cel

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function.
type Config struct {
	Rules []Rule `json:"rules" required:"true" doc:"what is changed and checked; each rule sees what those before it made"`

	// compiled is what Validate made of Rules; apart is true when no two of their
	// paths can point at the same field.
	compiled []rule
	apart    bool
}

// Rule changes or checks the objects that it matches.
type Rule struct {
	Name     string            `json:"name" doc:"what messages call the rule; default its place in the list"`
	Match    string            `json:"match" doc:"expression, a bool: whether the rule is for this object; default true"`
	Set      map[string]string `json:"set" doc:"path of a field, and the expression of its value; all expressions see the object as it was before the rule"`
	Remove   []fn.Path         `json:"remove" doc:"fields to remove, after those of set are set"`
	Validate []Check           `json:"validate" doc:"what must hold of the object after set and remove"`
}

// Check is one condition on an object.
type Check struct {
	Expression        string `json:"expression" required:"true" doc:"condition, a bool that must be true"`
	Message           string `json:"message" doc:"what to say when it is not; default the expression"`
	MessageExpression string `json:"messageExpression" doc:"expression, a string: what to say, instead of message; not used for Secrets"`
	Severity          string `json:"severity" doc:"error, warning or info; only an error fails the object; default error"`
}

// identity are the fields that only a function named for it may change.
var identity = [...][]string{{"apiVersion"}, {"kind"}, {"metadata", "name"}, {"metadata", "namespace"}}

// Validate compiles the expressions.
func (c *Config) Validate() error {
	env, err := environment()
	if err != nil {
		return fmt.Errorf("make the environment of expressions: %w", err)
	}
	b := compiler{env: env}
	c.compiled = make([]rule, 0, len(c.Rules))
	for i, r := range c.Rules {
		c.compiled = append(c.compiled, b.rule(r, fn.FieldPath("rules", i)))
	}
	c.apart = apart(c.compiled)
	return errors.Join(b.errs...)
}

// apart compares the plain beginnings of all paths.
func apart(rules []rule) bool {
	var seen []string
	for _, r := range rules {
		paths := r.remove
		for _, s := range r.sets {
			paths = append(paths[:len(paths):len(paths)], s.path)
		}
		for _, p := range paths {
			start, _, _ := strings.Cut(p.String(), "[")
			for _, other := range seen {
				if strings.HasPrefix(start, other) || strings.HasPrefix(other, start) {
					return false
				}
			}
			seen = append(seen, start)
		}
	}
	return true
}

// rule is a Rule ready for use.
type rule struct {
	label  string
	match  *expression
	sets   []assignment
	remove []fn.Path
	checks []check
}

// assignment is one entry of Set. keys is nil for a path that may point at
// many fields or at list elements; of is what the field must be.
type assignment struct {
	path  fn.Path
	keys  []string
	of    kind
	value *expression
}

type check struct {
	at       string
	holds    *expression
	message  string
	text     *expression
	severity krm.Severity
}

func (b *compiler) rule(r Rule, at string) rule {
	out := rule{label: at, remove: r.Remove}
	if r.Name != "" {
		out.label = strconv.Quote(shorten(r.Name))
	}
	if r.Match != "" {
		out.match = b.compile(r.Match, boolean, at+".match")
	}
	if len(r.Set)+len(r.Remove)+len(r.Validate) == 0 {
		b.problem(at, "does nothing", "it needs set, remove or validate")
	}
	for _, text := range slices.Sorted(maps.Keys(r.Set)) {
		out.sets = append(out.sets, b.assignment(text, r.Set[text], at+".set["+strconv.Quote(text)+"]"))
	}
	b.overlaps(out.sets, at+".set")
	for i, p := range r.Remove {
		b.identity(p, fmt.Sprintf("%s.remove[%d]", at, i))
	}
	for i, v := range r.Validate {
		out.checks = append(out.checks, b.check(v, fmt.Sprintf("%s.validate[%d]", at, i)))
	}
	return out
}

func (b *compiler) assignment(path, value, at string) assignment {
	p, err := fn.ParsePath(path)
	if err != nil {
		b.problem(at, "is no path: "+err.Error(), "")
		return assignment{}
	}
	b.identity(p, at)
	keys := plainKeys(p)
	of := texts(keys)
	return assignment{path: p, keys: keys, of: of, value: b.compileValue(value, of, at)}
}

func (b *compiler) identity(p fn.Path, at string) {
	for _, keys := range identity {
		if p.Reaches(keys...) {
			b.problem(at, "may point at what identifies the object: apiVersion, kind, metadata.name or metadata.namespace", "see the functions rename and map-namespaces")
			return
		}
	}
}

// overlaps refuses paths of which one is within another: which is first would
// matter, and a map has no order.
func (b *compiler) overlaps(sets []assignment, at string) {
	for i, outer := range sets {
		for j, inner := range sets {
			o, n := outer.path.String(), inner.path.String()
			if i != j && (strings.HasPrefix(n, o+".") || strings.HasPrefix(n, o+"[") || i < j && n == o) {
				b.problem(at, "has a path that is within another one: "+n, "use two rules")
			}
		}
	}
}

func (b *compiler) check(v Check, at string) check {
	out := check{at: at, holds: b.compile(v.Expression, boolean, at+".expression"), message: v.Message, severity: krm.Error}
	if v.MessageExpression != "" {
		out.text = b.compile(v.MessageExpression, text, at+".messageExpression")
	}
	if out.message == "" {
		out.message = "must be so: " + v.Expression
	}
	switch s := krm.Severity(v.Severity); s {
	case krm.Error, krm.Warning, krm.Info:
		out.severity = s
	case "":
	default:
		b.problem(at+".severity", "is no severity", "error, warning or info")
	}
	return out
}

// plainKeys returns the keys of a path that has nothing but keys, nil of any
// other.
func plainKeys(p fn.Path) []string {
	var keys []string
	for rest := p.String(); rest != ""; {
		if quoted, ok := strings.CutPrefix(rest, "["); ok {
			literal, err := strconv.QuotedPrefix(quoted)
			if err != nil {
				return nil
			}
			key, err := strconv.Unquote(literal)
			if err != nil {
				return nil
			}
			keys, rest = append(keys, key), strings.TrimPrefix(quoted[len(literal):], "]")
			continue
		}
		rest = strings.TrimPrefix(rest, ".")
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		keys, rest = append(keys, rest[:end]), rest[end:]
	}
	return keys
}

// maxMessage bounds a message, in bytes; a result is one line of a log.
const maxMessage = 1024

func shorten(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxMessage {
		return strings.ToValidUTF8(s[:maxMessage], "") + "..."
	}
	return s
}
