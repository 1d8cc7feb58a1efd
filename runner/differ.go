package runner

import (
	"bytes"
	"hash/maphash"
	"unicode/utf8"
)

// differ tells quickly that two JSON objects are different ones. Deciding
// whether they are the same costs decoding both, some 20 us for 1.5 KB, and
// most objects that a function prints in other bytes it has changed.
type differ struct{ seed maphash.Seed }

// surely reports that a and b are different, whatever the order of their keys
// and the way they are written: they do not consist of the same texts. False
// means that only decoding can tell.
func (d differ) surely(a, b []byte) bool {
	sumA, ok := d.sum(a)
	if !ok {
		return false
	}
	sumB, ok := d.sum(b)
	return ok && sumA != sumB
}

// sum adds up the hashes of all keys and texts of valid JSON; false when one
// of them can be written in ways that this does not know.
func (d differ) sum(raw []byte) (sum uint64, ok bool) {
	var buf []byte
	for {
		start := bytes.IndexByte(raw, '"')
		if start < 0 {
			return sum, true
		}
		raw = raw[start+1:]
		end := bytes.IndexByte(raw, '"')
		if end < 0 {
			return 0, false
		}
		text := raw[:end]
		if bytes.IndexByte(text, '\\') >= 0 {
			if buf, end, ok = plainText(buf[:0], raw); !ok {
				return 0, false
			}
			text = buf
		}
		if !utf8.Valid(text) {
			return 0, false
		}
		sum += maphash.Bytes(d.seed, text)
		raw = raw[end+1:]
	}
}

// plainText appends the JSON text that raw starts with, up to its quote, to
// dst; end is where the quote is.
func plainText(dst, raw []byte) (text []byte, end int, ok bool) {
	for i := 0; ; {
		stop := bytes.IndexAny(raw[i:], `"\`)
		if stop < 0 {
			return nil, 0, false
		}
		dst = append(dst, raw[i:i+stop]...)
		i += stop
		if raw[i] == '"' {
			return dst, i, true
		}
		before := len(dst)
		var size int
		dst, size = unescape(dst, raw[i:])
		if size < 2 || bytes.Equal(dst[before:], []byte("\uFFFD")) {
			return nil, 0, false // half of a pair, or no JSON
		}
		i += size
	}
}
