package krm

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
)

const secretKind = "Secret"

// SecretValue is a value that may be secret.
type SecretValue struct {
	// Field is the name of the field of the Secret that it stands in, such as
	// "data", or "metadata.annotations".
	Field string
	// Key of the value in that field; empty when the field is no mapping.
	Key   string
	Value any
}

// AnnotationsField is the Field of a [SecretValue] that is an annotation.
const AnnotationsField = "metadata.annotations"

// SecretValues returns the values in v, decoded JSON as [Item.Object] returns
// it, that may be secret: what [Diff] shows as hashes.
//
// Of an object of kind Secret, in whatever group, that is every value but those
// of apiVersion, kind, type, immutable and metadata, and every annotation:
// kubectl keeps a copy of the object there, OpenShift a token. The same holds
// for a Secret inside another object, such as a Template, and for the
// annotations of all that it is inside of. What says kind: Secret and has no
// metadata may be a reference, unless it is v itself: of it only mappings and
// lists count.
//
// The order is not defined. v is not changed, and the values are parts of it.
func SecretValues(v any) []SecretValue {
	var values []SecretValue
	collect := func(found SecretValue) any {
		values = append(values, found)
		return found.Value
	}
	if obj, ok := v.(map[string]any); ok && obj["kind"] == secretKind {
		walkSecret(obj, collect)
		return values
	}
	walkSecrets(v, collect)
	return values
}

// HashSecret returns what stands for a value that may be secret: "hmac:" and 12
// hex digits, which are the same for equal values and differ for others.
//
// The key is random and lasts as long as the process, so that nobody who reads
// a log can try which password has that hash; hashes of two runs cannot be
// compared. A nil value stays nil.
func HashSecret(v any) any {
	if v == nil {
		return nil
	}
	return hashOf(v)
}

// hashOf is HashSecret with a hash for null.
func hashOf(v any) string {
	raw, err := appendValue(nil, v, 0)
	if err != nil { // a type that no decoded value has
		raw = fmt.Append(nil, v)
	}
	mac := hmac.New(sha256.New, hashKey())
	mac.Write(raw)
	return "hmac:" + hex.EncodeToString(mac.Sum(nil)[:6])
}

// hashKey returns the key of all hashes of this process.
var hashKey = sync.OnceValue(func() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails: crypto/rand
	return key
})

// hideSecrets replaces all values of two versions of an object that may be
// secret by their hashes. Of what became a Secret or was one, both are.
func hideSecrets(before, after map[string]any) {
	hash := func(found SecretValue) any { return hashOf(found.Value) }
	if before["kind"] == secretKind || after["kind"] == secretKind {
		walkSecret(before, hash)
		walkSecret(after, hash)
		return
	}
	inBefore, inAfter := walkSecrets(before, hash), walkSecrets(after, hash)
	switch { // the annotations may hold a copy of what the other version has
	case inBefore && !inAfter:
		walkAnnotations(after, hash)
	case inAfter && !inBefore:
		walkAnnotations(before, hash)
	}
}

// replacer returns what to put in the place of a value.
type replacer func(SecretValue) any

// walkSecrets calls f with every value in v that may be secret and reports
// whether v is or holds a Secret.
func walkSecrets(v any, f replacer) (found bool) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			found = walkSecrets(e, f) || found
		}
	case map[string]any:
		if v["kind"] == secretKind {
			if v["metadata"] != nil {
				walkSecret(v, f)
				return true
			}
			return walkReference(v, f)
		}
		for _, e := range v {
			found = walkSecrets(e, f) || found
		}
		if found { // they may hold a copy
			walkAnnotations(v, f)
		}
	}
	return found
}

// walkSecret calls f with the values of a Secret. A function may have moved
// them to where the API server knows no field.
func walkSecret(secret map[string]any, f replacer) {
	for key, v := range secret {
		switch key {
		case "apiVersion", "kind", "type", "immutable":
		case "metadata":
			walkAnnotations(secret, f)
		default:
			secret[key] = walkField(key, v, f)
		}
	}
}

// walkReference does the same where the scalars may be names.
func walkReference(v map[string]any, f replacer) (found bool) {
	for key, field := range v {
		switch field.(type) {
		case map[string]any, []any:
		default:
			if field == nil || key != "data" && key != "stringData" {
				continue
			}
		}
		v[key] = walkField(key, field, f)
		found = true
	}
	return found
}

func walkAnnotations(obj map[string]any, f replacer) {
	if meta, ok := obj["metadata"].(map[string]any); ok && meta["annotations"] != nil {
		meta["annotations"] = walkField(AnnotationsField, meta["annotations"], f)
	}
}

// walkField calls f with each value of a mapping, or else with v itself.
func walkField(field string, v any, f replacer) any {
	m, ok := v.(map[string]any)
	if !ok {
		if v == nil {
			return nil
		}
		return f(SecretValue{Field: field, Value: v})
	}
	for k := range m {
		m[k] = f(SecretValue{Field: field, Key: k, Value: m[k]})
	}
	return m
}
