package krm

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// decoder turns JSON that was scanned before into Go values.
type decoder struct {
	data []byte
	pos  int
}

func (d *decoder) space() byte {
	for {
		switch c := d.data[d.pos]; c {
		case ' ', '\n', '\t', '\r':
			d.pos++
		default:
			return c
		}
	}
}

func (d *decoder) value() any {
	switch d.space() {
	case '{':
		return d.mapping()
	case '[':
		return d.list()
	case '"':
		return d.str()
	case 't':
		d.pos += len("true")
		return true
	case 'f':
		d.pos += len("false")
		return false
	case 'n':
		d.pos += len("null")
		return nil
	default:
		return d.number()
	}
}

func (d *decoder) mapping() map[string]any {
	m := make(map[string]any)
	d.pos++
	for c := d.space(); c != '}'; c = d.space() {
		if c == ',' {
			d.pos++
			d.space()
		}
		key := d.str()
		d.space()
		d.pos++ // the colon
		m[key] = d.value()
	}
	d.pos++
	return m
}

func (d *decoder) list() []any {
	l := []any{}
	d.pos++
	for c := d.space(); c != ']'; c = d.space() {
		if c == ',' {
			d.pos++
		}
		l = append(l, d.value())
	}
	d.pos++
	return l
}

func (d *decoder) str() string {
	d.pos++
	start := d.pos
	for {
		i := bytes.IndexByte(d.data[d.pos:], '"')
		// A backslash before the quote needs the slow way round.
		if k := bytes.IndexByte(d.data[d.pos:d.pos+i], '\\'); k >= 0 {
			d.pos += k + 2
			continue
		}
		d.pos += i + 1
		return textOf(d.data[start : d.pos-1])
	}
}

func (d *decoder) number() any {
	start := d.pos
	for d.pos < len(d.data) && isNumberByte(d.data[d.pos]) {
		d.pos++
	}
	literal := string(d.data[start:d.pos])
	// "-0" is the one integer whose canonical text differs.
	if n, err := strconv.ParseInt(literal, 10, 64); err == nil && literal != "-0" {
		return n
	}
	return json.Number(literal)
}

func isNumberByte(c byte) bool {
	return '0' <= c && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

// appendValue appends v as compact JSON, keys sorted, nothing escaped for
// HTML.
func appendValue(dst []byte, v any, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, &SyntaxError{Reason: faultDepth.reason()}
	}
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case map[string]any:
		return appendMapping(dst, v, depth)
	case []any:
		return appendList(dst, v, depth)
	case string:
		return appendString(dst, v), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	}
	return appendOther(dst, v)
}

func appendMapping(dst []byte, m map[string]any, depth int) ([]byte, error) {
	if m == nil {
		return append(dst, "null"...), nil
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	dst = append(dst, '{')
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, k), ':')
		var err error
		if dst, err = appendValue(dst, m[k], depth+1); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func appendList(dst []byte, l []any, depth int) ([]byte, error) {
	if l == nil {
		return append(dst, "null"...), nil
	}
	dst = append(dst, '[')
	for i, v := range l {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendValue(dst, v, depth+1); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// appendOther leaves a value to encoding/json.
func appendOther(dst []byte, v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, rewriteJSONError(err)
	}
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte{'\n'})...), nil
}

// rewriteJSONError takes the value out of an error of encoding/json, which
// quotes it.
func rewriteJSONError(err error) error {
	reason := err.Error()
	switch e := err.(type) { //nolint:errorlint // encoding/json returns these as they are
	case *json.UnsupportedValueError:
		reason = "a value of type " + e.Value.Kind().String() + " has no JSON"
	case *json.UnsupportedTypeError:
		reason = "a value of type " + e.Type.String() + " has no JSON"
	case *json.MarshalerError:
		reason = "a value of type " + e.Type.String() + " cannot be encoded as JSON"
	default:
		if strings.Contains(reason, "number") {
			reason = "malformed number"
		} else {
			reason = "a value has no JSON"
		}
	}
	return &SyntaxError{Reason: reason}
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string that YAML readers take as well.
func appendString(dst []byte, s string) []byte {
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
			if !unsafeInYAML(r) && (r != utf8.RuneError || n > 1) {
				i += n
				continue
			}
		}
		dst = appendEscaped(append(dst, s[start:i]...), r)
		i += n
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}

// appendEscaped appends the JSON escape of a code point below U+10000.
func appendEscaped(dst []byte, r rune) []byte {
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
