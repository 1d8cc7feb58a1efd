package krm

import (
	"math/big"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/velero-krm/velero-krm/internal/jsontext"
)

// appendScalar appends the JSON of a scalar; the rules are in the comment of
// Decode.
func appendScalar(dst []byte, n *yaml.Node) ([]byte, error) {
	if n.Kind != yaml.ScalarNode {
		return nil, &SyntaxError{Line: n.Line, Reason: "not valid YAML"}
	}
	if n.Style&yaml.TaggedStyle != 0 {
		return appendTagged(dst, n)
	}
	const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	if n.Style&quoted != 0 {
		return jsontext.AppendString(dst, n.Value), nil
	}
	if isJSONNumber(n.Value) {
		return append(dst, n.Value...), nil
	}
	switch n.Tag {
	case "!!null":
		return append(dst, "null"...), nil
	case "!!bool":
		return append(dst, strings.ToLower(n.Value)...), nil
	case "!!int":
		if text, ok := intText(n.Value); ok {
			return append(dst, text...), nil
		}
	case "!!float":
		if isInfOrNaN(n.Value) {
			return nil, &SyntaxError{Line: n.Line, Reason: reasonNaN}
		}
		if text, ok := floatText(n.Value); ok {
			return append(dst, text...), nil
		}
	}
	return jsontext.AppendString(dst, n.Value), nil
}

// appendTagged appends a scalar whose type is stated.
func appendTagged(dst []byte, n *yaml.Node) ([]byte, error) {
	wrong := &SyntaxError{Line: n.Line, Reason: "a value that does not fit its tag"}
	switch n.Tag {
	case "!!str", "!!timestamp":
		return jsontext.AppendString(dst, n.Value), nil
	case "!!null":
		switch n.Value {
		case "", "~", "null", "Null", "NULL":
			return append(dst, "null"...), nil
		}
		return nil, wrong
	case "!!bool":
		switch n.Value {
		case "true", "True", "TRUE", "false", "False", "FALSE":
			return append(dst, strings.ToLower(n.Value)...), nil
		}
		return nil, wrong
	case "!!int":
		if text, ok := intText(n.Value); ok {
			return append(dst, text...), nil
		}
		return nil, wrong
	case "!!float":
		if isJSONNumber(n.Value) {
			return append(dst, n.Value...), nil
		}
		if text, ok := floatText(n.Value); ok {
			return append(dst, text...), nil
		}
		return nil, wrong
	default:
		return nil, badTag(n)
	}
}

func isInfOrNaN(s string) bool {
	s = strings.ToLower(strings.TrimLeft(s, "+-"))
	return s == ".inf" || s == ".nan"
}

// isJSONNumber reports whether s is a number as JSON writes it.
func isJSONNumber(s string) bool {
	if s == "" || s[0] != '-' && (s[0] < '0' || s[0] > '9') {
		return false
	}
	sc := scanner{data: []byte(s)}
	return sc.number() && sc.pos == len(s)
}

// maxIntText bounds the integers that are converted between bases, which
// takes more than linear time. 2^64 has 20 digits.
const maxIntText = 1000

// intText returns the decimal text of an integer of YAML 1.1 or 1.2.
func intText(s string) (string, bool) {
	if len(s) > maxIntText {
		return "", false
	}
	s = strings.TrimPrefix(strings.ReplaceAll(s, "_", ""), "+")
	if s == "" || s == "-" {
		return "", false
	}
	n, ok := new(big.Int).SetString(s, 0)
	if !ok {
		return "", false
	}
	return n.String(), true
}

// floatText returns a float of YAML as JSON writes it. It refuses integers
// with leading zeros, see Decode.
func floatText(s string) (string, bool) {
	s = strings.TrimPrefix(strings.ReplaceAll(s, "_", ""), "+")
	s, negative := strings.CutPrefix(s, "-")
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent = s[:i], s[i:]
	}
	whole, fraction, dot := strings.Cut(mantissa, ".")
	if !dot && len(whole) > 1 && whole[0] == '0' {
		return "", false
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if dot && fraction == "" {
		fraction = "0"
	}
	text := whole
	if dot {
		text += "." + fraction
	}
	text += exponent
	if negative {
		text = "-" + text
	}
	return text, isJSONNumber(text)
}
