package starlark

import (
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
	// at is where it failed, innermost first.
	at []any
}

// rewrite writes what became of an object, and reports whether it changed. The
// result is valid until the next call.
func (w *writer) rewrite(was []byte, d *starlark.Dict) ([]byte, bool, error) {
	*w = writer{was: jsontext.Reader{Data: was}, out: w.out[:0]}
	err := w.over(d)
	return w.out, w.changed, w.locate(err)
}

// write writes a new object.
func (w *writer) write(d *starlark.Dict) ([]byte, error) {
	*w = writer{out: w.out[:0]}
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

// in notes where err happened.
func (w *writer) in(elem any, err error) error {
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
	if old := w.was.Skip(); same(v, old) {
		w.out = append(w.out, old...)
		return w.count()
	}
	w.changed = true
	return w.value(v)
}

// same reports whether a script left a value that is no mapping and no list.
func same(v starlark.Value, was []byte) bool {
	switch was[0] {
	case '{', '[':
		return false
	case '"':
		text, ok := v.(starlark.String)
		return ok && jsontext.Is(was[1:len(was)-1], string(text))
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

// overDict goes through both in step for as long as the keys are the same: a
// dict keeps the order in which it was made, and new keys come last.
func (w *writer) overDict(d *starlark.Dict) error {
	if err := w.open('{'); err != nil {
		return err
	}
	before, n := w.was, 0
	w.was.Open()
	for k, v := range d.Entries() {
		here := w.was
		text, _ := k.(starlark.String)
		if !w.was.More() || !jsontext.Is(w.was.Key(), string(text)) {
			w.was = here
			break
		}
		if err := w.entry(n, here, v); err != nil {
			return w.in(string(text), err)
		}
		n++
	}
	return w.overRest(d, before, n)
}

// overRest goes on where keys were removed, added or moved.
func (w *writer) overRest(d *starlark.Dict, before jsontext.Reader, n int) error {
	for here := w.was; w.was.More(); here = w.was {
		key := w.was.Key()
		v, ok, _ := d.Get(starlark.String(jsontext.Decode(key)))
		if !ok {
			w.changed = true
			w.was.Skip()
			continue
		}
		if err := w.entry(n, here, v); err != nil {
			return w.in(jsontext.Decode(key), err)
		}
		n++
	}
	if n < d.Len() {
		w.changed = true
		return w.added(d, keysOf(before), n)
	}
	w.close('}')
	return nil
}

// entry writes the n-th entry of a mapping. Its key, which was consumed, is
// copied from where it is next after from.
func (w *writer) entry(n int, from jsontext.Reader, v starlark.Value) error {
	w.comma(n)
	from.More()
	start := from.Pos
	from.Text()
	w.out = append(append(w.out, from.Data[start:from.Pos]...), ':')
	return w.over(v)
}

// keysOf returns the keys of the mapping that follows.
func keysOf(r jsontext.Reader) map[string]bool {
	keys := map[string]bool{}
	for r.Open(); r.More(); r.Skip() {
		keys[jsontext.Decode(r.Key())] = true
	}
	return keys
}

// added writes the entries whose keys were not there before, after n others,
// and the end of the mapping.
func (w *writer) added(d *starlark.Dict, before map[string]bool, n int) error {
	for k, v := range d.Entries() {
		key, ok := k.(starlark.String)
		if !ok || !utf8.ValidString(string(key)) {
			return errors.New("a key is no text, but a " + k.Type())
		}
		if before[string(key)] {
			continue
		}
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
		return w.added(v, nil, 0)
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

// float writes a whole number as such: a script has 6.0 from 12 / 2.
func (w *writer) float(f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return errors.New("JSON has no such number")
	}
	if i := int64(f); float64(i) == f && math.Abs(f) < 1<<53 {
		w.out = strconv.AppendInt(w.out, i, 10)
		return nil
	}
	w.out = strconv.AppendFloat(w.out, f, 'g', -1, 64)
	return nil
}
