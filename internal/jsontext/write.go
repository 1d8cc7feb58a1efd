package jsontext

import "unicode/utf8"

// UnsafeInYAML reports whether YAML readers refuse the code point in a JSON
// string or read another in its place. yaml.v3 and PyYAML refuse U+007F to
// U+0084, U+0086 to U+009F, U+FFFE and U+FFFF; U+0085, U+2028 and U+2029 are
// line breaks of YAML 1.1, which yaml.v3 folds or, in keys, fails on. U+FEFF is
// escaped so that nobody takes it for a byte order mark.
func UnsafeInYAML(r rune) bool {
	switch {
	case r < 0x7F:
		return false
	case r <= 0x9F:
		return true
	default:
		return r == 0x2028 || r == 0x2029 || r == 0xFEFF || r == 0xFFFE || r == 0xFFFF
	}
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string that YAML readers take as well.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < 0x7F && c != '"' && c != '\\' {
			i++
			continue
		}
		r, n := rune(c), 1
		if c >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
			if !UnsafeInYAML(r) && (r != utf8.RuneError || n > 1) {
				i += n
				continue
			}
		}
		dst = AppendEscaped(append(dst, s[start:i]...), r)
		i += n
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}

// AppendEscaped appends the JSON escape of a code point below U+10000.
func AppendEscaped(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
