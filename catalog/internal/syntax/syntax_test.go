package syntax

import (
	"strings"
	"testing"
)

func TestSyntax(t *testing.T) {
	long := strings.Repeat("a", 63)
	keys := map[string]bool{
		"a": true, "A1.b_c-d": true, long: true, long + "a": false, "": false, "-a": false, "a-": false, "a b": false, "ä": false,
		"example.com/a": true, "a/b": true, "/a": false, "a/": false, "a/b/c": false, "A.com/a": false, "a..b/c": false, "-a.b/c": false,
		"a_b/c": false, long + "a/b": false, strings.Repeat("abc.", 63) + "a/b": true, strings.Repeat("abc.", 64) + "a/b": false,
	}
	for key, want := range keys {
		if got := Key(key); got != want {
			t.Errorf("Key(%q) = %v, want %v", key, got, want)
		}
	}
	names := map[string][2]bool{ // as a subdomain, as a path segment
		"a": {true, true}, "a.b-c": {true, true}, "": {}, ".": {}, "..": {}, "a/b": {}, "a%b": {}, "a b": {}, "A": {false, true}, "a_b": {false, true},
		"system:a": {false, true}, "a.": {false, true}, strings.Repeat("abc.", 64): {},
	}
	for name, want := range names {
		if got := [2]bool{Subdomain(name), PathSegment(name)}; got != want {
			t.Errorf("Subdomain and PathSegment(%q) = %v, want %v", name, got, want)
		}
	}
	values := map[string]bool{"": true, "a": true, long: true, long + "a": false, "1.10": true, ".a": false, "a/b": false, "a\n": false}
	for value, want := range values {
		if got := Value(value); got != want {
			t.Errorf("Value(%q) = %v, want %v", value, got, want)
		}
	}
}

// TestLabelValue compares with what Velero's label.GetValidName gives.
func TestLabelValue(t *testing.T) {
	long := strings.Repeat("a", 64)
	for name, want := range map[string]string{
		"":       "",
		"shop":   "shop",
		long[1:]: long[1:],
		long:     long[:57] + "ffe054",
	} {
		if got := LabelValue(name); got != want {
			t.Errorf("LabelValue(%q) = %q, want %q", name, got, want)
		}
	}
}
