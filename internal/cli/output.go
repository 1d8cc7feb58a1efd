package cli

import (
	"bytes"
	"fmt"
	"io"

	"github.com/velero-krm/velero-krm/krm"
)

// writeItems writes the list in one go, so that an error in the middle of
// encoding leaves nothing half written.
func writeItems(w io.Writer, items []*krm.Item, format string) error {
	var buf bytes.Buffer
	if format == "json" {
		writeJSON(&buf, items)
	} else if err := krm.WriteYAML(&buf, items); err != nil {
		return fmt.Errorf("encode objects: %w", err)
	}
	if _, err := w.Write(buf.Bytes()); err != nil {
		return fmt.Errorf("write objects: %w", err)
	}
	return nil
}

// writeJSON writes a List, as kubectl prints and reads it. Objects keep the
// bytes they came with.
func writeJSON(buf *bytes.Buffer, items []*krm.Item) {
	buf.WriteString(`{"apiVersion":"v1","kind":"List","items":[`)
	for i, it := range items {
		if i > 0 {
			buf.WriteByte(',')
		}
		buf.WriteByte('\n')
		buf.Write(bytes.TrimSpace(it.Raw()))
	}
	if len(items) > 0 {
		buf.WriteByte('\n')
	}
	buf.WriteString("]}\n")
}
