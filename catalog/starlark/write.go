package starlark

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"go.starlark.net/starlark"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/internal/jsontext"
)

const (
	// maxParts and maxBytes bound what one object may hold: a script can make a
	// small value that is huge when written.
	maxParts = 1 << 20
	maxBytes = 64 << 20
	// maxDepth is what an item may nest (krm.NewItem).
	maxDepth = 1000
)

// writer writes what a script made of an object, over the object as it came:
// what is the same is copied as it stands, so that numbers keep their digits,
// and keys their order.
type writer struct {
	was jsontext.Reader
	out []byte
	// changed is set where something differs. The order of keys does not count.
	changed      bool
	parts, depth int
	// mappings are those that are open, step is overEntry.
	mappings []mapping
	step     func(k, v starlark.Value) bool
	// at is where it failed, innermost first. tells reports whether a key may be
	// told; nil: all.
	at    []any
	tells func(text string) bool
}

// rewrite writes what became of an object, and reports whether it changed. The
// result is valid until the next call.
func (w *writer) rewrite(was []byte, d *starlark.Dict) ([]byte, bool, error) {
	*w = writer{was: jsontext.Reader{Data: was}, out: w.out[:0], mappings: w.mappings[:0], step: w.step, tells: w.tells}
	err := w.over(d)
	return w.out, w.changed, w.locate(err)
}

// write writes a new object.
func (w *writer) write(d *starlark.Dict) ([]byte, error) {
	*w = writer{out: w.out[:0], tells: w.tells}
	err := w.value(d)
	return w.out, w.locate(err)
}

// maxShown bounds a location in a message; what holds itself has a long one.
const maxShown = 16

func (w *writer) locate(err error) error {
	if err == nil || len(w.at) == 0 {
		return err
	}
	slices.Reverse(w.at)
	return fmt.Errorf("%s: %w", fn.FieldPath(w.at[:min(len(w.at), maxShown)]...), err)
}

// in notes where err happened. A key may be made of a value of a Secret.
func (w *writer) in(elem any, err error) error {
	if key, ok := elem.(string); ok && w.tells != nil && !w.tells(key) {
		elem = "..."
	}
	w.at = append(w.at, elem)
	return err
}

var errLarge = errors.New("the value is too large, or holds itself")

func (w *writer) count() error {
	if w.parts++; w.parts > maxParts || w.depth > maxDepth || len(w.out) > maxBytes {
		return errLarge
	}
	return nil
}

// over writes v in place of the next value of the object as it came.
func (w *writer) over(v starlark.Value) error {
	kind := w.was.Kind()
	if d, ok := v.(*starlark.Dict); ok && kind == '{' {
		return w.overDict(d)
	}
	if list, ok := listOf(v); ok && kind == '[' {
		return w.overList(list)
	}
	if text, ok := v.(starlark.String); ok && kind == '"' {
		return w.overText(text)
	}
	if old := w.was.Skip(); same(v, old) {
		w.out = append(w.out, old...)
		return w.count()
	}
	w.changed = true
	return w.value(v)
}

func (w *writer) overText(v starlark.String) error {
	start := w.was.Pos
	if content, plain := w.was.Text(); jsontext.Is(content, plain, string(v)) {
		w.out = append(w.out, w.was.Data[start:w.was.Pos]...)
		return w.count()
	}
	w.changed = true
	return w.value(v)
}

// same reports whether a script left a value that is no mapping, list or text.
func same(v starlark.Value, was []byte) bool {
	switch was[0] {
	case '{', '[', '"':
		return false
	case 't':
		return v == starlark.True
	case 'f':
		return v == starlark.False
	case 'n':
		return v == starlark.None
	}
	equal, err := starlark.Equal(v, number(string(was)))
	return err == nil && equal
}

// mapping is one that is being written over.
type mapping struct {
	// n is how many entries were written.
	n int
	// ended means that the mapping as it came has no further key, apart that its
	// next key is another than the dict's.
	ended, apart bool
	err          error
}

// overDict goes through both in step for as long as the keys are the same: a
// dict keeps the order in which it was made, and new keys come last.
func (w *writer) overDict(d *starlark.Dict) error {
	if err := w.open('{'); err != nil {
		return err
	}
	start := w.was
	w.was.Open()
	w.mappings = append(w.mappings, mapping{})
	if w.step == nil {
		w.step = w.overEntry
	}
	d.Entries()(w.step)
	last := len(w.mappings) - 1
	m := w.mappings[last]
	w.mappings = w.mappings[:last]
	switch {
	case m.err != nil:
		return m.err
	case m.apart:
		return w.overRest(d, start, m.n)
	}
	for !m.ended && w.was.More() {
		w.changed = true
		w.was.Key()
		w.was.Skip()
	}
	if m.n == d.Len() {
		w.close('}')
		return nil
	}
	return w.added(d, m.n, m.n, nil)
}

// overEntry writes one entry of the innermost mapping, if its key is the next
// one there, too. It is a method and not a loop in overDict, whose variables
// would be allocated for each mapping: a fifth of the time (BenchmarkRewrite).
func (w *writer) overEntry(k, v starlark.Value) bool {
	m := &w.mappings[len(w.mappings)-1]
	if !w.was.More() {
		m.ended = true
		return false
	}
	at := w.was.Pos
	key, plain := w.was.Key()
	if text, ok := k.(starlark.String); !ok || !jsontext.Is(key, plain, string(text)) {
		w.was.Pos, m.apart = at, true
		return false
	}
	if err := w.entry(m.n, key, v); err != nil {
		w.mappings[len(w.mappings)-1].err = err
		return false
	}
	// What is within may have moved m.
	w.mappings[len(w.mappings)-1].n++
	return true
}

// overRest goes on where keys were removed, added or moved, after n entries.
func (w *writer) overRest(d *starlark.Dict, start jsontext.Reader, n int) error {
	inStep := n
	for w.was.More() {
		key, plain := w.was.Key()
		v, ok, _ := d.Get(starlark.String(jsontext.Decode(key, plain)))
		if !ok {
			w.changed = true
			w.was.Skip()
			continue
		}
		if err := w.entry(n, key, v); err != nil {
			return err
		}
		n++
	}
	before := map[string]bool{}
	for start.Open(); start.More(); start.Skip() {
		before[jsontext.Decode(start.Key())] = true
	}
	return w.added(d, inStep, n, before)
}

// entry writes the n-th entry of a mapping, with the key as it came.
func (w *writer) entry(n int, key []byte, v starlark.Value) error {
	w.comma(n)
	w.out = append(w.out, '"')
	w.out = append(w.out, key...)
	w.out = append(w.out, '"', ':')
	if err := w.over(v); err != nil {
		return w.in(jsontext.Decode(key, false), err)
	}
	return nil
}

// added writes the entries from the one of this index on whose keys were not
// there before, after n others, and the end of the mapping.
func (w *writer) added(d *starlark.Dict, index, n int, before map[string]bool) error {
	for k, v := range d.Entries() {
		if index--; index >= 0 {
			continue
		}
		key, ok := k.(starlark.String)
		if !ok {
			return errors.New("a key is no text, but a " + k.Type())
		}
		if !utf8.ValidString(string(key)) {
			return errors.New("a key is no UTF-8")
		}
		if before[string(key)] {
			continue
		}
		w.changed = true
		w.comma(n)
		n++
		w.out = append(jsontext.AppendString(w.out, string(key)), ':')
		if err := w.value(v); err != nil {
			return w.in(string(key), err)
		}
	}
	w.close('}')
	return nil
}

func (w *writer) overList(list starlark.Indexable) error {
	if err := w.open('['); err != nil {
		return err
	}
	n := 0
	for w.was.Open(); w.was.More(); {
		if n == list.Len() {
			w.changed = true
			w.was.Skip()
			continue
		}
		w.comma(n)
		if err := w.over(list.Index(n)); err != nil {
			return w.in(n, err)
		}
		n++
	}
	w.changed = w.changed || n < list.Len()
	return w.elements(list, n)
}

// elements writes those of a list from n on, and the end of the list.
func (w *writer) elements(list starlark.Indexable, n int) error {
	for ; n < list.Len(); n++ {
		w.comma(n)
		if err := w.value(list.Index(n)); err != nil {
			return w.in(n, err)
		}
	}
	w.close(']')
	return nil
}

func (w *writer) open(bracket byte) error {
	w.depth++
	w.out = append(w.out, bracket)
	return w.count()
}

func (w *writer) close(bracket byte) {
	w.depth--
	w.out = append(w.out, bracket)
}

func (w *writer) comma(n int) {
	if n > 0 {
		w.out = append(w.out, ',')
	}
}

// value writes what was not there before.
func (w *writer) value(v starlark.Value) error {
	if err := w.count(); err != nil {
		return err
	}
	switch v := v.(type) {
	case starlark.NoneType:
		w.out = append(w.out, "null"...)
	case starlark.Bool:
		w.out = strconv.AppendBool(w.out, bool(v))
	case starlark.String:
		if !utf8.ValidString(string(v)) {
			return errors.New("the text is no UTF-8")
		}
		w.out = jsontext.AppendString(w.out, string(v))
	case starlark.Int:
		w.out = append(w.out, v.String()...)
	case starlark.Float:
		return w.float(float64(v))
	case *starlark.Dict:
		if err := w.open('{'); err != nil {
			return err
		}
		return w.added(v, 0, 0, nil)
	default:
		list, ok := listOf(v)
		if !ok {
			return errors.New("no field can hold a " + v.Type())
		}
		if err := w.open('['); err != nil {
			return err
		}
		return w.elements(list, 0)
	}
	return nil
}

// listOf returns what a script made as a list of a field.
func listOf(v starlark.Value) (starlark.Indexable, bool) {
	switch v := v.(type) {
	case starlark.Tuple:
		return v, true
	case *starlark.List:
		return v, true
	}
	return nil, false
}

// float writes a number as encoding/json does, a whole one without a point: a
// script has 6.0 from 12 / 2.
func (w *writer) float(f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return errors.New("JSON has no such number")
	}
	raw, err := json.Marshal(f + 0) // -0 becomes 0
	w.out = append(w.out, raw...)
	return err
}
