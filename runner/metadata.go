package runner

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner/internal/hint"
)

// checkMetadata refuses objects in whose metadata the function wrote what is of
// a wrong type. What was so before came from elsewhere and is left alone, and
// so is what did not change: it costs nothing.
func (m *matcher) checkMetadata(v verdict) {
	for pos, o := range v.outcomes {
		if o.Status != Changed {
			continue
		}
		if err := newMetadataFault(o.Out, o.In); err != nil {
			m.hideKey(err, o.In)
			m.fault(pos, metadataHint(err), fmt.Errorf("%w: %w", ErrFieldType, err))
		}
	}
	for _, it := range v.added {
		if err := newMetadataFault(it, nil); err != nil {
			m.hideKey(err, nil)
			m.fault(-1, metadataHint(err), fmt.Errorf("%w of %s, which it added: %w", ErrFieldType, it.Identity(), err))
		}
	}
}

// newMetadataFault returns the first thing wrong with the types in metadata
// that is not wrong before, too, nil for none. Elements of a list count as often
// as they are there: what stands before them may come and go.
func newMetadataFault(it, before *krm.Item) *krm.FieldTypeError {
	faults := it.MetadataFaults()
	if len(faults) == 0 {
		return nil
	}
	known := make(map[krm.FieldTypeError]int)
	if before != nil {
		for _, f := range before.MetadataFaults() {
			f.Path = ""
			known[f]++
		}
	}
	for _, f := range faults {
		same := f
		same.Path = ""
		if known[same] == 0 {
			return &f
		}
		known[same]--
	}
	return nil
}

// hideKey takes the key out of err when the function may have made it of a
// Secret's value: it saw one, and neither the object as it was nor the step's
// config has that key. Redaction finds what is written as in the Secret alone.
func (m *matcher) hideKey(err *krm.FieldTypeError, before *krm.Item) {
	if err.Key == "" || hasKey(before, err) || !m.sawSecrets() {
		return
	}
	config := []*krm.Item{m.e.opts.Config}
	if config[0] != nil && hasWord(config[0].Raw(), err.Key) && !holdSecrets(config) {
		return
	}
	err.Path, err.Key = err.Field+"[...]", ""
}

// hasKey reports whether the object has the key that err is about.
func hasKey(it *krm.Item, err *krm.FieldTypeError) bool {
	if it == nil {
		return false
	}
	var v any = it.Object()
	for _, name := range append(strings.Split(err.Field, "."), err.Key) {
		m, _ := v.(map[string]any)
		var ok bool
		if v, ok = m[name]; !ok {
			return false
		}
	}
	return true
}

// hasWord reports whether word stands in text by itself, as in "word" or /word,
// and not as a part of a longer one.
func hasWord(text []byte, word string) bool {
	inWord := func(at int) bool { return at >= 0 && at < len(text) && (inKind(text[at]) || text[at] == '_') }
	for start := 0; ; start++ {
		at := bytes.Index(text[start:], []byte(word))
		if at < 0 {
			return false
		}
		start += at
		if !inWord(start-1) && !inWord(start+len(word)) {
			return true
		}
	}
}

func metadataHint(err *krm.FieldTypeError) string {
	switch {
	case err.Got == "null":
		return hint.Null
	case err.Want != "string":
		return ""
	case err.Got == "map":
		return hint.Key
	default:
		return hint.Text
	}
}
