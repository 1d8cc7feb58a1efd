package main

import (
	"fmt"

	"github.com/velero-krm/velero-krm/internal/paint"
	"github.com/velero-krm/velero-krm/krm"
)

// printer writes what a person reads.
type printer struct{ paint.Painter }

// step announces what is about to be done.
func (p *printer) step(format string, args ...any) {
	_, _ = fmt.Fprintln(p.W, p.Paint(paint.Bold, "==> "+fmt.Sprintf(format, args...)))
}

// object writes what became of one object.
func (p *printer) object(id krm.Identity, changes []krm.FieldChange) {
	if len(changes) == 0 {
		p.Line("%s  %s", id, p.Paint(paint.Dim, "as it was"))
		return
	}
	p.Line("%s", p.Paint(paint.Bold, id.String()))
	p.Changes(changes)
}
