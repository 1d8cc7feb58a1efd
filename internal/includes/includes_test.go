package includes_test

import (
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/internal/includes"
)

// TestHas has what a reader of a Restore expects. The module velero compares
// all the rest with Velero itself.
func TestHas(t *testing.T) {
	for reason, tc := range map[string]struct {
		included, excluded []string
		yes, no            []string
	}{
		"nothing is said":       {yes: []string{"shop", ""}},
		"everything":            {included: []string{"*"}, yes: []string{"shop"}},
		"a name":                {included: []string{"shop"}, yes: []string{"shop"}, no: []string{"shop-1", "sho", ""}},
		"a pattern":             {included: []string{"shop-*", "web"}, yes: []string{"shop-1", "shop-", "shop-a.b/c", "web"}, no: []string{"shop", "a-shop-1"}},
		"one character":         {included: []string{"shop-?"}, yes: []string{"shop-1", "shop-ä"}, no: []string{"shop-", "shop-10"}},
		"classes":               {included: []string{"shop-[1-3]", "web-[!ab]", "db-[xy]"}, yes: []string{"shop-2", "web-c", "db-y"}, no: []string{"shop-4", "web-a", "db-z"}},
		"braces":                {included: []string{"{shop,w{e,o}b}-?"}, yes: []string{"shop-1", "web-2", "wob-2"}, no: []string{"shop", "wib-1"}},
		"a star that is quoted": {included: []string{`shop\*`}, yes: []string{"shop*"}, no: []string{"shop-1"}},
		"excluded":              {excluded: []string{"*-test"}, yes: []string{"shop"}, no: []string{"shop-test"}},
		"both":                  {included: []string{"shop*"}, excluded: []string{"shop-1"}, yes: []string{"shop-2"}, no: []string{"shop-1", "web"}},
		"not well formed":       {included: []string{"shop-[", "web", "a*"}, yes: []string{"abc"}, no: []string{"web", "shop-["}},
	} {
		set := includes.New(tc.included, tc.excluded)
		for _, name := range tc.yes {
			if !set.Has(name) {
				t.Errorf("%s: %q is not in it", reason, name)
			}
		}
		for _, name := range tc.no {
			if set.Has(name) {
				t.Errorf("%s: %q is in it", reason, name)
			}
		}
	}
}

// TestHasIsQuick would not end if a pattern took exponential time.
func TestHasIsQuick(t *testing.T) {
	name := strings.Repeat("a", 2000)
	for _, pattern := range []string{strings.Repeat("*a", 200) + "b", strings.Repeat("{a,a*,*}", 100) + "b", strings.Repeat("{", 5000)} {
		if includes.New([]string{pattern}, nil).Has(name) {
			t.Errorf("%.20q... has a name that does not end in b", pattern)
		}
	}
}

// FuzzNew reads whatever pattern.
func FuzzNew(f *testing.F) {
	for _, seed := range []string{"shop-*", "a?[b-d]*e", `\[a]`, "{a,{b,c}*}", "[!", "\xff"} {
		f.Add(seed, "shop-1")
	}
	f.Fuzz(func(_ *testing.T, pattern, name string) {
		includes.New([]string{pattern}, []string{pattern}).Has(name)
	})
}
