package paint

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/velero-krm/velero-krm/internal/linediff"
	"github.com/velero-krm/velero-krm/krm"
)

// linesAround is how many equal lines stand around those that changed.
const linesAround = 2

// lines writes a change of a text of several lines, such as a file in a
// ConfigMap, line by line. It reports false, and writes nothing, for others.
func (p Painter) lines(c krm.FieldChange) bool {
	before, wasText := text(c.Before, c.HasBefore)
	after, isText := text(c.After, c.HasAfter)
	if !wasText || !isText || !severalLines(before) && !severalLines(after) {
		return false
	}
	for _, h := range linediff.Hunks(linediff.Diff(split(before), split(after)), linesAround) {
		p.Line("      %s", p.Paint(Dim, fmt.Sprintf("line %d:", h.Line)))
		for _, l := range h.Lines {
			p.textLine(l)
		}
	}
	return true
}

// text returns a value that is one, and the empty text for one that is not
// there.
func text(v any, there bool) (string, bool) {
	if !there {
		return "", true
	}
	s, ok := v.(string)
	return s, ok
}

func severalLines(s string) bool { return strings.Contains(strings.TrimSuffix(s, "\n"), "\n") }

// noEnd is what the last line of a text gets that does not end it, so that it
// differs from one that does. It is no character of a text.
const noEnd = "\x00"

func split(s string) []string {
	lines := linediff.Split(s)
	if len(lines) > 0 && !strings.HasSuffix(s, "\n") {
		lines[len(lines)-1] += noEnd
	}
	return lines
}

func (p Painter) textLine(l linediff.Line) {
	shown, open := strings.CutSuffix(l.Text, noEnd)
	shown = visible(shown)
	if open && l.Mark != linediff.Same {
		shown += "  " + p.Paint(Dim, "(no line end)")
	}
	line := strings.TrimRight(string(l.Mark)+" "+shown, " ")
	switch l.Mark {
	case linediff.Removed:
		line = p.Paint(Red, line)
	case linediff.Added:
		line = p.Paint(Green, line)
	}
	p.Line("      %s", line)
}

// visible returns a line as it is, or quoted when a part of it could not be
// seen: what differs in nothing else would look the same.
func visible(line string) string {
	if Printable(line) == line && strings.TrimRight(line, " \t") == line {
		return line
	}
	quoted, err := json.Marshal(line)
	if err != nil {
		return Printable(line) // text always encodes
	}
	return Printable(string(quoted))
}
