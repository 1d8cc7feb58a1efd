package mapping_test

import (
	"testing"

	"github.com/velero-krm/velero-krm/catalog/internal/mapping"
)

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		table map[string]string
		ok    bool
	}{
		"pairs":             {map[string]string{"a": "b", "c": "b"}, true},
		"any":               {map[string]string{"a": "b", "*": "c"}, true},
		"a name that stays": {map[string]string{"a": "b", "b": "b"}, true},
		"empty old name":    {map[string]string{"": "b"}, false},
		"empty new name":    {map[string]string{"a": ""}, false},
		"chain":             {map[string]string{"a": "b", "b": "c"}, false},
		"swap":              {map[string]string{"a": "b", "b": "a"}, false},
	}
	for name, tc := range tests {
		if err := mapping.Check("m", tc.table); (err == nil) != tc.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLookupTwice checks what makes every function that uses a table
// idempotent: a new name is not moved on.
func TestLookupTwice(t *testing.T) {
	table := mapping.New(map[string]string{"a": "b", "*": "c", "keep": "keep"})
	for name, want := range map[string]string{"a": "b", "b": "", "c": "", "x": "c", "keep": "", "": ""} {
		got, ok := table.Lookup(name)
		if ok != (want != "") || ok && got != want {
			t.Errorf("Lookup(%q) = %q, %v, want %q", name, got, ok, want)
		}
		if again, ok := table.Lookup(got); ok {
			t.Errorf("Lookup(%q) moves %q on to %q", name, got, again)
		}
	}
}
