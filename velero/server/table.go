package server

import (
	"fmt"
	"io"
	"strings"
)

// WriteTable writes the edits as a table in Markdown, as README.md has it.
func WriteTable(w io.Writer, edits []Edit) error {
	var b strings.Builder
	b.WriteString("| edit | file | where |\n|---|---|---|\n")
	for _, e := range edits {
		where := fmt.Sprintf("type `%s`, a field", e.Type)
		if e.Type == "" {
			where = fmt.Sprintf("`%s`, %s `%s`", e.Func, e.Where, e.Anchor)
		}
		_, _ = fmt.Fprintf(&b, "| %s | `%s` | %s |\n", e.Name, e.File, where)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
