package krm

import "bytes"

// equalJSON reports whether two valid JSON values are the same, with keys in
// any order and numbers compared by their value. It walks both at once, decodes
// next to nothing and stops at the first difference; to decode two objects of
// 1.5 KB and compare the maps takes ten times as long.
func equalJSON(a, b []byte) bool {
	p := pair{scanner{data: a}, scanner{data: b}}
	return p.value()
}

// pair is two values that are compared. As long as both are the same, both
// scanners are at the same place in them.
type pair struct{ a, b scanner }

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
	startA, startB := p.a.pos, p.b.pos
	p.a.pos, p.b.pos = p.a.pos+1, p.b.pos+1
	for {
		moreA, moreB := p.a.more(), p.b.more()
		if !moreA || !moreB {
			return moreA == moreB
		}
		if !bytes.Equal(p.a.entryKey(), p.b.entryKey()) {
			p.a.pos, p.b.pos = startA, startB
			return p.unordered()
		}
		if !p.value() {
			return false
		}
	}
}

// unordered compares two mappings whose keys come in different orders, or
// differ: one that has a key more is told by counting.
func (p *pair) unordered() bool {
	if countEntries(p.a) != countEntries(p.b) {
		return false
	}
	values := make(map[string]int)
	for e := range entries(p.a.data, p.a.pos) {
		values[textOf(p.a.data[e.key:e.keyEnd])] = e.value
	}
	for e := range entries(p.b.data, p.b.pos) {
		at, ok := values[textOf(p.b.data[e.key:e.keyEnd])]
		if !ok {
			return false
		}
		sub := pair{scanner{data: p.a.data, pos: at}, scanner{data: p.b.data, pos: e.value}}
		if !sub.value() {
			return false
		}
	}
	return p.a.value() && p.b.value() // valid, so only to consume them
}

// countEntries returns how many keys the mapping at s has.
func countEntries(s scanner) int {
	n := 0
	for s.pos++; s.more(); n++ {
		s.entryKey()
		s.value()
	}
	return n
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
