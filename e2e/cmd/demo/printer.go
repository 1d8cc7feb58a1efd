package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
)

// printer writes what a person reads. That it cannot be written is no failure
// of the demo.
type printer struct {
	w      io.Writer
	colour bool
}

const (
	bold  = "1"
	red   = "31"
	green = "32"
	faint = "2"
)

func (p *printer) paint(code, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// step announces what is about to be done.
func (p *printer) step(format string, args ...any) {
	_, _ = fmt.Fprintln(p.w, p.paint(bold, "==> "+fmt.Sprintf(format, args...)))
}

// line writes one line below a step.
func (p *printer) line(format string, args ...any) {
	_, _ = fmt.Fprintf(p.w, "    "+format+"\n", args...)
}

// object writes what became of one object.
func (p *printer) object(id krm.Identity, changes []krm.FieldChange) {
	if len(changes) == 0 {
		p.line("%s  %s", id, p.paint(faint, "as it was"))
		return
	}
	p.line("%s", p.paint(bold, id.String()))
	for _, c := range changes {
		p.line("    %s", c.Path)
		if c.HasBefore {
			p.line("      %s", p.paint(red, "- "+value(c.Before)))
		}
		if c.HasAfter {
			p.line("      %s", p.paint(green, "+ "+value(c.After)))
		}
	}
}

// value renders a value on one line.
func value(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("(%T)", v)
	}
	return strings.TrimSpace(string(data))
}
