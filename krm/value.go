package krm

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/velero-krm/velero-krm/internal/jsontext"
)

// decoder turns JSON that was scanned before into Go values.
type decoder struct{ jsontext.Reader }

func decoderOf(data []byte) decoder { return decoder{jsontext.Reader{Data: data}} }

// decodeValue returns what valid JSON stands for; see [Item.Object] for the
// types.
func decodeValue(data []byte) any {
	d := decoderOf(data)
	return d.value()
}

func (d *decoder) value() any {
	switch d.Kind() {
	case '{':
		return d.mapping()
	case '[':
		return d.list()
	case '"':
		return jsontext.Decode(d.Text())
	case 't':
		d.Skip()
		return true
	case 'f':
		d.Skip()
		return false
	case 'n':
		d.Skip()
		return nil
	default:
		return number(string(d.Literal()))
	}
}

func (d *decoder) mapping() map[string]any {
	m := make(map[string]any)
	for d.Open(); d.More(); {
		key := jsontext.Decode(d.Key())
		m[key] = d.value()
	}
	return m
}

func (d *decoder) list() []any {
	l := []any{}
	for d.Open(); d.More(); {
		l = append(l, d.value())
	}
	return l
}

func number(literal string) any {
	// "-0" is the one integer whose canonical text differs.
	if n, err := strconv.ParseInt(literal, 10, 64); err == nil && literal != "-0" {
		return n
	}
	return json.Number(literal)
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
		return jsontext.AppendString(dst, v), nil
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
		dst = append(jsontext.AppendString(dst, k), ':')
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
