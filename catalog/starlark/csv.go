package starlark

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

func csvModule() *starlarkstruct.Module {
	return newModule("csv", map[string]builtin{"read_all": readCSV, "write_all": writeCSV})
}

// What it takes to begin, to read a line, a cell and so many bytes, and to write
// a cell: 300 ns for a row, 400 for a cell and up to 40 for a byte that is
// quoted (BenchmarkSteps, 2026-11-22).
const (
	csvSteps, lineSteps, cellSteps = 50, 4, 4
	csvRead, csvWritten            = 8, 4
)

func readCSV(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text, comma, comment string
	var lazyQuotes, trimSpace bool
	var fields, skip int
	err := starlark.UnpackArgs(b.Name(), args, kwargs, "source", &text, "comma?", &comma, "comment?", &comment,
		"lazy_quotes?", &lazyQuotes, "trim_leading_space?", &trimSpace, "fields_per_record?", &fields, "skip?", &skip)
	if err != nil {
		return nil, err
	}
	if len(text) > maxBytes {
		return nil, wrapIn(b, errText)
	}
	if comma == "" {
		comma = ","
	}
	lines, cells := strings.Count(text, "\n")+strings.Count(text, "\r"), strings.Count(text, comma)
	if err := spend(thread, uint64(csvSteps+lines*lineSteps+cells*cellSteps+len(text)/csvRead)); err != nil {
		return nil, err
	}
	r := csv.NewReader(strings.NewReader(lineEnds(text)))
	r.LazyQuotes, r.TrimLeadingSpace, r.FieldsPerRecord = lazyQuotes, trimSpace, fields
	if r.Comma, err = character("comma", comma); err != nil {
		return nil, wrapIn(b, err)
	}
	if comment != "" {
		if r.Comment, err = character("comment", comment); err != nil {
			return nil, wrapIn(b, err)
		}
	}
	if r.Comment == r.Comma {
		return nil, wrapIn(b, errors.New("comma and comment must differ"))
	}
	rows, err := rowsOf(r, skip)
	return rows, wrapIn(b, err)
}

// lineEnds makes a line end of each \r.
func lineEnds(text string) string {
	if !strings.Contains(text, "\r") {
		return text
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// character returns the one character of a text, which separates.
func character(name, text string) (rune, error) {
	if len(text) != 1 || text[0] >= utf8.RuneSelf {
		return 0, fmt.Errorf("%s must be one ASCII character", name)
	}
	if strings.ContainsAny(text, "\x00\"\r\n") {
		return 0, fmt.Errorf("%s must be no quote and no end of a line", name)
	}
	return rune(text[0]), nil
}

// skipRows reads rows that may be malformed, and have any number of cells. Only
// the rows that are kept are compared with each other.
func skipRows(r *csv.Reader, skip int) error {
	fields := r.FieldsPerRecord
	r.FieldsPerRecord = -1
	for range skip {
		_, err := r.Read()
		if wrong := (*csv.ParseError)(nil); err != nil && !errors.As(err, &wrong) {
			return err
		}
	}
	r.FieldsPerRecord = fields
	return nil
}

// rowsOf reads rows, as lists of strings.
func rowsOf(r *csv.Reader, skip int) (starlark.Value, error) {
	var rows []starlark.Value
	parts, err := 0, skipRows(r, skip)
	for err == nil {
		var row []string
		if row, err = r.Read(); err != nil {
			break
		}
		cells := make([]starlark.Value, len(row))
		for i, cell := range row {
			cells[i] = starlark.String(cell)
		}
		rows = append(rows, starlark.NewList(cells))
		if parts += 1 + len(cells); parts > maxParts {
			return nil, errText
		}
	}
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return starlark.NewList(rows), nil
}

func writeCSV(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var source starlark.Iterable
	var comma string
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "source", &source, "comma?", &comma); err != nil {
		return nil, err
	}
	separator := ','
	if comma != "" {
		var err error
		if separator, err = character("comma", comma); err != nil {
			return nil, wrapIn(b, err)
		}
	}
	var m measure
	if err := m.value(source); err != nil {
		return nil, wrapIn(b, err)
	}
	if err := spend(thread, uint64(csvSteps+m.parts*cellSteps+m.bytes/csvWritten)); err != nil {
		return nil, err
	}
	var out strings.Builder
	w := csv.NewWriter(&out)
	w.Comma = separator
	for row := range starlark.Elements(source) {
		cells, err := cellsOf(row)
		if err != nil {
			return nil, wrapIn(b, err)
		}
		if err := w.Write(cells); err != nil {
			return nil, wrapIn(b, err)
		}
	}
	w.Flush()
	return starlark.String(out.String()), nil
}

func cellsOf(row starlark.Value) ([]string, error) {
	list, ok := listOf(row)
	if !ok {
		return nil, fmt.Errorf("a row must be a list, is a %s", row.Type())
	}
	var cells []string
	for i := range list.Len() {
		switch cell := list.Index(i).(type) {
		case starlark.String, starlark.Bool, starlark.Float, starlark.Int:
			v, _ := plain(cell)
			if large, ok := cell.(starlark.Int); ok {
				v = large
			}
			cells = append(cells, fmt.Sprint(v))
		default:
			return nil, fmt.Errorf("a cell must be text, a number or a boolean, is a %s", cell.Type())
		}
	}
	return cells, nil
}
