package resourcemodifiers

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/velero-krm/velero-krm/internal/jsonvalue"
)

// Text is a value written as text: Velero reads null, true, false, numbers,
// {...} and [...] as JSON, all else as a string, and a string in its own
// quotation marks as what is between them.
type Text string

// UnmarshalJSON also takes a number or boolean that was written without
// quotation marks, as Velero does.
func (t *Text) UnmarshalJSON(raw []byte) error {
	switch raw[0] {
	case '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return errors.New("is no text")
		}
		*t = Text(s)
	case '{', '[':
		return errors.New("must be text: put quotation marks around it")
	default:
		*t = Text(raw)
	}
	return nil
}

var (
	errAmbiguous = errors.New(`looks like a boolean or number and is none in JSON: write it as JSON, or, for text, in quotation marks of its own: '"..."'`)
	errNoJSON    = errors.New(`starts as JSON and is none: for text, put it in quotation marks of its own: '"..."'`)
	errEscape    = errors.New(`has a backslash that starts no escape of JSON: write \\ for a backslash`)
)

// value returns what the text stands for. No error holds any of it.
func (t Text) value() (any, error) {
	s := string(t)
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		return content(s[1 : len(s)-1])
	}
	lower := strings.ToLower(s)
	_, err := strconv.ParseFloat(s, 64)
	number := err == nil || errors.Is(err, strconv.ErrRange)
	switch {
	case s == "null" || lower == "true" || lower == "false" || number:
		v, err := jsonvalue.Decode([]byte(s))
		if err != nil {
			return nil, errAmbiguous
		}
		return v, nil
	case strings.HasPrefix(s, "{") || strings.HasPrefix(s, "["):
		v, err := jsonvalue.Decode([]byte(s))
		if err != nil {
			return nil, errNoJSON
		}
		return v, nil
	}
	return content(s)
}

// content reads text as what stands between the quotation marks of a JSON
// string, as Velero does; marks and line ends in it stand for themselves.
func content(s string) (any, error) {
	if !strings.ContainsAny(s, `\`) {
		return s, nil
	}
	var b bytes.Buffer
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			b.WriteByte(c)
			i++
			b.WriteByte(s[i])
		case c == '"':
			b.WriteString(`\"`)
		case c < ' ':
			b.WriteString(`\u00`)
			b.WriteByte("0123456789abcdef"[c>>4])
			b.WriteByte("0123456789abcdef"[c&15])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	var out string
	if err := json.Unmarshal(b.Bytes(), &out); err != nil {
		return nil, errEscape
	}
	return out, nil
}
