package krm

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/velero-krm/velero-krm/internal/jsontext"
)

// WriteYAML writes items as YAML documents separated by "---". Keys keep the
// order of the raw JSON; strings and numbers are written as [EncodeYAML] does.
func WriteYAML(w io.Writer, items []*Item) error {
	var y yamlWriter
	for i, it := range items {
		y.out = y.out[:0]
		if i > 0 {
			y.out = append(y.out, "---\n"...)
		}
		y.document(it.raw)
		if _, err := w.Write(y.out); err != nil {
			return fmt.Errorf("write YAML: %w", err)
		}
	}
	return nil
}

// EncodeYAML returns list as one YAML document that YAML 1.1 and 1.2 readers
// understand alike: strings that look like another type are quoted, and what
// is not printable ASCII or a letter is escaped. A number keeps its digits; one
// with an exponent is written so that YAML 1.1 readers take it for a number,
// too (1e3 as 1.0e+3).
func EncodeYAML(list *ResourceList) []byte {
	var y yamlWriter
	y.document(AppendResourceList(nil, list))
	return y.out
}

// yamlWriter turns valid JSON into block YAML.
type yamlWriter struct {
	jsontext.Reader
	out []byte
}

func (y *yamlWriter) document(raw []byte) {
	y.Reader = jsontext.Reader{Data: raw}
	y.value(0, false)
	if n := len(y.out); n == 0 || y.out[n-1] != '\n' {
		y.out = append(y.out, '\n')
	}
}

// value writes the next value. indent is the column of the keys of a mapping
// or the dashes of a list; afterKey means that the value follows a colon on
// the same line. It ends with a line break after a mapping or list that is not
// empty, or a literal, and without one after other values.
func (y *yamlWriter) value(indent int, afterKey bool) {
	switch y.Kind() {
	case '{':
		y.mapping(indent, afterKey)
	case '[':
		y.list(indent, afterKey)
	case '"':
		y.gap(afterKey)
		y.text(jsontext.Decode(y.Text()), indent)
	default:
		y.gap(afterKey)
		y.number(string(y.Literal()))
	}
}

func (y *yamlWriter) gap(afterKey bool) {
	if afterKey {
		y.out = append(y.out, ' ')
	}
}

func (y *yamlWriter) indent(n int) {
	for range n {
		y.out = append(y.out, ' ')
	}
}

func (y *yamlWriter) endLine() {
	if n := len(y.out); n > 0 && y.out[n-1] != '\n' {
		y.out = append(y.out, '\n')
	}
}

func (y *yamlWriter) mapping(indent int, afterKey bool) {
	y.Open()
	if !y.More() {
		y.gap(afterKey)
		y.out = append(y.out, "{}"...)
		return
	}
	if afterKey {
		y.endLine()
	}
	for first, more := true, true; more; first, more = false, y.More() {
		if afterKey || !first {
			y.indent(indent)
		}
		y.key(jsontext.Decode(y.Key()), indent)
		if y.Kind() == '[' {
			y.value(indent, true) // dashes stand below the key, as kubectl writes them
		} else {
			y.value(indent+2, true)
		}
		y.endLine()
	}
}

func (y *yamlWriter) list(indent int, afterKey bool) {
	y.Open()
	if !y.More() {
		y.gap(afterKey)
		y.out = append(y.out, "[]"...)
		return
	}
	if afterKey {
		y.endLine()
	}
	for first, more := true, true; more; first, more = false, y.More() {
		if afterKey || !first {
			y.indent(indent)
		}
		y.out = append(y.out, "- "...)
		y.value(indent+2, false)
		y.endLine()
	}
}

// maxPlainKey is how long a key may be beside its value: YAML readers accept
// 1,024 characters there.
const maxPlainKey = 1000

func (y *yamlWriter) key(key string, indent int) {
	n := len(y.out)
	y.scalar(key)
	if len(y.out)-n <= maxPlainKey {
		y.out = append(y.out, ':')
		return
	}
	y.out = append(y.out[:n], "? "...)
	y.scalar(key)
	y.out = append(y.out, '\n')
	y.indent(indent)
	y.out = append(y.out, ':')
}

// text writes a string, as literal block when that is lossless and worth it.
func (y *yamlWriter) text(s string, indent int) {
	if !literalSafe(s) {
		y.scalar(s)
		return
	}
	y.out = append(y.out, '|')
	body, ended := strings.CutSuffix(s, "\n")
	if !ended {
		y.out = append(y.out, '-')
	}
	y.out = append(y.out, '\n')
	for line := range strings.SplitSeq(body, "\n") {
		if line != "" {
			y.indent(max(indent, 2))
			y.out = append(y.out, line...)
		}
		y.out = append(y.out, '\n')
	}
}

// literalSafe reports whether a string of several lines survives as literal
// block: it starts with something to take the indentation from, ends in at
// most one line break, and holds nothing that needs an escape.
func literalSafe(s string) bool {
	if !strings.Contains(strings.TrimSuffix(s, "\n"), "\n") || strings.HasSuffix(s, "\n\n") ||
		s[0] == ' ' || s[0] == '\t' || s[0] == '\n' {
		return false
	}
	blank := false // the line holds only white space, and some
	for i, r := range s {
		switch {
		case r == '\n':
			if blank {
				return false
			}
		case r == ' ' || r == '\t':
			if s[i-1] == '\n' {
				blank = true
			}
			continue
		case !printable(r):
			return false
		}
		blank = false
	}
	return !blank
}

// printable reports whether a code point stands for itself in quotes and
// blocks. Letters of any script below U+10000 do; symbols and all that is
// beyond are escaped, since readers differ in what they take.
func printable(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 0x20 && r < 0x7F
	}
	return r < 0x10000 && r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// scalar writes a string on one line.
func (y *yamlWriter) scalar(s string) {
	if plainSafe(s) {
		y.out = append(y.out, s...)
		return
	}
	y.out = append(y.out, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			y.out = append(y.out, '\\', byte(r))
		case printable(r):
			y.out = utf8.AppendRune(y.out, r)
		case r < 0x10000:
			y.out = jsontext.AppendEscaped(y.out, r)
		default:
			y.out = fmt.Appendf(y.out, `\U%08X`, r)
		}
	}
	y.out = append(y.out, '"')
}

// plainSafe reports whether every reader takes the unquoted text for this
// string. It starts with a letter, '/' or '_', so it is no number, date or
// time in any version of YAML, and it is no word that some version knows.
func plainSafe(s string) bool {
	if s == "" || len(s) > 200 {
		return false
	}
	if c := s[0]; !isASCIILetter(c) && c != '/' && c != '_' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if isASCIILetter(c) || '0' <= c && c <= '9' || strings.IndexByte("_./-+@$()", c) >= 0 {
			continue
		}
		// A colon or space is text only between other characters.
		if (c != ':' && c != ' ') || i+1 == len(s) || s[i+1] == ' ' || c == ' ' && s[i-1] == ':' {
			return false
		}
	}
	return !isYAMLWord(s)
}

func isASCIILetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isYAMLWord(s string) bool {
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nil", "none", "nan", "inf":
		return true
	}
	return false
}

// number writes true, false, null, or a number.
func (y *yamlWriter) number(literal string) {
	i := strings.IndexAny(literal, "eE")
	if i < 0 || literal[0] == 't' || literal[0] == 'f' {
		y.out = append(y.out, literal...)
		return
	}
	// YAML 1.1 knows exponents only after a dot and with a sign.
	mantissa, exponent := literal[:i], literal[i+1:]
	y.out = append(y.out, mantissa...)
	if !strings.Contains(mantissa, ".") {
		y.out = append(y.out, ".0"...)
	}
	y.out = append(y.out, 'e')
	if exponent[0] != '+' && exponent[0] != '-' {
		y.out = append(y.out, '+')
	}
	y.out = append(y.out, exponent...)
}
