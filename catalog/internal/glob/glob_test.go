package glob_test

import (
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/catalog/internal/glob"
)

func TestMatch(t *testing.T) {
	tests := map[string]struct {
		yes, no []string
	}{
		"a":             {yes: []string{"a"}, no: []string{"", "b", "aa"}},
		"*":             {yes: []string{"", "a", "a/b.c"}},
		"a*":            {yes: []string{"a", "ab/c"}, no: []string{"", "ba"}},
		"*a":            {yes: []string{"a", "aa", "ba"}, no: []string{"ab"}},
		"a*b*c":         {yes: []string{"abc", "a-b-b-c"}, no: []string{"ac", "abcd"}},
		"?a":            {yes: []string{"aa", "/a"}, no: []string{"a", "aaa"}},
		"example.com/*": {yes: []string{"example.com/", "example.com/a"}, no: []string{"exampleXcom/a"}},
		"**":            {yes: []string{"", "a"}},
	}
	for text, tc := range tests {
		p := glob.New(text)
		for _, s := range tc.yes {
			if !p.Match(s) {
				t.Errorf("%q does not match %q", text, s)
			}
		}
		for _, s := range tc.no {
			if p.Match(s) {
				t.Errorf("%q matches %q", text, s)
			}
		}
	}
}

// TestMatchIsQuick would not end if a pattern of stars took exponential time.
func TestMatchIsQuick(t *testing.T) {
	if glob.New(strings.Repeat("*a", 200) + "b").Match(strings.Repeat("a", 5000)) {
		t.Error("matches what does not end in b")
	}
}

func TestUnmarshalText(t *testing.T) {
	var p glob.Pattern
	if p.UnmarshalText(nil) == nil {
		t.Error("an empty pattern is accepted")
	}
	if err := p.UnmarshalText([]byte("a*")); err != nil || p.String() != "a*" || p.Literal() {
		t.Errorf("got %q, %v", p, err)
	}
}
