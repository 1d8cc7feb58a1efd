// Package paint writes what people read on a terminal: lines, marked words,
// and what changed in an object. The command and the demo share it.
package paint

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/velero-krm/velero-krm/krm"
)

// The marks (ECMA-48 select graphic rendition).
const (
	Red    = "31"
	Green  = "32"
	Yellow = "33"
	Dim    = "2"
	Bold   = "1"
)

// Painter writes lines. That a person cannot be told is no failure, so write
// errors are dropped.
type Painter struct {
	W io.Writer
	// Color marks words; without it the text is plain.
	Color bool
	// Indent stands before every line.
	Indent string
}

// Paint marks s with code.
func (p Painter) Paint(code, s string) string {
	if !p.Color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// Line writes one line.
func (p Painter) Line(format string, args ...any) {
	_, _ = fmt.Fprintf(p.W, p.Indent+format+"\n", args...)
}

// Changes writes which fields of an object changed, each with the value before
// and the value after, or, of a text of several lines, the lines that changed.
// [krm.Diff] has hashed the values of Secrets.
func (p Painter) Changes(changes []krm.FieldChange) {
	for _, c := range changes {
		p.Line("    %s", Printable(c.Path))
		if p.lines(c) {
			continue
		}
		if c.HasBefore {
			p.Line("      %s", p.Paint(Red, "- "+value(c.Before)))
		}
		if c.HasAfter {
			p.Line("      %s", p.Paint(Green, "+ "+value(c.After)))
		}
	}
}

// value renders a value on one line.
func value(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("(%T)", v)
	}
	return Printable(string(data))
}

// Printable drops control characters but line ends and tabs: a function's
// words must not drive the terminal.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}
