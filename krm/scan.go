package krm

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/velero-krm/velero-krm/internal/jsontext"
)

// maxDepth bounds how deep mappings and lists may nest in one object. The
// deepest schema of Kubernetes, a CustomResourceDefinition, stays below 100;
// the bound keeps hostile input from exhausting the stack.
const maxDepth = 1000

// sortedFrom is the number of keys from which a mapping's duplicates are found
// by sorting its keys at its end. Below, comparing each key with the ones
// before it is faster and allocates nothing.
const sortedFrom = 16

// fault says why a scan stopped.
type fault uint8

const (
	noFault fault = iota
	faultEnd
	faultValue
	faultString
	faultEscape
	faultNumber
	faultKey
	faultColon
	faultComma
	faultListComma
	faultDepth
	faultDuplicate
	faultTrailing
)

func (f fault) reason() string {
	switch f {
	case faultEnd:
		return "the document ends in the middle"
	case faultValue:
		return "expected a JSON value"
	case faultString:
		return "control character in a string"
	case faultEscape:
		return "unknown escape in a string"
	case faultNumber:
		return "malformed number"
	case faultKey:
		return "expected a key in double quotes"
	case faultColon:
		return "expected ':' after a key"
	case faultComma:
		return "expected ',' or '}' in a mapping"
	case faultListComma:
		return "expected ',' or ']' in a list"
	case faultDepth:
		return "nested too deeply"
	case faultDuplicate:
		return "duplicate key in a mapping"
	case faultTrailing:
		return "text after the document"
	default:
		return "not valid JSON"
	}
}

// keyRef is one key of a mapping that is still open.
type keyRef struct {
	text []byte // unescaped
	pos  int
}

// scanner validates JSON in one pass, as RFC 8259 and encoding/json have it,
// but refuses duplicate keys. It allocates only for keys that need unescaping.
// The first fault sticks.
type scanner struct {
	data  []byte
	pos   int
	depth int
	// keys is a stack: those of the innermost open mapping are on top. What
	// does not fit is in moreKeys; an object of Kubernetes fits.
	keys     [48]keyRef
	moreKeys []keyRef
	nKeys    int
	key      []byte // last key read by nextKey, unescaped
	// dirty is set when a YAML reader would refuse or change what was read as
	// it stands; see appendWire.
	dirty    bool
	fault    fault
	faultPos int
}

func (s *scanner) fail(f fault, pos int) bool {
	if s.fault == noFault {
		s.fault, s.faultPos = f, pos
	}
	if pos >= len(s.data) && f != faultDuplicate {
		s.fault, s.faultPos = faultEnd, len(s.data)
	}
	return false
}

// err returns the fault as an error.
func (s *scanner) err() error {
	if s.fault == noFault {
		return nil
	}
	return &SyntaxError{Line: lineAt(s.data, s.faultPos), Reason: s.fault.reason()}
}

// lineAt counts the line of an offset, from 1.
func lineAt(data []byte, pos int) int {
	return 1 + bytes.Count(data[:min(pos, len(data))], []byte{'\n'})
}

// space skips white space and returns the byte after it, 0 at the end.
func (s *scanner) space() byte {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ':
		case '\n', '\t', '\r':
			s.dirty = true
		default:
			return c
		}
		s.pos++
	}
	return 0
}

// value scans one value of any type.
func (s *scanner) value() bool {
	switch c := s.space(); c {
	case '{':
		return s.mapping()
	case '[':
		return s.list()
	case '"':
		_, _, _, ok := s.str()
		return ok
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		if c == '-' || '0' <= c && c <= '9' {
			return s.number()
		}
		return s.fail(faultValue, s.pos)
	}
}

func (s *scanner) literal(word string) bool {
	for i := range len(word) {
		if s.pos+i >= len(s.data) || s.data[s.pos+i] != word[i] {
			return s.fail(faultValue, s.pos+i)
		}
	}
	s.pos += len(word)
	return true
}

func (s *scanner) mapping() bool {
	base, ok := s.open()
	if !ok {
		return false
	}
	for s.nextKey(base) {
		if !s.value() {
			return false
		}
	}
	return s.fault == noFault
}

// open consumes '{' and returns what nextKey needs to know.
func (s *scanner) open() (base int, ok bool) {
	if s.depth++; s.depth > maxDepth {
		return 0, s.fail(faultDepth, s.pos)
	}
	s.pos++
	return s.nKeys, true
}

func (s *scanner) pushKey(k keyRef) {
	if s.nKeys < len(s.keys) {
		s.keys[s.nKeys] = k
	} else {
		s.moreKeys = append(s.moreKeys[:s.nKeys-len(s.keys)], k)
	}
	s.nKeys++
}

func (s *scanner) keyAt(i int) *keyRef {
	if i < len(s.keys) {
		return &s.keys[i]
	}
	return &s.moreKeys[i-len(s.keys)]
}

// nextKey consumes the next key of a mapping and its colon, and leaves it in
// s.key. It returns false at the end of the mapping, which it consumes, and on
// a fault.
func (s *scanner) nextKey(base int) bool {
	c := s.space()
	if c == '}' {
		s.pos++
		return s.closeMapping(base)
	}
	if s.nKeys > base {
		if c != ',' {
			return s.fail(faultComma, s.pos)
		}
		s.pos++
		c = s.space()
	}
	if c != '"' {
		return s.fail(faultKey, s.pos)
	}
	at := s.pos
	start, end, plain, ok := s.str()
	if !ok {
		return false
	}
	key := s.data[start:end:end]
	if !plain {
		key = jsontext.Unquote(key)
	}
	if s.nKeys-base < sortedFrom {
		for i := base; i < s.nKeys; i++ {
			if k := s.keyAt(i); len(k.text) == len(key) && string(k.text) == string(key) {
				return s.fail(faultDuplicate, at)
			}
		}
	}
	s.pushKey(keyRef{text: key, pos: at})
	s.key = key
	if s.space() != ':' {
		return s.fail(faultColon, s.pos)
	}
	s.pos++
	return true
}

// closeMapping forgets the keys of a mapping; it always returns false, for
// nextKey.
func (s *scanner) closeMapping(base int) bool {
	n := s.nKeys - base
	s.nKeys = base
	s.depth--
	if n <= sortedFrom {
		return false
	}
	keys := make([]keyRef, n)
	for i := range keys {
		keys[i] = *s.keyAt(base + i)
	}
	slices.SortFunc(keys, func(a, b keyRef) int { return bytes.Compare(a.text, b.text) })
	for i := 1; i < len(keys); i++ {
		if bytes.Equal(keys[i-1].text, keys[i].text) {
			return s.fail(faultDuplicate, max(keys[i-1].pos, keys[i].pos))
		}
	}
	return false
}

func (s *scanner) list() bool {
	if !s.openList() {
		return false
	}
	for first := true; s.nextElement(first); first = false {
		if !s.value() {
			return false
		}
	}
	return s.fault == noFault
}

// openList consumes '['.
func (s *scanner) openList() bool {
	if s.depth++; s.depth > maxDepth {
		return s.fail(faultDepth, s.pos)
	}
	s.pos++
	return true
}

// nextElement consumes what is before the next element of a list. It returns
// false at the end of the list, which it consumes, and on a fault.
func (s *scanner) nextElement(first bool) bool {
	switch c := s.space(); {
	case c == ']':
		s.pos++
		s.depth--
		return false
	case first:
		return true
	case c != ',':
		return s.fail(faultListComma, s.pos)
	}
	s.pos++
	if s.space() == ']' {
		return s.fail(faultValue, s.pos)
	}
	return true
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// str scans the string at pos and returns where its content is; plain means
// that the content stands for itself.
func (s *scanner) str() (start, end int, plain, ok bool) {
	data := s.data
	i := s.pos + 1
	start, plain = i, true
	wide := false
	for {
		// Eight bytes at a time while none is a quote, a backslash, a control
		// character, or beyond '~'.
		for i+8 <= len(data) {
			x := binary.LittleEndian.Uint64(data[i:])
			q, b := x^(ones*'"'), x^(ones*'\\')
			odd := (q-ones)&^q | (b-ones)&^b | (x-ones*0x20)&^x | x | (x + ones)
			if odd &= highs; odd != 0 {
				// A borrow or a carry marks only bytes behind one that is
				// marked rightly, so the first is right.
				i += bits.TrailingZeros64(odd) / 8
				break
			}
			i += 8
		}
		if i >= len(data) {
			return 0, 0, false, s.fail(faultEnd, len(data))
		}
		switch c := data[i]; {
		case c == '"':
			s.pos = i + 1
			if wide {
				plain = s.checkWide(data[start:i]) && plain
			}
			return start, i, plain, true
		case c == '\\':
			n := s.escape(i)
			if n == 0 {
				return 0, 0, false, false
			}
			plain = false
			i += n
		case c < 0x20:
			return 0, 0, false, s.fail(faultString, i)
		default:
			wide = wide || c >= 0x7F
			i++
		}
	}
}

// checkWide looks at a string that is not all printable ASCII. It returns
// whether it is valid UTF-8; encoding/json takes other strings too, and reads
// U+FFFD for the bytes that are not.
func (s *scanner) checkWide(text []byte) bool {
	for i := 0; i < len(text); {
		if c := text[i]; c < 0x7F {
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			s.dirty = true
			return false
		}
		if jsontext.UnsafeInYAML(r) {
			s.dirty = true
		}
		i += n
	}
	return true
}

// escape checks the escape at i and returns its length, 0 on a fault.
func (s *scanner) escape(i int) int {
	if i+1 >= len(s.data) {
		s.fail(faultEnd, len(s.data))
		return 0
	}
	switch s.data[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
	default:
		s.fail(faultEscape, i+1)
		return 0
	}
	r := rune(0)
	for k := i + 2; k < i+6; k++ {
		if k >= len(s.data) || jsontext.Unhex(s.data[k]) < 0 {
			s.fail(faultEscape, k)
			return 0
		}
		r = r<<4 | jsontext.Unhex(s.data[k])
	}
	if utf16.IsSurrogate(r) {
		s.dirty = true
	}
	return 6
}

func (s *scanner) number() bool {
	data, i := s.data, s.pos
	if data[i] == '-' {
		i++
	}
	switch {
	case i < len(data) && data[i] == '0':
		i++
	case i < len(data) && '1' <= data[i] && data[i] <= '9':
		i = digits(data, i)
	default:
		return s.fail(faultNumber, i)
	}
	if i < len(data) && data[i] == '.' {
		k := digits(data, i+1)
		if k == i+1 {
			return s.fail(faultNumber, k)
		}
		i = k
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		k := digits(data, i)
		if k == i {
			return s.fail(faultNumber, k)
		}
		i = k
	}
	s.pos = i
	return true
}

// digits returns the offset after the decimal digits at i.
func digits(data []byte, i int) int {
	for i < len(data) && '0' <= data[i] && data[i] <= '9' {
		i++
	}
	return i
}
