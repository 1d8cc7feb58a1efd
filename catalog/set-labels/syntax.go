package setlabels

import "strings"

// Limits of labels: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
const (
	maxName   = 63
	maxPrefix = 253
)

func validKey(key string) bool {
	prefix, name, ok := strings.Cut(key, "/")
	if !ok {
		return key != "" && validValue(key)
	}
	return validPrefix(prefix) && name != "" && validValue(name)
}

// validValue also is the rule of a key's name, which must not be empty.
func validValue(s string) bool {
	if s == "" {
		return true
	}
	if len(s) > maxName || !alphanumeric(s[0]) || !alphanumeric(s[len(s)-1]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

func validPrefix(s string) bool {
	if len(s) > maxPrefix {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > maxName || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !alphanumeric(c) && c != '-' || c >= 'A' && c <= 'Z' {
				return false
			}
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
