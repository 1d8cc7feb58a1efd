package linediff_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/internal/linediff"
)

func text(lines []linediff.Line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(string(l.Mark) + l.Text + "\n")
	}
	return b.String()
}

func TestDiff(t *testing.T) {
	tests := map[string]struct{ reason, before, after, want string }{
		"equal":     {"nothing changed", "a\nb", "a\nb", " a\n b\n"},
		"one":       {"the line that changed", "a\nb\nc", "a\nx\nc", " a\n-b\n+x\n c\n"},
		"added":     {"at the start and the end", "b", "a\nb\nc", "+a\n b\n+c\n"},
		"none":      {"from nothing", "", "a", "+a\n"},
		"two":       {"what is between two changes is equal", "a\nb\nc\nd", "x\nb\nc\ny", "-a\n+x\n b\n c\n-d\n+y\n"},
		"repeated":  {"the common start and end do not overlap", "a\na", "a\na\na", " a\n a\n+a\n"},
		"all other": {"nothing in common", "a\nb", "x", "-a\n-b\n+x\n"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := text(linediff.Diff(linediff.Split(tc.before), linediff.Split(tc.after)))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestTooMuch is about texts whose table would not fit into memory.
func TestTooMuch(t *testing.T) {
	lines := func(prefix string) []string {
		list := make([]string, 20000)
		for i := range list {
			list[i] = fmt.Sprint(prefix, i)
		}
		return append(append([]string{"first"}, list...), "last")
	}
	got := linediff.Diff(lines("a"), lines("b"))
	if len(got) != 40002 || got[0].Mark != linediff.Same || got[1].Mark != linediff.Removed || got[40001].Mark != linediff.Same {
		t.Errorf("got %d lines", len(got))
	}
}

// TestBothSides: a diff has all lines of both texts, in order, and its hunks all
// that changed.
func TestBothSides(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test that repeats
	some := func() []string {
		list := make([]string, random.IntN(12))
		for i := range list {
			list[i] = string(rune('a' + random.IntN(4)))
		}
		return list
	}
	side := func(lines []linediff.Line, without rune) []string {
		list := []string{}
		for _, l := range lines {
			if l.Mark != without {
				list = append(list, l.Text)
			}
		}
		return list
	}
	for range 2000 {
		before, after := some(), some()
		lines := linediff.Diff(before, after)
		if !slices.Equal(side(lines, linediff.Added), before) || !slices.Equal(side(lines, linediff.Removed), after) {
			t.Fatalf("%q and %q became %q", before, after, lines)
		}
		changed := 0
		for _, h := range linediff.Hunks(lines, 1) {
			for n, l := range h.Lines {
				if l.Mark != linediff.Same {
					changed++
				}
				if n == 0 && l.Mark != linediff.Added && before[h.Line-1] != l.Text {
					t.Fatalf("%q and %q: line %d is not %q", before, after, h.Line, l.Text)
				}
			}
		}
		all := 0
		for _, l := range lines {
			if l.Mark != linediff.Same {
				all++
			}
		}
		if changed != all {
			t.Fatalf("%q and %q: %d of %d changes are in the hunks", before, after, changed, all)
		}
	}
}

func TestHunks(t *testing.T) {
	before := "a\nb\nc\nd\ne\nf\ng\nh\ni\nj"
	after := "a\nb\nc\nX\ne\nf\ng\nh\ni\nj\nk"
	var got strings.Builder
	for _, h := range linediff.Hunks(linediff.Diff(linediff.Split(before), linediff.Split(after)), 2) {
		fmt.Fprintf(&got, "%d\n%s", h.Line, text(h.Lines))
	}
	want := "2\n b\n c\n-d\n+X\n e\n f\n9\n i\n j\n+k\n"
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
