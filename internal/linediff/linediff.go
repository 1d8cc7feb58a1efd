package linediff

import "strings"

// The marks of a line.
const (
	Same    = ' '
	Removed = '-'
	Added   = '+'
)

// Line is one line of a diff, with its mark and without its end.
type Line struct {
	Mark rune
	Text string
}

// maxCells bounds the table of Diff: 4 MiB.
const maxCells = 1 << 20

// Diff compares two lists of lines by their longest common subsequence. What is
// equal at the start and the end is not looked at; when the rest of both is more
// than a thousand lines by a thousand, it counts as replaced as a whole.
func Diff(a, b []string) []Line {
	start := 0
	for start < min(len(a), len(b)) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < min(len(a), len(b))-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	out := marked(nil, Same, a[:start])
	was, is := a[start:len(a)-end], b[start:len(b)-end]
	if len(was)*len(is) > maxCells {
		out = marked(marked(out, Removed, was), Added, is)
	} else {
		out = append(out, compare(was, is)...)
	}
	return marked(out, Same, a[len(a)-end:])
}

func marked(out []Line, mark rune, lines []string) []Line {
	for _, line := range lines {
		out = append(out, Line{mark, line})
	}
	return out
}

// compare fills a table with the length of the longest common subsequence of
// each pair of ends.
func compare(a, b []string) []Line {
	common := make([][]int32, len(a)+1)
	for i := range common {
		common[i] = make([]int32, len(b)+1)
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
	var out []Line
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, Line{Same, a[i]})
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || common[i+1][j] >= common[i][j+1]):
			out = append(out, Line{Removed, a[i]})
			i++
		default:
			out = append(out, Line{Added, b[j]})
			j++
		}
	}
	return out
}

// Hunk is a run of lines that changed, with equal ones around it.
type Hunk struct {
	// Line is the number of its first line in the text before, from 1; in the
	// text after where there is none before.
	Line  int
	Lines []Line
}

// Hunks returns the changes of a diff, each with up to around equal lines before
// and after it; changes that are nearer to each other stand in one.
func Hunks(lines []Line, around int) []Hunk {
	var hunks []Hunk
	number, last := 1, -1 // number of the line in the text before; index behind the last hunk
	for i, l := range lines {
		if l.Mark != Same {
			from := max(i-around, last, 0)
			if last >= 0 && from <= last {
				h := &hunks[len(hunks)-1]
				h.Lines = append(h.Lines, lines[last:i+1]...)
			} else {
				hunks = append(hunks, Hunk{Line: number - (i - from), Lines: append([]Line(nil), lines[from:i+1]...)})
			}
			last = i + 1
			// What follows belongs to it as well.
			for n := 0; n < around && last < len(lines) && lines[last].Mark == Same; n++ {
				h := &hunks[len(hunks)-1]
				h.Lines = append(h.Lines, lines[last])
				last++
			}
		}
		if l.Mark != Added {
			number++
		}
	}
	return hunks
}

// Split returns the lines of a text without their ends.
func Split(text string) []string {
	if text = strings.TrimSuffix(text, "\n"); text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
