package krm

import "unicode/utf8"

// unsafeInYAML reports whether YAML readers refuse the code point in a JSON
// string or read another in its place. yaml.v3 and PyYAML refuse U+007F to
// U+0084, U+0086 to U+009F, U+FFFE and U+FFFF; U+0085, U+2028 and U+2029 are
// line breaks of YAML 1.1, which yaml.v3 folds or, in keys, fails on. U+FEFF is
// escaped so that nobody takes it for a byte order mark.
func unsafeInYAML(r rune) bool {
	switch {
	case r < 0x7F:
		return false
	case r <= 0x9F:
		return true
	default:
		return r == 0x2028 || r == 0x2029 || r == 0xFEFF || r == 0xFFFE || r == 0xFFFF
	}
}

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
			r, n := nextRune(raw[i:])
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
	case text[0] != '\\' && unsafeInYAML(r):
		return appendEscaped(dst, r)
	default:
		return append(dst, text...)
	}
}
