package sealed

import (
	"bytes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"github.com/velero-krm/velero-krm/krm"
)

// Keyring opens what a [Sealer] sealed. It reads its file when it first has to,
// and decrypts each key once. It belongs to one call of a function.
type Keyring struct {
	path string
	read bool
	keys []age.Identity
	err  error
	// opened has what became of each key, by its age file.
	opened map[string]opened
}

type opened struct {
	aead cipher.AEAD
	err  error
}

// NewKeyring returns a Keyring with the private keys in a file; see [ReadKeys].
func NewKeyring(path string) *Keyring {
	return &Keyring{path: path, opened: map[string]opened{}}
}

// errDamaged hides what libraries have to say about contents.
var errDamaged = errors.New("what is sealed is damaged, or was changed")

// Open decrypts a box and returns the manifest in it. The texts of its errors
// have no values.
func (k *Keyring) Open(b Box) (*krm.Item, error) {
	o, ok := k.opened[b.Key]
	if !ok {
		o.aead, o.err = k.openKey(b.Key)
		k.opened[b.Key] = o
	}
	if o.err != nil {
		return nil, o.err
	}
	raw, err := base64.StdEncoding.DecodeString(b.Values)
	if err != nil {
		return nil, errDamaged
	}
	plain, err := o.aead.Open(nil, nil, raw, []byte(Version))
	if err != nil {
		return nil, errDamaged
	}
	manifest, err := krm.NewItem(plain)
	if err != nil {
		return nil, errors.New("what is sealed is no object")
	}
	return manifest, nil
}

func (k *Keyring) openKey(text string) (cipher.AEAD, error) {
	if !k.read {
		k.keys, k.err = ReadKeys(k.path)
		k.read = true
	}
	if k.err != nil {
		return nil, k.err
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errDamaged
	}
	r, err := age.Decrypt(bytes.NewReader(raw), k.keys...)
	if none := (*age.NoIdentityMatchError)(nil); errors.As(err, &none) {
		return nil, fmt.Errorf("none of the keys in %q opens it: it was sealed for others", k.path)
	}
	if err != nil {
		return nil, errDamaged
	}
	// One byte more, to see that there is none.
	key, err := io.ReadAll(io.LimitReader(r, keySize+1))
	if err != nil || len(key) != keySize {
		return nil, errDamaged
	}
	return newAEAD(key)
}
