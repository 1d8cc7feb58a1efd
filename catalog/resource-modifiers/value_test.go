package resourcemodifiers

import "testing"

// TestTextHasNothingBehindIt refuses what a decoder that stops early would
// take.
func TestTextHasNothingBehindIt(t *testing.T) {
	for _, text := range []Text{"[1]]", `{"a":1}}`, "[1] x", "{} {}", "[]]]"} {
		if v, err := text.value(); err == nil {
			t.Errorf("%q became %v", text, v)
		}
	}
}

func TestYAMLHasNothingBehindIt(t *testing.T) {
	for _, text := range []string{"a: 1\n---\n{bad", "a: 1\n---\nb: 2", "a: 1\n---\n\tx", "a: 1\n...\n%"} {
		if v, err := parseYAML(text); err == nil {
			t.Errorf("%q became %v", text, v)
		}
	}
	for _, text := range []string{"a: 1\n", "---\na: 1\n...\n", "a: 1\n# end\n"} {
		if _, err := parseYAML(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}
