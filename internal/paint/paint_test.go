package paint_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/internal/paint"
	"github.com/velero-krm/velero-krm/krm"
)

func TestChanges(t *testing.T) {
	changes := []krm.FieldChange{
		{Path: "spec.host", Before: "old\x1b[2J", HasBefore: true},
		{Path: "spec.port", Before: 80, HasBefore: true, After: 8080, HasAfter: true},
		{Path: "metadata.labels\x1b", After: map[string]any{"a": "\u009b2J"}, HasAfter: true},
	}
	tests := map[string]struct {
		reason string
		color  bool
		want   string
	}{
		"Plain": {
			reason: "control characters of a value do not reach the terminal",
			want: "| " + "    spec.host\n| " + `      - "old\u001b[2J"` + "\n" +
				"|     spec.port\n|       - 80\n|       + 8080\n" +
				"|     metadata.labels\n" + `|       + {"a":"2J"}` + "\n",
		},
		"Color": {
			reason: "what went is red, what came is green", color: true,
			want: "|     spec.host\n|       \x1b[31m" + `- "old\u001b[2J"` + "\x1b[0m\n" +
				"|     spec.port\n|       \x1b[31m- 80\x1b[0m\n|       \x1b[32m+ 8080\x1b[0m\n" +
				"|     metadata.labels\n|       \x1b[32m" + `+ {"a":"2J"}` + "\x1b[0m\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			paint.Painter{W: &out, Color: test.color, Indent: "| "}.Changes(changes)
			if diff := cmp.Diff(test.want, out.String()); diff != "" {
				t.Errorf("%s: -want +got:\n%s", test.reason, diff)
			}
		})
	}
}
