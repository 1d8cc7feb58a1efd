package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/velero-krm/velero-krm/internal/fndoc"
)

// The columns of the list of functions.
const (
	nameColumn = iota
	phasesColumn
	grantsColumn
	kindsColumn
	summaryColumn
)

const (
	// columnGap is between two columns.
	columnGap = 2
	// readable is how wide the last column has to be for a person to choose by it.
	readable = 40
)

// writeTable has what a reader chooses by; the rest is for describe. No table
// is better than one of a header alone. On a terminal no line is longer than
// one of it: columns are left out, and what a function does is cut.
func writeTable(s Streams, pages []*fndoc.Page) error {
	if len(pages) == 0 {
		return nil
	}
	rows := [][]string{{"NAME", "PHASES", "GRANTS", "KINDS", "WHAT IT DOES"}}
	for _, p := range pages {
		rows = append(rows, []string{p.Name, strings.Join(p.Phases, ","), p.ShortGrants(), p.ShortKinds(), p.Summary})
	}
	short := false
	if s.Width > 0 {
		rows, short = fit(rows, s.Width)
	}
	t := tabwriter.NewWriter(s.Out, 0, 0, columnGap, ' ', 0)
	for _, row := range rows {
		if _, err := io.WriteString(t, strings.Join(row, "\t")+"\n"); err != nil {
			return fmt.Errorf("write list: %w", err)
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write list: %w", err)
	}
	if short {
		newPainter(s).note("Shortened to the terminal: velero-krm fn describe NAME tells all of one, and this list in a pipe all of each.")
	}
	return nil
}

// fit returns the rows without the columns for which there is no place in lines
// of width, the last one cut, and whether anything was left out.
func fit(rows [][]string, width int) (fitted [][]string, short bool) {
	keep := []int{nameColumn, phasesColumn, grantsColumn, kindsColumn, summaryColumn}
	used := func() int {
		sum := 0
		for _, column := range keep[:len(keep)-1] {
			sum += columnGap + widest(rows, column)
		}
		return sum
	}
	if used()+widest(rows, summaryColumn) <= width {
		return rows, false
	}
	for _, column := range []int{kindsColumn, phasesColumn, grantsColumn} {
		if width-used() < readable {
			keep = slices.DeleteFunc(keep, func(c int) bool { return c == column })
		}
	}
	room := max(width-used(), len(dots))
	for _, row := range rows {
		var cells []string
		for _, column := range keep {
			cells = append(cells, row[column])
		}
		cells[len(cells)-1] = cut(cells[len(cells)-1], room)
		fitted = append(fitted, cells)
	}
	return fitted, true
}

func widest(rows [][]string, column int) int {
	width := 0
	for _, row := range rows {
		width = max(width, utf8.RuneCountInString(row[column]))
	}
	return width
}

const dots = "..."

// cut shortens a text at the end of a word.
func cut(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	kept := string(runes[:width-len(dots)])
	if i := strings.LastIndexByte(kept, ' '); i > 0 {
		kept = kept[:i]
	}
	return strings.TrimRight(kept, " ,;:") + dots
}
