package jsontext

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// Unhex returns what a hexadecimal digit stands for, -1 for any other byte.
func Unhex(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c - 'a' + 10)
	case 'A' <= c && c <= 'F':
		return rune(c - 'A' + 10)
	}
	return -1
}

// hex4 reads four hexadecimal digits that are known to be there.
func hex4(b []byte) rune {
	return Unhex(b[0])<<12 | Unhex(b[1])<<8 | Unhex(b[2])<<4 | Unhex(b[3])
}

// NextRune returns the code point that a valid JSON string's content starts
// with and the number of bytes that stand for it. What stands for no code
// point (a byte that is not UTF-8, half a surrogate pair) gives U+FFFD, as
// encoding/json reads it.
func NextRune(b []byte) (rune, int) {
	if b[0] != '\\' {
		return utf8.DecodeRune(b)
	}
	switch b[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
	default:
		return rune(b[1]), 2
	}
	r := hex4(b[2:])
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
		if r = utf16.DecodeRune(r, hex4(b[8:])); r != utf8.RuneError {
			return r, 12
		}
	}
	return utf8.RuneError, 6
}

// Unquote returns what the content of a valid JSON string stands for.
func Unquote(content []byte) []byte {
	out := make([]byte, 0, len(content))
	for len(content) > 0 {
		if c := content[0]; c != '\\' && c < utf8.RuneSelf {
			out = append(out, c)
			content = content[1:]
			continue
		}
		r, n := NextRune(content)
		out = utf8.AppendRune(out, r)
		content = content[n:]
	}
	return out
}

// Decode returns what the content of a valid JSON string, the bytes between its
// quotes, stands for. plain is what [Reader.Text] says, or false. As in
// encoding/json, bytes that are not UTF-8 give U+FFFD.
func Decode(content []byte, plain bool) string {
	if plain || bytes.IndexByte(content, '\\') < 0 && utf8.Valid(content) {
		return string(content)
	}
	return string(Unquote(content))
}

// Is reports whether the content of a valid JSON string stands for text; plain
// is as in [Decode].
func Is(content []byte, plain bool, text string) bool {
	if plain || bytes.IndexByte(content, '\\') < 0 && string(content) == text {
		return string(content) == text
	}
	return Decode(content, false) == text
}
