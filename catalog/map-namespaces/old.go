package mapnamespaces

import (
	"github.com/velero-krm/velero-krm/catalog/internal/textref"
	"github.com/velero-krm/velero-krm/internal/jsontext"
)

// maxName is what a namespace's name may be long (RFC 1123).
const maxName = 63

// oldNames are the namespaces that get another name, made to be looked up for
// every word of every object.
type oldNames struct {
	names   map[string]bool
	lengths [maxName + 1]bool
}

func newOldNames(table map[string]string) *oldNames {
	old := &oldNames{names: map[string]bool{}}
	for from, to := range table {
		if from != to && len(from) <= maxName {
			old.names[from], old.lengths[len(from)] = true, true
		}
	}
	return old
}

func (n *oldNames) has(text string) bool {
	return len(text) <= maxName && n.lengths[len(text)] && n.names[text]
}

// atLeast reports whether JSON has that many words that are old names, or might
// have, as one is written with escapes. It takes time in proportion to the JSON,
// however many names there are.
func (n *oldNames) atLeast(count int, raw []byte) bool {
	start := 0
	for i := 0; i <= len(raw); i++ {
		if i < len(raw) && textref.NameByte(raw[i]) {
			continue
		}
		if i > start && i-start <= maxName && n.lengths[i-start] && n.names[string(raw[start:i])] {
			if count--; count == 0 {
				return true
			}
		}
		if i < len(raw) && raw[i] == '\\' {
			r, size := jsontext.NextRune(raw[i:])
			if r < 0x80 && textref.NameByte(byte(r)) {
				return true
			}
			i += size - 1
		}
		start = i + 1
	}
	return false
}
