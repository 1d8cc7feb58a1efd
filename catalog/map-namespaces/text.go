package mapnamespaces

import (
	"strings"

	"github.com/velero-krm/velero-krm/catalog/internal/textref"
)

// word is an old namespace in a text, with no byte of a name beside it, and what
// it refers to by the forms that are certain or nearly so.
type word struct {
	text string
	textref.Span
	ref textref.Ref
}

func (w word) before() string { return w.text[:w.Start] }
func (w word) after() string  { return w.text[w.End:] }
func (w word) whole() bool    { return w.Start == 0 && w.End == len(w.text) }

// rewrite returns a text of a place with what surely names an old namespace
// changed, the old namespaces that it changed, and an old one, if any is left,
// that the text may mean. Nothing is changed twice.
func (m *mapper) rewrite(text string, p place) (out string, changed []string, unsure string) {
	if p == selection {
		p = ofSelection(text)
	}
	var b strings.Builder
	last := 0
	for w := range m.words(text) {
		name := w.Of(text)
		switch {
		case w.apiServer():
		case w.certain(p):
			to, _ := m.namespaces.Lookup(name)
			b.WriteString(text[last:w.Start] + to)
			last = w.End
			changed = append(changed, name)
		case unsure == "" && w.suspicious(p):
			unsure = name
		}
	}
	if last == 0 {
		return text, nil, unsure
	}
	return b.String() + text[last:], changed, unsure
}

// words yields the old namespaces in a text.
func (m *mapper) words(text string) func(yield func(word) bool) {
	return func(yield func(word) bool) {
		for span := range textref.Words(text) {
			if m.old.has(span.Of(text)) && !yield(word{text, span, textref.At(text, span)}) {
				return
			}
		}
	}
}

// ofSelection returns what a selector is that is written as text. Most are about
// labels of pods, which name no namespace.
func ofSelection(text string) place {
	for _, label := range []string{"amespace", "metadata.name", "pcns."} {
		if strings.Contains(text, label) {
			return free
		}
	}
	return loose
}

// certain reports whether the word is a namespace and nothing else.
func (w word) certain(p place) bool {
	switch p {
	case name:
		if w.whole() {
			return true
		}
	case account:
		if textref.UserOfAny(w.text, w.Span) {
			return true
		}
	case search:
		if w.ref.Form == textref.Domain && w.ref.Certain {
			return true
		}
	case skip, silent, loose, free, selection:
	}
	return w.ref.Certain && w.ref.Form != textref.Domain
}

// apiServer reports whether the word is the namespace in the name of the API
// server, kubernetes.default.svc, or of that of OpenShift 3, openshift.default.svc:
// every cluster has its own, wherever the other things of the namespace go.
func (w word) apiServer() bool {
	if w.Of(w.text) != "default" {
		return false
	}
	for _, service := range []string{"kubernetes.", "openshift."} {
		before, ok := strings.CutSuffix(w.before(), service)
		if ok && (before == "" || textref.Apart(before[len(before)-1])) {
			return true
		}
	}
	return false
}

// suspicious reports whether the word, which is not certain, may be a namespace.
func (w word) suspicious(p place) bool {
	switch p {
	case free:
		return true
	case loose:
		if w.whole() || w.qualifies() {
			return true
		}
	case search:
		if w.whole() {
			return true
		}
	case skip, silent, name, account, selection:
	}
	return w.ref.Form != textref.None || w.short()
}

// qualifies reports whether the word begins the name of an object with its
// namespace, NS/NAME, or of all of a namespace, NS/*.
func (w word) qualifies() bool { return w.Start == 0 && strings.HasPrefix(w.after(), "/") }

// short reports whether the word ends the short DNS name of a Service, SERVICE.NS,
// with two labels: what has more is seldom one.
func (w word) short() bool {
	if after := w.after(); after != "" && !strings.ContainsRune(":/,;\"' \t\r\n", rune(after[0])) {
		return false
	}
	before, ok := strings.CutSuffix(w.before(), ".")
	label := len(before)
	for label > 0 && textref.NameByte(before[label-1]) {
		label--
	}
	return ok && label < len(before) && (label == 0 || textref.Apart(before[label-1]))
}
