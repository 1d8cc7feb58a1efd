package starlark

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

func csvModule() *starlarkstruct.Module {
	return newModule("csv", map[string]builtin{"read_all": readCSV, "write_all": writeCSV})
}

// csvBytes is how many bytes of CSV are read or written in one step.
const csvBytes = 16

func readCSV(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text, comma, comment string
	var lazyQuotes, trimSpace bool
	var fields, skip int
	err := starlark.UnpackArgs(b.Name(), args, kwargs, "source", &text, "comma?", &comma, "comment?", &comment,
		"lazy_quotes?", &lazyQuotes, "trim_leading_space?", &trimSpace, "fields_per_record?", &fields, "skip?", &skip)
	if err != nil {
		return nil, err
	}
	if err := takeText(thread, b, text, csvBytes); err != nil {
		return nil, err
	}
	r := csv.NewReader(strings.NewReader(lineEnds(text)))
	r.LazyQuotes, r.TrimLeadingSpace, r.FieldsPerRecord = lazyQuotes, trimSpace, fields
	if r.Comma, err = character("comma", comma, ','); err != nil {
		return nil, wrapIn(b, err)
	}
	if r.Comment, err = character("comment", comment, 0); err != nil {
		return nil, wrapIn(b, err)
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

// character returns the one character of a text, or what stands for none.
func character(name, text string, none rune) (rune, error) {
	if text == "" {
		return none, nil
	}
	if len(text) > 1 {
		return 0, fmt.Errorf("%s must be one ASCII character", name)
	}
	return rune(text[0]), nil
}

// rowsOf reads rows, as lists of strings. Those that are skipped may be
// malformed.
func rowsOf(r *csv.Reader, skip int) (starlark.Value, error) {
	var rows []starlark.Value
	parts := 0
	for n := 0; ; n++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return starlark.NewList(rows), nil
		}
		if n < skip {
			continue
		}
		if err != nil {
			return nil, err
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
}

func writeCSV(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var source starlark.Iterable
	var comma string
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "source", &source, "comma?", &comma); err != nil {
		return nil, err
	}
	var m measure
	if err := m.value(source); err != nil {
		return nil, wrapIn(b, err)
	}
	if err := spend(thread, uint64(m.parts*partSteps+m.bytes/csvBytes)); err != nil {
		return nil, err
	}
	var out strings.Builder
	w := csv.NewWriter(&out)
	var err error
	if w.Comma, err = character("comma", comma, ','); err != nil {
		return nil, wrapIn(b, err)
	}
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
