package sealed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"filippo.io/age"
)

const (
	privatePrefix = "AGE-SECRET-KEY-"
	hybridPrefix  = "age1pq1"
)

// Recipient is the public key of someone who may open what is sealed. It reads
// itself from text, so that a config may have fields of this type; errors do
// not repeat the text, which may be a private key given by mistake.
type Recipient struct {
	recipient age.Recipient
	hybrid    bool
}

// UnmarshalText reads a recipient as age-keygen prints it: age1... for an
// X25519 key, age1pq1... for a post-quantum one.
func (r *Recipient) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if strings.HasPrefix(strings.ToUpper(s), privatePrefix) {
		return errors.New("is a private key: whoever can read the pipeline has it now. Make a new one, and give here what age-keygen -y prints for it")
	}
	var err error
	if r.hybrid = strings.HasPrefix(s, hybridPrefix); r.hybrid {
		r.recipient, err = age.ParseHybridRecipient(s)
	} else {
		r.recipient, err = age.ParseX25519Recipient(s)
	}
	if err != nil {
		return errors.New("is no public age key: they start with age1, and age-keygen prints them")
	}
	return nil
}

// Mixed reports whether some of the recipients are of the post-quantum kind
// and others are not: age refuses to encrypt for both.
func Mixed(recipients []Recipient) bool {
	for _, r := range recipients {
		if r.hybrid != recipients[0].hybrid {
			return true
		}
	}
	return false
}

// maxKeyFile bounds what is read when the path names something else than a
// file of keys. A key takes 75 bytes, a post-quantum one 2 KiB.
const maxKeyFile = 1 << 20

// ReadKeys reads a file of private keys as age-keygen writes it, one to a line,
// with comments. Errors name the file and never show what is in it.
func ReadKeys(path string) ([]age.Identity, error) {
	raw, err := readFile(path)
	if err != nil {
		if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, fmt.Errorf("read keys from %q: %w", path, err)
	}
	keys, err := parseKeys(raw)
	if err != nil {
		return nil, fmt.Errorf("read keys from %q: %w", path, err)
	}
	return keys, nil
}

func readFile(path string) ([]byte, error) {
	// A pipe or device might never end, or wait for ever.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is no regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	raw, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	if err == nil && len(raw) > maxKeyFile {
		err = fmt.Errorf("is larger than %d bytes", maxKeyFile)
	}
	return raw, err
}

// parseKeys does not pass on the library's errors, which may quote a key.
func parseKeys(raw []byte) ([]age.Identity, error) {
	var keys []age.Identity
	number := 0
	for line := range bytes.Lines(raw) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		found, err := age.ParseIdentities(bytes.NewReader(line))
		if err != nil {
			return nil, fmt.Errorf("line %d is no private age key: they start with %s1", number, privatePrefix)
		}
		keys = append(keys, found...)
	}
	if len(keys) == 0 {
		return nil, errors.New("has no key in it")
	}
	return keys, nil
}
