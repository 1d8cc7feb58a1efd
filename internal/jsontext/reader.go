package jsontext

import "bytes"

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

// Key consumes a key and its colon and returns the content of the key; see
// [Decode].
func (r *Reader) Key() []byte {
	key := r.Text()
	r.Kind()
	r.Pos++
	return key
}

// Text consumes a string and returns its content; see [Decode].
func (r *Reader) Text() []byte {
	r.Pos++
	start := r.Pos
	for {
		i := bytes.IndexByte(r.Data[r.Pos:], '"')
		// A backslash before the quote needs the slow way round.
		if k := bytes.IndexByte(r.Data[r.Pos:r.Pos+i], '\\'); k >= 0 {
			r.Pos += k + 2
			continue
		}
		r.Pos += i + 1
		return r.Data[start : r.Pos-1]
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
