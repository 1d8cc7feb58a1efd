// Package expr is how functions of the catalogue read regular expressions and
// what is put in the place of what they match.
package expr

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"

	"github.com/velero-krm/velero-krm/fn"
)

// Compile reads an expression in RE2 syntax, whose time is linear in the text
// it is matched with. The error says what is wrong without showing the
// expression.
func Compile(text string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(text)
	if err != nil {
		if e := (*syntax.Error)(nil); errors.As(err, &e) {
			return nil, errors.New("is no regular expression: " + e.Code.String())
		}
		return nil, errors.New("is no regular expression")
	}
	return re, nil
}

// CheckTemplate returns what is wrong with a replacement at a field of a
// config: a reference to what the expression does not capture, which
// regexp.Expand would silently replace by nothing.
func CheckTemplate(field string, re *regexp.Regexp, template string) error {
	var errs []error
	for _, name := range references(template) {
		if n, err := strconv.Atoi(name); err == nil {
			if n > re.NumSubexp() {
				errs = append(errs, fn.Invalid(field, "refers to $"+name+", which the expression does not capture", "write $$ for a dollar sign"))
			}
			continue
		}
		if !slices.Contains(re.SubexpNames(), name) {
			errs = append(errs, fn.Invalid(field, "refers to ${"+name+"}, which the expression does not capture", "write ${1} when text follows the number, and $$ for a dollar sign"))
		}
	}
	return errors.Join(errs...)
}

// references returns the names that regexp.Expand would look up in template.
func references(template string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`\$(?:(\$)|\{([^}]*)\}|(\w*))`).FindAllStringSubmatch(template, -1) {
		switch {
		case m[1] != "":
		case m[2] != "":
			names = append(names, m[2])
		case m[3] != "":
			names = append(names, m[3])
		}
	}
	return names
}
