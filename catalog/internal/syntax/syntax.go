// Package syntax knows what keys and values of labels and annotations look
// like, as the API server checks them.
package syntax

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Limits of labels: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
const (
	maxName   = 63
	maxPrefix = 253
)

// Key reports whether key may be the key of a label.
func Key(key string) bool {
	prefix, name, ok := strings.Cut(key, "/")
	if !ok {
		return key != "" && Value(key)
	}
	return validPrefix(prefix) && name != "" && Value(name)
}

// AnnotationKey reports whether key may be the key of an annotation, which the
// API server checks in lower case.
func AnnotationKey(key string) bool { return Key(strings.ToLower(key)) }

// Value reports whether s may be the value of a label. It also is the rule of a key's name, which must not be empty.
func Value(s string) bool {
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

// hashLength is how much of a hash Velero puts at the end of a name that it
// shortens (pkg/label, GetValidName).
const hashLength = 6

// LabelValue returns the name of an object as the value of a label, as Velero
// and its plugins write it: one that is too long is cut and ends in a hash of
// the whole.
func LabelValue(name string) string {
	if len(name) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return name[:maxName-hashLength] + hex.EncodeToString(sum[:])[:hashLength]
}

// Namespace reports whether s may be the name of a Namespace: a DNS label.
func Namespace(s string) bool { return !strings.Contains(s, ".") && validPrefix(s) }

// Subdomain reports whether s may be the name of an object of most kinds, and of
// every custom resource: a DNS subdomain
// (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#names).
func Subdomain(s string) bool { return validPrefix(s) }

// PathSegment reports whether s may be the name of an object at all: it is a part
// of a path of the API (k8s.io/apimachinery/pkg/api/validation/path). White space
// and more than 253 bytes are refused, too, which some kinds allow and nobody has.
func PathSegment(s string) bool {
	return s != "" && s != "." && s != ".." && len(s) <= maxPrefix && !strings.ContainsAny(s, "/% \t\r\n")
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

// MaxAnnotations is the size in bytes that the keys and values of all
// annotations of one object may have together
// (k8s.io/apimachinery/pkg/api/validation, TotalAnnotationSizeLimitB).
const MaxAnnotations = 256 << 10

// Reserved reports whether an annotation belongs to the orchestrator of the
// function: the KRM functions specification keeps both prefixes for index,
// path, id and the like.
func Reserved(key string) bool {
	prefix, _, _ := strings.Cut(key, "/")
	return prefix == "config.kubernetes.io" || prefix == "internal.config.kubernetes.io"
}
