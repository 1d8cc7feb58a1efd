package rename

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/internal/jsontext"
)

// finder tells whether the text of an object has an old name in it at all:
// most objects have none and need not be decoded.
type finder struct {
	names [][]byte
	// escaped are the bytes of the names, which JSON may spell as \u00xx.
	escaped [256]bool
	// all is true when it cannot tell, or not faster than decoding does.
	all bool
}

// maxFind bounds the searches through one text. Each costs some hundredth of
// decoding it.
const maxFind = 32

func newFinder(t table) *finder {
	f := &finder{all: len(t.from) > maxFind}
	for _, name := range slices.Sorted(maps.Keys(t.from)) {
		for _, text := range []string{name, serviceVariable(name)} {
			f.names = append(f.names, []byte(text))
			for _, c := range []byte(text) {
				f.escaped[c] = true
				f.all = f.all || c < ' ' || c >= 0x7f || c == '"' || c == '\\'
			}
		}
	}
	return f
}

func (f *finder) in(raw []byte) bool {
	if f.all {
		return true
	}
	for _, name := range f.names {
		if bytes.Contains(raw, name) {
			return true
		}
	}
	return f.hasEscaped(raw)
}

// hasEscaped reports whether a character of a name is spelt as an escape.
func (f *finder) hasEscaped(raw []byte) bool {
	for {
		at := bytes.Index(raw, []byte(`\u00`))
		if at < 0 || at+6 > len(raw) {
			return false
		}
		if r := jsontext.Unhex(raw[at+4])<<4 | jsontext.Unhex(raw[at+5]); r >= 0 && f.escaped[r] {
			return true
		}
		raw = raw[at+4:]
	}
}

// serviceVariable is how the variables begin that pods have for a Service
// (https://kubernetes.io/docs/tutorials/services/connect-applications-service/).
func serviceVariable(name string) string {
	return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_SERVICE_"
}
