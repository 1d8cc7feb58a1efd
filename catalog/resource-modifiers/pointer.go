package resourcemodifiers

import (
	"errors"
	"strconv"
	"strings"
)

// pointer is a JSON pointer (RFC 6901), as its unescaped tokens.
type pointer []string

// maxPointer bounds the recursion; a CRD's schema nests some 30 deep.
const maxPointer = 100

func parsePointer(text string) (pointer, error) {
	if !strings.HasPrefix(text, "/") {
		return nil, errors.New("must start with /")
	}
	tokens := strings.Split(text[1:], "/")
	if len(tokens) > maxPointer {
		return nil, errors.New("is too deep")
	}
	for i, token := range tokens {
		if rest := strings.NewReplacer("~0", "", "~1", "").Replace(token); strings.Contains(rest, "~") {
			return nil, errors.New("has a ~ that is not ~0 or ~1")
		}
		tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
	}
	return tokens, nil
}

// index returns the element of a list that a token names; -1 is the last one,
// an extension of the library that Velero uses.
func index(token string, length int) (int, bool) {
	i, err := strconv.Atoi(token)
	if err != nil {
		return 0, false
	}
	if i < 0 {
		i += length
	}
	return i, i >= 0 && i < length
}

// get returns the value at the pointer, and whether there is one.
func (p pointer) get(root any) (any, bool) {
	for _, token := range p {
		switch v := root.(type) {
		case map[string]any:
			child, ok := v[token]
			if !ok {
				return nil, false
			}
			root = child
		case []any:
			i, ok := index(token, len(v))
			if !ok {
				return nil, false
			}
			root = v[i]
		default:
			return nil, false
		}
	}
	return root, true
}
