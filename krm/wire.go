package krm

import (
	"unicode/utf8"

	"github.com/velero-krm/velero-krm/internal/jsontext"
)

// appendWire appends a valid JSON value so that it is one line and YAML
// readers take it: white space between tokens is dropped, code points that
// they refuse are escaped, and escaped surrogate pairs, which they refuse too,
// stand for themselves.
func appendWire(dst, raw []byte) []byte {
	inString := false
	for i := 0; i < len(raw); {
		c := raw[i]
		switch {
		case !inString && (c == ' ' || c == '\n' || c == '\t' || c == '\r'):
			i++
		case c == '"':
			inString = !inString
			dst = append(dst, c)
			i++
		case c == '\\' && raw[i+1] != 'u':
			dst = append(dst, c, raw[i+1])
			i += 2
		case c >= 0x7F || c == '\\':
			r, n := jsontext.NextRune(raw[i:])
			dst = appendWireRune(dst, r, raw[i:i+n])
			i += n
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}

// appendWireRune appends a code point that was written as text.
func appendWireRune(dst []byte, r rune, text []byte) []byte {
	switch {
	case text[0] == '\\' && len(text) == 12: // a surrogate pair
		return utf8.AppendRune(dst, r)
	case r == utf8.RuneError:
		return append(dst, "\uFFFD"...)
	case text[0] != '\\' && jsontext.UnsafeInYAML(r):
		return jsontext.AppendEscaped(dst, r)
	default:
		return append(dst, text...)
	}
}
