package mapnamespaces

import "strings"

// The forms in which a text names a namespace beyond doubt: the DNS name of a
// Service or of all Services of a namespace, NAME.NS.svc, *.NS.svc and .NS.svc
// (https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/),
// and the user and group names of service accounts
// (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/).
const (
	serviceDomain = ".svc"
	accountUser   = "system:serviceaccount:"
	accountGroup  = "system:serviceaccounts:"
)

// word is an old namespace in a text, with no byte of a name beside it.
type word struct {
	text       string
	start, end int
}

func (w word) before() string { return w.text[:w.start] }
func (w word) after() string  { return w.text[w.end:] }
func (w word) whole() bool    { return w.start == 0 && w.end == len(w.text) }

// rewrite returns a text of a place with what surely names an old namespace
// changed, the old namespaces that it changed, and an old one, if any is left,
// that the text may mean. Nothing is changed twice.
func (m *mapper) rewrite(text string, p place) (out string, changed []string, unsure string) {
	var b strings.Builder
	last := 0
	for w := range m.words(text) {
		name := text[w.start:w.end]
		switch {
		case w.apiServer():
		case w.certain(p):
			to, _ := m.namespaces.Lookup(name)
			b.WriteString(text[last:w.start] + to)
			last = w.end
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
		start := 0
		for i := 0; i <= len(text); i++ {
			if i < len(text) && nameByte(text[i]) {
				continue
			}
			if i > start && m.old.has(text[start:i]) && !yield(word{text, start, i}) {
				return
			}
			start = i + 1
		}
	}
}

// certain reports whether the word is a namespace and nothing else.
func (w word) certain(p place) bool {
	switch p {
	case name:
		if w.whole() {
			return true
		}
	case account:
		if w.accountOfAny() {
			return true
		}
	case search:
		if w.service() && (w.start == 0 || apart(w.text[w.start-1])) {
			return true
		}
	case skip, silent, loose, free:
	}
	return w.account() || w.service() && w.inDomain()
}

// account reports whether the word is in the name of a service account or of
// the group of all of a namespace.
func (w word) account() bool {
	before := w.before()
	return (strings.HasSuffix(before, accountUser) || strings.HasSuffix(before, accountGroup)) && w.ends()
}

// maxPrefix bounds what is looked at before the name of an account, so that the
// time of a long text grows with its length alone.
const maxPrefix = 256

// accountOfAny reports the same of a text that is such a name and nothing else,
// whoever vouches for the account: openshift-velero-plugin looks at the parts
// after the first alone.
func (w word) accountOfAny() bool {
	before, ok := strings.CutSuffix(w.before(), ":serviceaccount:")
	if !ok {
		before, ok = strings.CutSuffix(w.before(), ":serviceaccounts:")
	}
	return ok && len(before) <= maxPrefix && !strings.Contains(before, ":") && (w.after() == "" || w.after()[0] == ':')
}

// service reports whether the word has the domain of Services behind it.
func (w word) service() bool {
	after, ok := strings.CutPrefix(w.after(), serviceDomain)
	return ok && word{text: after}.ends()
}

// inDomain reports whether a label, a wildcard or nothing but a dot is before
// the word, and the dot.
func (w word) inDomain() bool {
	before, ok := strings.CutSuffix(w.before(), ".")
	if !ok || before == "" {
		return ok
	}
	c := before[len(before)-1]
	return c != '-' && (nameByte(c) || apart(c))
}

// apiServer reports whether the word is the namespace in the name of the API
// server, kubernetes.default.svc, or of that of OpenShift 3, openshift.default.svc:
// every cluster has its own, wherever the other things of the namespace go.
func (w word) apiServer() bool {
	if w.text[w.start:w.end] != "default" {
		return false
	}
	for _, service := range []string{"kubernetes.", "openshift."} {
		before, ok := strings.CutSuffix(w.before(), service)
		if ok && (before == "" || apart(before[len(before)-1])) {
			return true
		}
	}
	return false
}

// ends reports whether nothing follows that a name could go on with.
func (w word) ends() bool {
	after := w.after()
	return after == "" || !nameByte(after[0]) && !letter(after[0])
}

// suspicious reports whether the word, which is not certain, may be a namespace.
func (w word) suspicious(p place) bool {
	switch p {
	case free:
		return true
	case loose, search:
		if w.whole() {
			return true
		}
	case skip, silent, name, account:
	}
	return w.short() || w.service()
}

// short reports whether the word ends the short DNS name of a Service, SERVICE.NS,
// with two labels: what has more is seldom one.
func (w word) short() bool {
	if after := w.after(); after != "" && !strings.ContainsRune(":/,;\"' \t\r\n", rune(after[0])) {
		return false
	}
	before, ok := strings.CutSuffix(w.before(), ".")
	label := len(before)
	for label > 0 && nameByte(before[label-1]) {
		label--
	}
	return ok && label < len(before) && (label == 0 || apart(before[label-1]))
}

// nameByte reports whether a name of a namespace may have it.
func nameByte(c byte) bool { return c == '-' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// letter reports whether c is part of a word, but never of a name.
func letter(c byte) bool { return c == '_' || c >= 'A' && c <= 'Z' }

// apart reports whether c is no part of a DNS name.
func apart(c byte) bool { return c != '.' && !nameByte(c) && !letter(c) }
