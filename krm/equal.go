package krm

import (
	"bytes"

	"github.com/velero-krm/velero-krm/internal/jsontext"
)

// equalJSON reports whether two valid JSON values are the same, with keys in
// any order and numbers compared by their value. It walks both at once, decodes
// next to nothing and stops at the first difference; to decode two objects of
// 1.5 KB and compare the maps takes ten times as long.
func equalJSON(a, b []byte) bool {
	p := pair{a: decoderOf(a), b: decoderOf(b)}
	return p.value()
}

// pair is two values that are compared. As long as both are the same, both
// readers are at the same place in them.
type pair struct {
	a, b decoder
	// nested counts the mappings around, the keys of which are in another order.
	nested int
}

// maxNested is how deep such mappings are walked. Each of them scans what is in
// it once more; what lies deeper is decoded and compared, so that no nesting
// costs more than this many scans.
const maxNested = 16

// value compares the values that follow and, if they are the same, consumes
// them.
func (p *pair) value() bool {
	first, other := p.a.Kind(), p.b.Kind()
	switch {
	case first == '{' && other == '{':
		return p.mapping()
	case first == '[' && other == '[':
		return p.list()
	case first == '"' && other == '"':
		return p.str()
	}
	return isLiteral(first) && isLiteral(other) && p.literal()
}

func isLiteral(c byte) bool { return c != '{' && c != '[' && c != '"' }

// mapping compares key by key as long as the keys come in the same order, which
// they do when both sides sort them.
func (p *pair) mapping() bool {
	if p.nested > maxNested {
		return p.decoded()
	}
	p.a.Pos, p.b.Pos = p.a.Pos+1, p.b.Pos+1
	for {
		moreA, moreB := p.a.More(), p.b.More()
		if !moreA || !moreB {
			return moreA == moreB
		}
		keyA, keyB := p.a.Pos, p.b.Pos
		a, _ := p.a.Key()
		if b, _ := p.b.Key(); !bytes.Equal(a, b) {
			p.a.Pos, p.b.Pos = keyA, keyB
			return p.unordered()
		}
		if !p.value() {
			return false
		}
	}
}

// unordered compares what is left of two mappings from where their keys come in
// different orders, or differ. What was compared before is not looked at again:
// mappings inside one another would be compared twice as often with each level.
func (p *pair) unordered() bool {
	values := make(map[string]int) // where they are in a
	for more := true; more; more = p.a.More() {
		key := jsontext.Decode(p.a.Key())
		values[key] = p.a.Pos
		p.a.Skip()
	}
	p.nested++
	end, left := p.a.Pos, len(values)
	for more := true; more; more = p.b.More() {
		at, ok := values[jsontext.Decode(p.b.Key())]
		if !ok {
			return false
		}
		p.a.Pos = at
		if !p.value() {
			return false
		}
		left--
	}
	p.a.Pos = end
	p.nested--
	return left == 0 // no key is there twice
}

// decoded compares two values by decoding them.
func (p *pair) decoded() bool {
	return equalValues(p.a.value(), p.b.value())
}

func (p *pair) list() bool {
	p.a.Pos, p.b.Pos = p.a.Pos+1, p.b.Pos+1
	for {
		moreA, moreB := p.a.More(), p.b.More()
		if !moreA || !moreB {
			return moreA == moreB
		}
		if !p.value() {
			return false
		}
	}
}

func (p *pair) str() bool {
	a, plainA := p.a.Text()
	b, plainB := p.b.Text()
	if plainA && plainB || bytes.Equal(a, b) {
		return bytes.Equal(a, b)
	}
	return jsontext.Decode(a, plainA) == jsontext.Decode(b, plainB)
}

func (p *pair) literal() bool {
	a, b := p.a.Literal(), p.b.Literal()
	return bytes.Equal(a, b) || equalValues(decodeValue(a), decodeValue(b))
}
