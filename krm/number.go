package krm

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
)

// decimal is a number in a form that can be compared: digits without zeros at
// either end, times ten to the exponent.
type decimal struct {
	negative bool
	digits   string
	exponent string // decimal text; "0" for zero
}

// equalNumbers compares two decoded numbers by value, at the cost of their
// length: 1e999999999 is not expanded.
func equalNumbers(a, b any) bool {
	x, ok := literal(a)
	if !ok {
		return false
	}
	y, ok := literal(b)
	if !ok {
		return false
	}
	return x == y || normalize(x) == normalize(y)
}

func literal(v any) (string, bool) {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10), true
	case json.Number:
		return string(v), true
	}
	return "", false
}

// normalize takes a JSON number apart.
func normalize(number string) decimal {
	var d decimal
	number, d.negative = strings.CutPrefix(number, "-")
	mantissa, exponent := number, "0"
	if i := strings.IndexAny(number, "eE"); i >= 0 {
		mantissa, exponent = number[:i], strings.TrimPrefix(number[i+1:], "+")
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	shift := -len(fraction)
	d.digits = strings.TrimRight(digits, "0")
	shift += len(digits) - len(d.digits)
	if d.digits == "" {
		return decimal{exponent: "0"}
	}
	d.exponent = addExponent(exponent, shift)
	return d
}

// maxExponentDigits bounds the exponents that are computed with; longer ones
// are compared as text.
const maxExponentDigits = 100

func addExponent(exponent string, shift int) string {
	negative := strings.HasPrefix(exponent, "-")
	abs := strings.TrimLeft(strings.TrimPrefix(exponent, "-"), "0")
	if len(abs) > maxExponentDigits {
		if negative {
			abs = "-" + abs
		}
		return abs + "+" + strconv.Itoa(shift)
	}
	var sum big.Int
	if abs != "" {
		sum.SetString(abs, 10)
	}
	if negative {
		sum.Neg(&sum)
	}
	return sum.Add(&sum, big.NewInt(int64(shift))).String()
}
