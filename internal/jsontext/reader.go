package jsontext

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Reader walks JSON from Pos on. Data must hold valid JSON, as that of a
// krm.Item does: other text may make it panic. The zero value with Data set is
// ready for use; it may be copied to walk the same text again, and is not safe
// for concurrent use. What its methods return are parts of Data.
type Reader struct {
	Data []byte
	Pos  int
}

// Kind goes to the next token and returns its first byte: '{', '[', '"', 't',
// 'f', 'n', or the first of a number; 0 at the end of Data.
func (r *Reader) Kind() byte {
	for r.Pos < len(r.Data) {
		switch c := r.Data[r.Pos]; c {
		case ' ', '\n', '\t', '\r':
			r.Pos++
		default:
			return c
		}
	}
	return 0
}

// Open consumes the bracket that a mapping or list starts with. Then, while
// [Reader.More] returns true, a key and a value follow, or an element.
func (r *Reader) Open() { r.Pos++ }

// More goes to the next key or element of a mapping or list, or past its end
// and returns false.
func (r *Reader) More() bool {
	switch r.Kind() {
	case '}', ']':
		r.Pos++
		return false
	case ',':
		r.Pos++
		r.Kind()
	}
	return true
}

// Key consumes a key and its colon and returns what [Reader.Text] does.
func (r *Reader) Key() (content []byte, plain bool) {
	content, plain = r.Text()
	r.Kind()
	r.Pos++
	return content, plain
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// Text consumes a string and returns its content, as it is between the quotes.
// plain means that it is ASCII and stands for itself; what other content stands
// for tells [Decode].
func (r *Reader) Text() (content []byte, plain bool) {
	data, i := r.Data, r.Pos+1
	start := i
	plain = true
	for {
		// Eight bytes at a time while none is a quote, a backslash or beyond ASCII.
		for i+8 <= len(data) {
			x := binary.LittleEndian.Uint64(data[i:])
			q, b := x^(ones*'"'), x^(ones*'\\')
			odd := ((q-ones)&^q | (b-ones)&^b | x) & highs
			if odd != 0 {
				// A borrow marks only bytes behind one that is marked rightly.
				i += bits.TrailingZeros64(odd) / 8
				break
			}
			i += 8
		}
		switch c := data[i]; {
		case c == '"':
			r.Pos = i + 1
			return data[start:i], plain
		case c == '\\':
			plain = false
			i++
		case c >= utf8.RuneSelf:
			plain = false
		}
		i++
	}
}

// Literal consumes a number, true, false or null and returns it.
func (r *Reader) Literal() []byte {
	start := r.Pos
	for r.Pos < len(r.Data) && isLiteral(r.Data[r.Pos]) {
		r.Pos++
	}
	return r.Data[start:r.Pos]
}

func isLiteral(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || c == '-' || c == '+' || c == '.' || c == 'E'
}

// Skip consumes a value of any type and returns it as it stands.
func (r *Reader) Skip() []byte {
	kind := r.Kind()
	start := r.Pos
	switch kind {
	case '"':
		r.Text()
	case '{', '[':
		r.skipContainer()
	default:
		r.Literal()
	}
	return r.Data[start:r.Pos]
}

func (r *Reader) skipContainer() {
	for depth := 0; ; {
		switch r.Data[r.Pos] {
		case '"':
			r.Text()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		r.Pos++
		if depth == 0 {
			return
		}
	}
}
