package paint_test

import (
	"bytes"
	"strings"
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

// TestLines shows what changed in texts of several lines.
func TestLines(t *testing.T) {
	file := "server:\n  port: 80\n  host: a\nlog:\n  level: info\n"
	tests := map[string]struct {
		reason string
		change krm.FieldChange
		want   string
	}{
		"file": {
			reason: "the line that changed, with two around it",
			change: krm.FieldChange{Before: file, HasBefore: true, After: strings.Replace(file, "info", "debug", 1), HasAfter: true},
			want:   "      line 3:\n          host: a\n        log:\n      -   level: info\n      +   level: debug\n",
		},
		"added": {
			reason: "a new file is shown as lines, too",
			change: krm.FieldChange{After: "a\nb\n", HasAfter: true},
			want:   "      line 1:\n      + a\n      + b\n",
		},
		"end": {
			reason: "a missing line end is seen",
			change: krm.FieldChange{Before: "a\nb", HasBefore: true, After: "a\nb\n", HasAfter: true},
			want:   "      line 1:\n        a\n      - b  (no line end)\n      + b\n",
		},
		"invisible": {
			reason: "what cannot be seen is quoted, and drives no terminal",
			change: krm.FieldChange{Before: "a\nb\r\n", HasBefore: true, After: "a \nb\x1b[2J\n", HasAfter: true},
			want:   "      line 1:\n      - a\n      - \"b\\r\"\n      + \"a \"\n      + \"b\\u001b[2J\"\n",
		},
		"one line": {
			reason: "a text of one line is a value like others",
			change: krm.FieldChange{Before: "a\n", HasBefore: true, After: "b\n", HasAfter: true},
			want:   "      - \"a\\n\"\n      + \"b\\n\"\n",
		},
		"no text": {
			reason: "a value of another type has no lines",
			change: krm.FieldChange{Before: 1, HasBefore: true, After: "a\nb", HasAfter: true},
			want:   "      - 1\n      + \"a\\nb\"\n",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			tc.change.Path = "data.file"
			var out bytes.Buffer
			paint.Painter{W: &out}.Changes([]krm.FieldChange{tc.change})
			if diff := cmp.Diff("    data.file\n"+tc.want, out.String()); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}
