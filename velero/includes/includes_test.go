package includes_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/velero-krm/velero-krm/internal/includes"
	"github.com/vmware-tanzu/velero/pkg/util/collections"
)

// texts returns every text of up to size pieces.
func texts(pieces []string, size int) []string {
	all := []string{""}
	for last := all; size > 0; size-- {
		var longer []string
		for _, text := range last {
			for _, piece := range pieces {
				longer = append(longer, text+piece)
			}
		}
		all, last = append(all, longer...), longer
	}
	return all
}

// compare asks both for every name and stops at the first difference.
func compare(t *testing.T, included, excluded, names []string) {
	t.Helper()
	theirs := collections.NewIncludesExcludes().Includes(included...).Excludes(excluded...)
	ours := includes.New(included, excluded)
	for _, name := range names {
		if want, got := theirs.ShouldInclude(name), ours.Has(name); want != got {
			t.Errorf("included %q, excluded %q: %q is in it: Velero says %v, got %v", included, excluded, name, want, got)
			return
		}
	}
}

// TestEveryShortPattern takes every pattern of up to five pieces and every name
// of up to five letters.
func TestEveryShortPattern(t *testing.T) {
	names := texts([]string{"a", "b"}, 5)[1:]
	for _, pattern := range texts([]string{"a", "b", "*", "?", "[b-z]"}, 5)[1:] {
		compare(t, []string{pattern}, nil, names)
		if t.Failed() {
			return
		}
	}
}

func TestLists(t *testing.T) {
	names := slices.Concat(texts([]string{"shop", "web", "-", "1"}, 4)[1:], []string{"pods", "pod", "po", "deployments.apps", "a.b/c", "ä", "z"})
	for reason, tc := range map[string]struct{ included, excluded []string }{
		"nothing":                           {},
		"everything":                        {included: []string{"*"}},
		"everything and one":                {included: []string{"*", "shop"}},
		"nothing is left":                   {excluded: []string{"*"}},
		"what is excluded goes first":       {[]string{"shop*"}, []string{"shop-1"}},
		"excluded by a pattern":             {nil, []string{"shop-?", "*web"}},
		"both by patterns":                  {[]string{"shop*", "web*"}, []string{"*-1"}},
		"an empty text":                     {included: []string{""}},
		"what stands before a bad one":      {included: []string{"web", "shop-[", "abc"}},
		"what comes after a bad one":        {included: []string{"[", "web", "shop*"}},
		"a bad one excludes nothing":        {nil, []string{"[", "web"}},
		"a class that is empty":             {included: []string{"shop[]", "web"}},
		"a class that is not closed":        {included: []string{"shop[a", "web"}},
		"a range that is turned round":      {included: []string{"shop-[9-0]", "web"}},
		"a range and more":                  {included: []string{"shop-[0-9a]", "web"}},
		"all but some":                      {included: []string{"shop-[!2-9]", "web[!-]*"}},
		"a class of a minus":                {included: []string{"shop[-x]1"}},
		"a class of a bracket":              {included: []string{"shop[]-a]", "[w]eb"}},
		"braces":                            {included: []string{"{shop,web}-*"}},
		"braces with patterns":              {included: []string{"*-{1,w?b}"}},
		"braces that are not closed":        {included: []string{"{shop,web"}},
		"braces and commas outside":         {included: []string{"shop},", "we,b"}},
		"quoted":                            {included: []string{`sh\op`, `\*`, `web\`}},
		"quoted in a class":                 {included: []string{`[\s]hop`, `web[\-]`}},
		"two stars":                         {included: []string{"**shop**"}},
		"a dot and a slash are like others": {included: []string{"d*s", "a?b?c", "a*"}},
		"not of one byte":                   {included: []string{"?", "[ä-ö]", "[!x]"}},
		"a class of one before a star":      {included: []string{"[s]*[p]"}},
		"ends that overlap":                 {included: []string{"shop-*-shop", "web*b"}},
		"no text":                           {included: []string{"shop\xff", "web"}},
	} {
		t.Run(reason, func(t *testing.T) { compare(t, tc.included, tc.excluded, names) })
	}
}

// FuzzPattern has no braces, no classes that are turned round and no characters
// of number 0: there the library of Velero differs from what it says about
// itself, in patterns that nobody would write.
func FuzzPattern(f *testing.F) {
	for _, seed := range []string{"shop-*", "a?[b-d]*e", `\[a]`, "*-*-*", "[", "a*b**c"} {
		f.Add(seed, "shop-1")
		f.Add(seed, "abcde")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if name == "" || strings.ContainsAny(pattern, "{}!\x00") || !utf8.ValidString(name) || strings.Contains(name, "\ufffd") {
			t.Skip("no name, or a pattern that is not compared")
		}
		compare(t, []string{pattern}, nil, []string{name})
		compare(t, nil, []string{pattern}, []string{name})
	})
}
