package fndoc

import (
	"strings"

	"github.com/velero-krm/velero-krm/krm"
)

// The marks of a line in a diff.
const (
	same    = ' '
	removed = '-'
	added   = '+'
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

// diff compares two texts line by line by their longest common subsequence. It
// takes time and memory of the product of their lengths: examples are short.
func diff(before, after string) []diffLine {
	a, b := lines(before), lines(after)
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []diffLine
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, diffLine{same, a[i]})
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || common[i+1][j] >= common[i][j+1]):
			out = append(out, diffLine{removed, a[i]})
			i++
		default:
			out = append(out, diffLine{added, b[j]})
			j++
		}
	}
	return out
}

func lines(text string) []string {
	if text = strings.TrimRight(text, "\n"); text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
