package hint

import (
	"fmt"
	"strings"
	"testing"
)

// TestRedact: our own words stay, what was put in does not.
func TestRedact(t *testing.T) {
	clean := func(string) string { return "[x]" }
	for _, format := range all() {
		given := strings.NewReplacer("%s", "a/path", "%d", "123").Replace(format)
		want := strings.NewReplacer("%s", "[x]", "%d", "123").Replace(format)
		if got := Redact(given, clean); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for _, other := range []string{"something else", fmt.Sprintf(Truncated, 3) + " and more", Pin + "\n"} {
		if got := Redact(other, clean); got != "[x]" {
			t.Errorf("%q: got %q", other, got)
		}
	}
}
