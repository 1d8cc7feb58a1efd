package replace

import (
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/fn"
)

// FuzzInside checks, for whatever text is well formed, that what is written is
// well formed and says what was meant: every value at the path replaced, all
// else as it was.
func FuzzInside(f *testing.F) {
	for _, seed := range []string{
		"a:\n  b: old # c\n", `{"a": {"b": "old"}}`, "a: {b: 'old''s', c: [old]}", "a:\n  b: |\n    old\n    x\n", "a: &x {b: old}\nc: *x\n",
		"a: {b: !!str 5}\n", "? a\n: b: old\n", "a: {b: \"o\\x6cd\"}", "---\na: {b: old}\n---\na: {b: ä old}\n...\n", "a: {b: old\u2028x}",
	} {
		f.Add(seed, "new: [")
	}
	p, err := fn.ParsePath("a.b")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text, with string) {
		if strings.Contains(with, "old") {
			return
		}
		for _, format := range []string{formatYAML, formatJSON} {
			got, err := editInside(format, text, p, func(s string) string { return strings.ReplaceAll(s, "old", with) })
			if err != nil {
				if got != text {
					t.Fatalf("%s: failed and changed the text: %v", format, err)
				}
				continue
			}
			again, err := editInside(format, got, p, func(s string) string { return strings.ReplaceAll(s, "old", with) })
			if err != nil || again != got && !strings.Contains(with, "o") && !strings.Contains(with, "d") {
				t.Fatalf("%s: second run: %q became %q: %v", format, got, again, err)
			}
		}
	})
}
