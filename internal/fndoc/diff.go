package fndoc

import (
	"strings"

	"github.com/velero-krm/velero-krm/internal/linediff"
	"github.com/velero-krm/velero-krm/krm"
)

// The marks of a line in a diff.
const (
	same    = linediff.Same
	removed = linediff.Removed
	added   = linediff.Added
)

// diffLine is one line of a diff.
type diffLine struct {
	mark rune
	text string
}

func (l diffLine) String() string {
	return strings.TrimRight(string(l.mark)+" "+l.text, " ")
}

// diffItems compares two lists object by object: those with the same identity,
// and, when as many are left on both sides, those in the same order, as after a
// rename. Others went or came as a whole.
func diffItems(before, after []*krm.Item) ([]diffLine, error) {
	pairs := pair(before, after)
	var out []diffLine
	for i, p := range pairs {
		if i > 0 {
			out = append(out, diffLine{same, "---"})
		}
		was, err := yamlOf(p[0])
		if err != nil {
			return nil, err
		}
		is, err := yamlOf(p[1])
		if err != nil {
			return nil, err
		}
		out = append(out, diff(was, is)...)
	}
	return out, nil
}

// pair returns what belongs together, nil where there is nothing.
func pair(before, after []*krm.Item) [][2]*krm.Item {
	left := map[krm.Identity]*krm.Item{}
	for _, item := range after {
		left[item.Identity()] = item
	}
	pairs := make([][2]*krm.Item, 0, len(before))
	var single []int
	for i, item := range before {
		same := left[item.Identity()]
		delete(left, item.Identity())
		if same == nil {
			single = append(single, i)
		}
		pairs = append(pairs, [2]*krm.Item{item, same})
	}
	renamed := len(single) == len(left)
	for _, item := range after {
		if left[item.Identity()] == nil {
			continue
		}
		if renamed {
			pairs[single[0]][1] = item
			single = single[1:]
			continue
		}
		pairs = append(pairs, [2]*krm.Item{nil, item})
	}
	return pairs
}

// diff compares two texts line by line.
func diff(before, after string) []diffLine {
	var out []diffLine
	for _, l := range linediff.Diff(lines(before), lines(after)) {
		out = append(out, diffLine{l.Mark, l.Text})
	}
	return out
}

func lines(text string) []string { return linediff.Split(strings.TrimRight(text, "\n")) }
