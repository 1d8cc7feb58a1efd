package replace

import (
	"context"
	"encoding/base64"
	"errors"
	"regexp"

	"github.com/velero-krm/velero-krm/catalog/internal/expr"
	"github.com/velero-krm/velero-krm/catalog/internal/mapping"
	"github.com/velero-krm/velero-krm/fn"
)

// Config of the function.
type Config struct {
	Rules []Rule `json:"rules" required:"true" doc:"what is replaced; each rule sees what those before it made"`
}

// Rule replaces in the texts that a path points at.
type Rule struct {
	Path   fn.Path  `json:"path" required:"true" doc:"fields, as data[\"app.yaml\"] or spec.template.spec.containers[*].args[*]"`
	Regex  string   `json:"regex" required:"true" doc:"expression (RE2); every match is replaced"`
	With   string   `json:"with" doc:"what takes its place, with $1 or ${name} for what it captured; empty removes it"`
	Base64 bool     `json:"base64" doc:"the fields hold base64, as in data of a Secret; default false"`
	Inside string   `json:"inside" doc:"yaml or json: the fields hold that as text; needs at"`
	At     *fn.Path `json:"at" doc:"fields inside of that text; needs inside"`
}

// identity are the fields that only a function named for it may change.
var identity = [...][]string{{"apiVersion"}, {"kind"}, {"metadata", "name"}, {"metadata", "namespace"}}

// Validate checks the expressions, and that no rule renames objects.
func (c *Config) Validate() error {
	var errs []error
	for i, r := range c.Rules {
		errs = append(errs, r.validate(fn.FieldPath("rules", i)))
	}
	return errors.Join(errs...)
}

func (r Rule) validate(at string) error {
	var errs []error
	for _, keys := range identity {
		if r.Path.Reaches(keys...) {
			errs = append(errs, fn.Invalid(at+".path", "may point at what identifies the object: apiVersion, kind, metadata.name or metadata.namespace", "see the functions rename and map-namespaces"))
			break
		}
	}
	if re, err := expr.Compile(r.Regex); err != nil {
		errs = append(errs, fn.Invalid(at+".regex", err.Error(), "see https://github.com/google/re2/wiki/Syntax"))
	} else {
		errs = append(errs, expr.CheckTemplate(at+".with", re, r.With))
	}
	switch r.Inside {
	case "", formatYAML, formatJSON:
	default:
		errs = append(errs, fn.Invalid(at+".inside", "is no format", "yaml or json"))
	}
	if (r.Inside == "") != (r.At == nil) {
		errs = append(errs, fn.Invalid(at, "needs inside and at, both or none", ""))
	}
	return errors.Join(errs...)
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("replace", "Replaces parts of texts by regular expressions, also in the YAML or JSON that a field holds as text.", transform, fn.Describe(fn.About{Kinds: []string{fn.AnyKind}}), fn.Says(mapping.Sayings("fields")...))
}

func transform(_ context.Context, c Config, list *fn.List) error {
	rules, err := compile(c.Rules)
	if err != nil {
		return err
	}
	counter := mapping.NewCounter()
	for o := range list.All() {
		changed := 0
		for _, r := range rules {
			n, err := r.apply(o)
			if err != nil {
				list.Fail(o, err)
			}
			changed += n
			for range n {
				counter.Count(r.label, o)
			}
		}
		if changed > 0 {
			checkSettled(list, o, rules)
		}
	}
	counter.Report(list, "fields")
	return nil
}

// checkSettled fails an object that the next run would change again: a backup
// and a restore may both run the function, and a batch may run twice.
func checkSettled(list *fn.List, o *fn.Object, rules []rule) {
	for _, r := range rules {
		unsettled := ""
		_, err := o.Edit(r.path, func(at fn.Location, value any) (any, bool, error) {
			if text, ok := value.(string); ok && unsettled == "" {
				if next, err := r.edit(text); err == nil && next != text {
					unsettled = at.String()
				}
			}
			return value, true, nil
		})
		if err == nil && unsettled != "" {
			list.Fail(o, errors.New(unsettled+": the next run would replace again ("+r.label+"): make the expression not match what it makes"))
			return
		}
	}
}

// rule is a Rule ready for use.
type rule struct {
	Rule
	path  fn.Path
	re    *regexp.Regexp
	label string
}

func compile(list []Rule) ([]rule, error) {
	rules := make([]rule, len(list))
	for i, r := range list {
		re, err := expr.Compile(r.Regex)
		if err != nil {
			return nil, err
		}
		rules[i] = rule{Rule: r, path: r.Path, re: re, label: "by " + fn.FieldPath("rules", i)}
	}
	return rules, nil
}

// apply replaces in the fields of one object and returns how many changed.
func (r rule) apply(o *fn.Object) (int, error) {
	return o.Edit(r.path, func(at fn.Location, value any) (any, bool, error) {
		text, ok := value.(string)
		if !ok {
			return value, true, nil
		}
		next, err := r.edit(text)
		if err != nil {
			// The reason holds nothing of the text, which may be secret.
			return value, true, errors.New(at.String() + ": " + err.Error())
		}
		return next, true, nil
	})
}

var errBase64 = errors.New("is no base64")

// edit returns what takes the place of the text of a field.
func (r rule) edit(field string) (string, error) {
	if field == "" {
		return field, nil
	}
	text := field
	if r.Base64 {
		raw, err := base64.StdEncoding.DecodeString(field)
		if err != nil {
			return field, errBase64
		}
		text = string(raw)
	}
	next, err := r.editText(text)
	if err != nil || next == text {
		return field, err
	}
	if r.Base64 {
		next = base64.StdEncoding.EncodeToString([]byte(next))
	}
	return next, nil
}

func (r rule) editText(text string) (string, error) {
	replace := func(s string) string { return r.re.ReplaceAllString(s, r.With) }
	if r.Inside == "" {
		return replace(text), nil
	}
	return editInside(r.Inside, text, *r.At, replace)
}
