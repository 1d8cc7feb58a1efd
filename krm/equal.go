package krm

import "bytes"

// equalJSON reports whether two valid JSON values are the same, with keys in
// any order and numbers compared by their value. It walks both at once, decodes
// next to nothing and stops at the first difference; to decode two objects of
// 1.5 KB and compare the maps takes ten times as long.
func equalJSON(a, b []byte) bool {
	p := pair{a: scanner{data: a}, b: scanner{data: b}}
	return p.value()
}

// pair is two values that are compared. As long as both are the same, both
// scanners are at the same place in them.
type pair struct {
	a, b scanner
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
	first, other := p.a.space(), p.b.space()
	switch {
	case first == '{' && other == '{':
		return p.mapping()
	case first == '[' && other == '[':
		return p.list()
	case first == '"' && other == '"':
		return p.str()
	}
	if isContainer(first) || isContainer(other) {
		return false
	}
	return p.scalar()
}

func isContainer(c byte) bool { return c == '{' || c == '[' }

// mapping compares key by key as long as the keys come in the same order, which
// they do when both sides sort them.
func (p *pair) mapping() bool {
	if p.nested > maxNested {
		return p.decoded()
	}
	p.a.pos, p.b.pos = p.a.pos+1, p.b.pos+1
	for {
		moreA, moreB := p.a.more(), p.b.more()
		if !moreA || !moreB {
			return moreA == moreB
		}
		keyA, keyB := p.a.pos, p.b.pos
		if !bytes.Equal(p.a.entryKey(), p.b.entryKey()) {
			p.a.pos, p.b.pos = keyA, keyB
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
	for more := true; more; more = p.a.more() {
		key := textOf(p.a.entryKey())
		values[key] = p.a.pos
		p.a.value()
	}
	p.nested++
	end, left := p.a.pos, len(values)
	for more := true; more; more = p.b.more() {
		at, ok := values[textOf(p.b.entryKey())]
		if !ok {
			return false
		}
		p.a.pos = at
		if !p.value() {
			return false
		}
		left--
	}
	p.a.pos = end
	p.nested--
	return left == 0 // no key is there twice
}

// decoded compares two values by decoding them.
func (p *pair) decoded() bool {
	a, b := decoder{data: p.a.data, pos: p.a.pos}, decoder{data: p.b.data, pos: p.b.pos}
	same := equalValues(a.value(), b.value())
	p.a.pos, p.b.pos = a.pos, b.pos
	return same
}

func (p *pair) list() bool {
	p.a.pos, p.b.pos = p.a.pos+1, p.b.pos+1
	for {
		moreA, moreB := p.a.more(), p.b.more()
		if !moreA || !moreB {
			return moreA == moreB
		}
		if !p.value() {
			return false
		}
	}
}

func (p *pair) str() bool {
	startA, endA, plainA, _ := p.a.str()
	startB, endB, plainB, _ := p.b.str()
	a, b := p.a.data[startA:endA], p.b.data[startB:endB]
	if bytes.Equal(a, b) {
		return true
	}
	return (!plainA || !plainB) && textOf(a) == textOf(b)
}

// scalar compares what is no container and not twice a string.
func (p *pair) scalar() bool {
	startA, startB := p.a.pos, p.b.pos
	p.a.value()
	p.b.value()
	a, b := p.a.data[startA:p.a.pos], p.b.data[startB:p.b.pos]
	return bytes.Equal(a, b) || equalValues((&decoder{data: a}).value(), (&decoder{data: b}).value())
}

// more goes to the next key or element of a container of valid JSON, or past
// its end and returns false.
func (s *scanner) more() bool {
	switch s.space() {
	case '}', ']':
		s.pos++
		return false
	case ',':
		s.pos++
		s.space()
	}
	return true
}

// entryKey consumes a key of valid JSON and its colon.
func (s *scanner) entryKey() []byte {
	start, end, _, _ := s.str()
	s.space()
	s.pos++
	return s.data[start:end]
}
