// Package glob is the pattern in which functions of the catalogue name many
// things at once.
package glob

import (
	"errors"
	"strings"
)

// Pattern matches text: "*" stands for any run of characters, the empty one
// and "/" and "." included, "?" for one character, all else for itself. The
// zero Pattern matches only the empty text. It reads itself from text, so that
// a config may have fields of this type.
type Pattern struct{ text string }

// New returns the pattern that text says.
func New(text string) Pattern { return Pattern{text} }

// UnmarshalText reads a pattern, which must not be empty.
func (p *Pattern) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return errors.New("is empty")
	}
	p.text = string(text)
	return nil
}

// String returns the pattern as it was written.
func (p Pattern) String() string { return p.text }

// Literal reports whether the pattern matches one text alone.
func (p Pattern) Literal() bool { return !strings.ContainsAny(p.text, "*?") }

// Match reports whether text is what the pattern says. Its time is at most the
// product of both lengths: no pattern makes it explode.
func (p Pattern) Match(text string) bool {
	pi, ti := 0, 0
	star, mark := -1, 0
	for ti < len(text) {
		switch {
		case pi < len(p.text) && p.text[pi] == '*':
			star, mark = pi, ti
			pi++
		case pi < len(p.text) && (p.text[pi] == '?' || p.text[pi] == text[ti]):
			pi++
			ti++
		case star >= 0:
			// The last star takes one character more.
			mark++
			pi, ti = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(p.text[pi:], "*") == ""
}

// Any reports whether one of the patterns matches text.
func Any(patterns []Pattern, text string) bool {
	for _, p := range patterns {
		if p.Match(text) {
			return true
		}
	}
	return false
}
