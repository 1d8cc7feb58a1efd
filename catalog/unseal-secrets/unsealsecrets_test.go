package unsealsecrets_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/catalog/internal/sealed"
	"github.com/velero-krm/velero-krm/catalog/seal-secrets"
	"github.com/velero-krm/velero-krm/catalog/unseal-secrets"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// key is an age key of either kind.
type key struct{ private, public string }

func x25519(t *testing.T) key {
	t.Helper()
	k, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return key{k.String(), k.Recipient().String()}
}

func hybrid(t *testing.T) key {
	t.Helper()
	k, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return key{k.String(), k.Recipient().String()}
}

func keyFile(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.txt")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func config(t *testing.T, kind, spec string) *krm.Item {
	t.Helper()
	c, err := krm.ParseConfig([]byte(`{"apiVersion":"velero-krm.io/v1alpha1","kind":"` + kind + `","spec":` + spec + `}`))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func sealFor(t *testing.T, items []*krm.Item, recipients ...string) []*krm.Item {
	t.Helper()
	spec := `{"recipients":["` + strings.Join(recipients, `","`) + `"]}`
	return run(t, sealsecrets.Function(), config(t, "SealSecrets", spec), items)
}

func unsealWith(t *testing.T, items []*krm.Item, path string) []*krm.Item {
	t.Helper()
	return run(t, unsealsecrets.Function(), config(t, "UnsealSecrets", fmt.Sprintf(`{"identityFile":%q}`, path)), items)
}

func run(t *testing.T, f fn.Function, config *krm.Item, items []*krm.Item) []*krm.Item {
	t.Helper()
	out, err := f.Run(t.Context(), &krm.ResourceList{FunctionConfig: config, Items: items})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Results) > 0 {
		t.Fatalf("results: %v", out.Results)
	}
	return out.Items
}

func item(t *testing.T, raw string) *krm.Item {
	t.Helper()
	it, err := krm.NewItem([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return it
}

// roundTrips are Secrets that must come back as they were.
var roundTrips = map[string]string{
	"opaque":               `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","namespace":"shop"},"type":"Opaque","data":{"password":"czNjcmV0LXdvcmQ="}}`,
	"no type":              `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"a":"czNjcmV0LXdvcmQ="}}`,
	"own annotations":      `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","annotations":{"a":"b"}},"type":"Opaque","data":{"a":"czNjcmV0LXdvcmQ="}}`,
	"empty annotations":    `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","annotations":{}},"type":"Opaque","data":{"a":"czNjcmV0LXdvcmQ="}}`,
	"a copy":               `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"s3cret-word"}},"data":{"a":"Yg=="}}`,
	"string data":          `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"a":"s3cret-word","z":"é\u2028\u0000\ud83d\ude00"},"data":{}}`,
	"TLS":                  `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"type":"kubernetes.io/tls","immutable":true,"data":{"tls.crt":"YQ==","tls.key":"Yg=="}}`,
	"registry credentials": `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"type":"kubernetes.io/dockerconfigjson","data":{".dockerconfigjson":"e30="}}`,
	"unknown fields":       `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","future":1.0},"data":{"a":"YQ=="},"future":{"big":12345678901234567890,"f":1.0,"e":1e2,"n":null}}`,
	"keys named as ours":   `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"type":"Opaque","data":{"sealed.age":"YQ==","sealed.values":"YQ=="}}`,
	"wrong types":          `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"type":"Opaque","data":["s3cret-word"],"stringData":"s3cret-word"}`,
}

func TestSealedSecretsComeBack(t *testing.T) {
	large := strings.Repeat("c2VjcmV0IQ==", 100_000)
	roundTrips := maps.Clone(roundTrips)
	roundTrips["large"] = `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"type":"Opaque","data":{"a":"` + large + `"}}`
	for name, keys := range map[string][]key{"x25519": {x25519(t), x25519(t)}, "post-quantum": {hybrid(t)}} {
		for what, raw := range roundTrips {
			t.Run(name+" "+what, func(t *testing.T) {
				was := item(t, raw)
				var public []string
				for _, k := range keys {
					public = append(public, k.public)
				}
				in := sealFor(t, []*krm.Item{was}, public...)
				if in[0].Equal(was) {
					t.Fatal("it was not sealed")
				}
				for _, k := range keys {
					out := unsealWith(t, in, keyFile(t, "# made by a test", "", k.private))
					if diff := cmp.Diff(was.Object(), out[0].Object()); diff != "" {
						t.Errorf("seal and unseal (-was +is):\n%s", diff)
					}
				}
			})
		}
	}
}

// TestOneOfSeveralKeysOpens is a rotation: the file keeps the old key.
func TestOneOfSeveralKeysOpens(t *testing.T) {
	old, now := x25519(t), hybrid(t)
	was := item(t, roundTrips["opaque"])
	path := keyFile(t, "# the one from now on", now.private, "# the one before", old.private)
	for _, k := range []key{old, now} {
		if out := unsealWith(t, sealFor(t, []*krm.Item{was}, k.public), path); !out[0].Equal(was) {
			t.Errorf("unsealed: %s", out[0].Raw())
		}
	}
}

func TestSealingDiffersEachTime(t *testing.T) {
	k, was := x25519(t), item(t, roundTrips["opaque"])
	if a, b := sealFor(t, []*krm.Item{was}, k.public), sealFor(t, []*krm.Item{was}, k.public); a[0].Equal(b[0]) {
		t.Error("two sealings of one Secret can be told to be of the same")
	}
}

// TestNoPlainTextStays looks for values in all that comes of sealing.
func TestNoPlainTextStays(t *testing.T) {
	const plain = "s3cret-word"
	encoded := base64.StdEncoding.EncodeToString([]byte(plain))
	fill := strings.NewReplacer("PLAIN", plain, "BASE64", encoded)
	k := x25519(t)
	for name, raw := range map[string]string{
		"data":            `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"a":"BASE64"}}`,
		"stringData":      `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"a":"PLAIN"}}`,
		"misspelt":        `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"Data":{"a":"BASE64"},"stringdata":{"a":"PLAIN"}}`,
		"no mapping":      `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":[{"a":"BASE64"}],"stringData":"PLAIN"}`,
		"last applied":    `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"a\":\"BASE64\",\"b\":\"PLAIN\"}}"}},"data":{}}`,
		"any annotation":  `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","annotations":{"a":"is PLAIN","b":"is BASE64"}},"data":{"a":"BASE64"}}`,
		"from stringData": `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","annotations":{"a":"is PLAIN"}},"stringData":{"a":"PLAIN"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			out := sealFor(t, []*krm.Item{item(t, fill.Replace(raw))}, k.public)
			checkNoPlainText(t, string(out[0].Raw()), plain, encoded)
		})
	}
	t.Run("errors", func(t *testing.T) {
		var items []*krm.Item
		for i, raw := range []string{
			`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s%d","annotations":{"velero-krm.io/sealed":"v1"}},"data":{"a":"BASE64"}}`,
			`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s%d"},"type":"velero-krm.io/sealed","data":{"sealed.age":"BASE64","sealed.values":"BASE64"}}`,
			`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s%d"},"type":"velero-krm.io/sealed","data":{"a":"BASE64"},"stringData":{"a":"PLAIN"}}`,
		} {
			items = append(items, item(t, fmt.Sprintf(fill.Replace(raw), i)))
		}
		in := &krm.ResourceList{FunctionConfig: config(t, "SealSecrets", `{"recipients":["`+k.public+`"]}`), Items: items}
		out, err := sealsecrets.Function().Run(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Results) != len(items) {
			t.Fatalf("%d results for %d Secrets that cannot be sealed", len(out.Results), len(items))
		}
		for _, r := range out.Results {
			checkNoPlainText(t, fmt.Sprintf("%+v %+v", r, r.Field), plain, encoded)
		}
	})
}

func checkNoPlainText(t *testing.T, text string, values ...string) {
	t.Helper()
	for _, v := range values {
		if strings.Contains(text, v) {
			t.Errorf("%q is still in %s", v, text)
		}
	}
}

// TestKeysStaySecret gives keys where they do not belong and files that are no
// keys: errors must not repeat what is in them.
func TestKeysStaySecret(t *testing.T) {
	k := x25519(t)
	body := strings.TrimPrefix(k.private, "AGE-SECRET-KEY-1")
	for name, c := range map[string]struct {
		f      fn.Function
		config *krm.Item
	}{
		"as recipient":           {sealsecrets.Function(), config(t, "SealSecrets", `{"recipients":["`+k.private+`"]}`)},
		"as lower-case one":      {sealsecrets.Function(), config(t, "SealSecrets", `{"recipients":["`+strings.ToLower(k.private)+`"]}`)},
		"with a misspelt prefix": {sealsecrets.Function(), config(t, "SealSecrets", `{"recipients":["AGE-SECRETKEY-1`+body+`"]}`)},
		"as field":               {unsealsecrets.Function(), config(t, "UnsealSecrets", `{"identity":"`+k.private+`"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.f.CheckConfig(c.config)
			if ce := (*fn.ConfigError)(nil); !errors.As(err, &ce) {
				t.Fatalf("config error: %v", err)
			}
			checkNoKey(t, err.Error(), body)
		})
	}
	for name, text := range map[string]string{
		"cut":        k.private[:40],
		"changed":    k.private[:len(k.private)-1] + "!",
		"unknown":    "AGE-PLUGIN-" + body,
		"no prefix":  body,
		"not a key":  "s3cret-word",
		"two in one": k.private + " " + k.private,
	} {
		t.Run("file "+name, func(t *testing.T) {
			_, err := sealed.ReadKeys(keyFile(t, "# comment", text))
			if err == nil || !strings.Contains(err.Error(), "line 2 is no private age key") {
				t.Fatalf("error: %v", err)
			}
			checkNoKey(t, err.Error(), body)
			checkNoPlainText(t, err.Error(), "s3cret")
		})
	}
}

// checkNoKey looks for a few letters of a key in a row.
func checkNoKey(t *testing.T, text, body string) {
	t.Helper()
	for i := range len(body) - 4 {
		if part := body[i : i+5]; strings.Contains(strings.ToUpper(text), part) {
			t.Fatalf("%q of the key is in %s", part, text)
		}
	}
}

func TestFilesThatAreNoKeys(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ path, want string }{
		"not there":   {filepath.Join(dir, "x"), "no such file"},
		"a directory": {dir, "is no regular file"},
		"a device":    {"/dev/zero", "is no regular file"},
		"too large":   {large, "is larger than"},
		"empty":       {keyFile(t), "has no key in it"},
		"comments":    {keyFile(t, "# nothing"), "has no key in it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sealed.ReadKeys(c.path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.path) {
				t.Errorf("error: %v; want %q and the path", err, c.want)
			}
		})
	}
}

func TestRecipientsOfBothKinds(t *testing.T) {
	c := config(t, "SealSecrets", `{"recipients":["`+x25519(t).public+`","`+hybrid(t).public+`"]}`)
	if err := sealsecrets.Function().CheckConfig(c); err == nil || !strings.Contains(err.Error(), "mixes post-quantum keys and others") {
		t.Errorf("error: %v", err)
	}
}

// FuzzUnseal gives whatever for what is sealed, and whatever as what is in it:
// it may fail, and must not panic, nor bring back what names another Secret.
func FuzzUnseal(f *testing.F) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "keys.txt")
	if err := os.WriteFile(path, []byte(identity.String()), 0o600); err != nil {
		f.Fatal(err)
	}
	const key, sealedKey, values, inside = 0, 1, 2, 3
	for _, raw := range roundTrips {
		f.Add([]byte(raw), inside)
	}
	f.Add([]byte("age-encryption.org/v1\n-> X25519 \n\n--- \n"), key)
	f.Add([]byte("0123456789abcdef0123456789abcdef"), sealedKey)
	f.Add([]byte("0123456789abcdef0123456789abcdef"), values)
	f.Add([]byte(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"other"},"data":{"a":"b"}}`), inside)
	var to sealed.Recipient
	if err := to.UnmarshalText([]byte(identity.Recipient().String())); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte, place int) {
		box := boxWith(t, to, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"a":"b"}}`)
		switch place {
		case key:
			box.Key = base64.StdEncoding.EncodeToString(content)
		case sealedKey:
			box.Key = base64.StdEncoding.EncodeToString(encrypt(t, content, identity.Recipient()))
		case values:
			box.Values = base64.StdEncoding.EncodeToString(content)
		default:
			if _, err := krm.NewItem(content); err != nil {
				return
			}
			box = boxWith(t, to, string(content))
		}
		in := item(t, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","annotations":{"velero-krm.io/sealed":"v1"}},"type":"velero-krm.io/sealed","data":{"sealed.age":"`+
			box.Key+`","sealed.values":"`+box.Values+`"}}`)
		list := &krm.ResourceList{FunctionConfig: config(t, "UnsealSecrets", fmt.Sprintf(`{"identityFile":%q}`, path)), Items: []*krm.Item{in}}
		out, err := unsealsecrets.Function().Run(t.Context(), list)
		if err != nil || len(out.Results) > 0 {
			return
		}
		if got := out.Items[0]; got.Identity() != in.Identity() || got.Equal(in) || place == sealedKey || place == values {
			t.Errorf("it did not fail, and made %s of %s", got.Raw(), in.Raw())
		}
	})
}

func boxWith(t *testing.T, to sealed.Recipient, manifest string) sealed.Box {
	t.Helper()
	s, err := sealed.NewSealer([]sealed.Recipient{to})
	if err != nil {
		t.Fatal(err)
	}
	return s.Seal(item(t, manifest))
}

func encrypt(t *testing.T, content []byte, to age.Recipient) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
