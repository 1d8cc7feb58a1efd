package starlark

import (
	"encoding/json"
	"hash/maphash"
	"math/big"
	"slices"
	"strconv"

	"go.starlark.net/starlark"

	"github.com/velero-krm/velero-krm/internal/jsontext"
)

const (
	// maxWord bounds, in bytes, what a vocabulary keeps: most keys and short values
	// come again in each object.
	maxWord = 32
	// fewWords and manyWords bound how many texts it has a place for, powers of two.
	// Objects of one cluster have some hundred keys.
	fewWords, manyWords = 1 << 6, 1 << 10
	// maxDigits bounds the time that reading one number takes.
	maxDigits = 1000
)

// vocabulary holds texts as values of scripts, so that the objects of a list
// share those that they have in common. Each text has one place, where it takes
// that of another: it costs half of what a map of Go costs, and is bounded.
type vocabulary []word

type word struct {
	content string
	value   starlark.Value
}

// seed of the places of words. That two runs differ in it has no effect but on
// time.
var seed = maphash.MakeSeed()

// newVocabulary returns one for a list of so many objects: a single one is not
// worth as large a table.
func newVocabulary(objects int) vocabulary {
	size := fewWords
	for size < manyWords && size < objects*fewWords/8 {
		size *= 2
	}
	return make(vocabulary, size)
}

func (w vocabulary) text(content []byte, plain bool) starlark.Value {
	if len(content) > maxWord {
		return starlark.String(jsontext.Decode(content, plain))
	}
	t := &w[maphash.Bytes(seed, content)%uint64(len(w))]
	if t.value == nil || t.content != string(content) {
		t.content = string(content)
		text := t.content
		if !plain {
			text = jsontext.Decode(content, plain)
		}
		t.value = starlark.String(text)
	}
	return t.value
}

// reader makes values of a script from the JSON of an item. There is nothing
// in between: maps of Go for 10,000 objects take as much time and memory as
// the dicts.
type reader struct {
	jsontext.Reader
	// What is a key comes again more often than what is a value, of which some are
	// of one object alone.
	keys, values vocabulary
	// elements are those of the lists that are open.
	elements []starlark.Value
}

func (r *reader) value() starlark.Value {
	switch r.Kind() {
	case '{':
		return r.dict()
	case '[':
		return r.list()
	case '"':
		return r.values.text(r.Text())
	case 't':
		r.Literal()
		return starlark.True
	case 'f':
		r.Literal()
		return starlark.False
	case 'n':
		r.Literal()
		return starlark.None
	default:
		return number(string(r.Literal()))
	}
}

func (r *reader) dict() *starlark.Dict {
	d := new(starlark.Dict)
	for r.Open(); r.More(); {
		key := r.keys.text(r.Key())
		//nolint:errcheck // fails for a frozen dict and a key that has no hash
		d.SetKey(key, r.value())
	}
	return d
}

func (r *reader) list() *starlark.List {
	outer := len(r.elements)
	for r.Open(); r.More(); {
		v := r.value()
		r.elements = append(r.elements, v)
	}
	elements := slices.Clone(r.elements[outer:])
	r.elements = r.elements[:outer]
	return starlark.NewList(elements)
}

func newReader(objects int) reader {
	return reader{keys: newVocabulary(objects), values: newVocabulary(objects)}
}

// object returns what a JSON object is for a script.
func (r *reader) object(raw []byte) *starlark.Dict {
	r.Reader = jsontext.Reader{Data: raw}
	r.Kind()
	return r.dict()
}

// encoded returns what can be encoded as JSON as a script has it.
func (r *reader) encoded(v any) (starlark.Value, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	r.Reader = jsontext.Reader{Data: raw}
	return r.value(), nil
}

// number returns a JSON number.
func number(text string) starlark.Value {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return starlark.MakeInt64(i)
	}
	if len(text) < maxDigits {
		if i, ok := new(big.Int).SetString(text, 10); ok {
			return starlark.MakeBigInt(i)
		}
	}
	// What is too large for a script to count with is infinite, and an error; it
	// may still move it.
	f, _ := strconv.ParseFloat(text, 64)
	return starlark.Float(f)
}
