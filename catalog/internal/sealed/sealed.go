package sealed

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"filippo.io/age"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

const (
	// Annotation marks a sealed Secret; its value is [Version].
	Annotation = "velero-krm.io/sealed"
	// Version of the form.
	Version = "v1"
	// Type of a sealed Secret. The API server does not let the type of a Secret
	// change, so that a sealed one never replaces the real one.
	Type = "velero-krm.io/sealed"
	// TokenType is the type of a Secret whose values the cluster issues. It
	// keeps its type when it is sealed, because Velero treats such Secrets
	// differently on restore.
	TokenType = "kubernetes.io/service-account-token"

	// KeyName is the key in data of the age file that holds the key.
	KeyName = "sealed.age"
	// ValuesName is the key in data of what is encrypted with the key.
	ValuesName = "sealed.values"
)

const (
	// header is how every age file starts (age-encryption.org/v1).
	header = "age-encryption.org/v1\n"
	// keySize is that of AES-256.
	keySize = 32
	// overhead is what AES-GCM adds: a nonce of 96 bits and a tag of 128.
	overhead = 12 + 16
)

// Marked reports whether a Secret says that it is sealed, by annotation or
// type. [BoxOf] tells whether it really is.
func Marked(o *fn.Object) bool {
	if _, ok := o.Annotation(Annotation); ok {
		return true
	}
	kind, _ := o.GetString("type")
	return kind == Type
}

// Secret reports whether what a Secret has in a field of this name may be
// secret: all but the few fields of which it is known that they are not.
// Somebody may have misspelt data.
func Secret(field string) bool {
	switch field {
	case "apiVersion", "kind", "metadata", "type", "immutable":
		return false
	}
	return true
}

// Holds reports whether a Secret has values at all.
func Holds(o *fn.Object) bool {
	for _, field := range o.Root().Keys() {
		if holds(o, field) {
			return true
		}
	}
	return false
}

// holds reports whether a field may have secret values, and has any.
func holds(o *fn.Object, field string) bool {
	if !Secret(field) || !o.Has(field) {
		return false
	}
	if m, ok := o.Node(field); ok {
		return len(m.Keys()) > 0
	}
	v, _ := o.Get(field)
	return v != nil
}

// Box is what a sealed Secret has in data, in base64. It differs each time.
type Box struct{ Key, Values string }

// BoxOf returns what is sealed in a marked Secret. A Secret that holds anything
// else which may be secret is not sealed, and an error. Its text has no values.
func BoxOf(o *fn.Object) (Box, error) {
	for _, field := range o.Root().Keys() {
		if field != "data" && holds(o, field) {
			return Box{}, fmt.Errorf("is marked as sealed and has values in %s", field)
		}
	}
	data, _ := o.Node("data")
	var b Box
	var hasKey, hasValues bool
	b.Key, hasKey = data.GetString(KeyName)
	b.Values, hasValues = data.GetString(ValuesName)
	if !hasKey || !hasValues {
		return Box{}, fmt.Errorf("is marked as sealed and lacks data[%s] or data[%s]", KeyName, ValuesName)
	}
	if len(data.Keys()) > 2 {
		return Box{}, fmt.Errorf("is marked as sealed and has values beside data[%s] and data[%s]", KeyName, ValuesName)
	}
	if raw, err := base64.StdEncoding.DecodeString(b.Key); err != nil || !bytes.HasPrefix(raw, []byte(header)) {
		return Box{}, fmt.Errorf("is marked as sealed and data[%s] is no age file", KeyName)
	}
	if raw, err := base64.StdEncoding.DecodeString(b.Values); err != nil || len(raw) < overhead {
		return Box{}, fmt.Errorf("is marked as sealed and data[%s] is not encrypted", ValuesName)
	}
	return b, nil
}

// Put puts the box in a Secret that has no values any more.
func (b Box) Put(o *fn.Object) error {
	if err := o.Set(b.Key, "data", KeyName); err != nil {
		return err
	}
	return o.Set(b.Values, "data", ValuesName)
}

// Sealer encrypts with one key. Make it with [NewSealer], for one call of a
// function: nothing but the recipients and the process ever knows the key.
type Sealer struct {
	key  string
	aead cipher.AEAD
}

// NewSealer makes a key and encrypts it for the recipients, one at least.
func NewSealer(recipients []Recipient) (*Sealer, error) {
	to := make([]age.Recipient, len(recipients))
	for i, r := range recipients {
		to[i] = r.recipient
	}
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails: crypto/rand
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to...)
	if err != nil {
		return nil, fmt.Errorf("encrypt key: %w", err)
	}
	if _, err := w.Write(key); err != nil {
		return nil, fmt.Errorf("encrypt key: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("encrypt key: %w", err)
	}
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	return &Sealer{base64.StdEncoding.EncodeToString(b.Bytes()), aead}, nil
}

// newAEAD returns AES-256-GCM with random nonces. One key is good for 2^32
// messages (NIST SP 800-38D, 8.3); a call has as many as there are Secrets in a
// list.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Seal encrypts the manifest of one Secret.
func (s *Sealer) Seal(manifest *krm.Item) Box {
	sealed := s.aead.Seal(nil, nil, manifest.Raw(), []byte(Version))
	return Box{s.key, base64.StdEncoding.EncodeToString(sealed)}
}
