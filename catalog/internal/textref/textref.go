package textref

import (
	"iter"
	"strings"
)

// Form is how a text refers to something.
type Form uint8

const (
	// None is a word that is in none of the forms.
	None Form = iota
	// Service is the DNS name of a Service or of all Services of a namespace:
	// NAME.NS.svc, *.NS.svc, .NS.svc
	// (https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/).
	Service
	// Domain is NS.svc alone, in which resolvers look names up. Elsewhere it may
	// as well be short for something else.
	Domain
	// User is the user name of a service account, system:serviceaccount:NS:NAME
	// (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/).
	User
	// Group is the group of all service accounts of a namespace,
	// system:serviceaccounts:NS.
	Group
	// Identity is a service account as meshes name it, ns/NS/sa/NAME, after a
	// trust domain in most: spiffe://cluster.local/ns/NS/sa/NAME
	// (https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source).
	Identity
)

// Span is a part of a text, from the byte at Start to the one before End. The
// zero Span is no part.
type Span struct{ Start, End int }

// Of returns the part of a text.
func (s Span) Of(text string) string { return text[s.Start:s.End] }

// Empty reports whether nothing is in the part.
func (s Span) Empty() bool { return s.End <= s.Start }

// Ref is what a word of a text refers to.
type Ref struct {
	Form Form
	// Certain is true when nothing else can be meant. A DNS name that goes on
	// after .svc, but for .cluster.local, may be one of the world outside.
	Certain bool
	// Namespace is the word.
	Namespace Span
	// Name is the Service or service account; empty for all of a namespace.
	Name Span
}

const (
	serviceDomain = ".svc"
	clusterDomain = ".cluster.local"
	userPrefix    = "system:serviceaccount:"
	groupPrefix   = "system:serviceaccounts:"
	identityStart = "ns/"
	identityName  = "/sa/"
)

// All yields what a text refers to, by the place of the namespace.
func All(text string) iter.Seq[Ref] {
	return func(yield func(Ref) bool) {
		if !strings.Contains(text, serviceDomain) && !strings.Contains(text, "system:serviceaccount") && !strings.Contains(text, identityStart) {
			return
		}
		for word := range Words(text) {
			if ref := At(text, word); ref.Form != None && !yield(ref) {
				return
			}
		}
	}
}

// Words yields the longest parts of a text that have no byte but those of names
// of namespaces.
func Words(text string) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		start := 0
		for i := 0; i <= len(text); i++ {
			if i < len(text) && NameByte(text[i]) {
				continue
			}
			if i > start && !yield(Span{start, i}) {
				return
			}
			start = i + 1
		}
	}
}

// At returns what a word refers to when it is the name of a namespace.
func At(text string, word Span) Ref {
	if !label(word.Of(text)) || continues(text[word.End:]) {
		return Ref{}
	}
	for _, form := range [...]func(string, Span) Ref{user, group, identity, service} {
		if ref := form(text, word); ref.Form != None {
			ref.Namespace = word
			return ref
		}
	}
	return Ref{}
}

func user(text string, word Span) Ref {
	before, ok := strings.CutSuffix(text[:word.Start], userPrefix)
	if !ok {
		return Ref{}
	}
	ref := Ref{Form: User, Certain: !inWord(before)}
	if strings.HasPrefix(text[word.End:], ":") {
		ref.Name = accountName(text, word.End+1)
	}
	return ref
}

func group(text string, word Span) Ref {
	before, ok := strings.CutSuffix(text[:word.Start], groupPrefix)
	if !ok {
		return Ref{}
	}
	return Ref{Form: Group, Certain: !inWord(before)}
}

// identity knows a pattern as well, ns/NS/*, which is not certain: it may be a
// path.
func identity(text string, word Span) Ref {
	before, ok := strings.CutSuffix(text[:word.Start], identityStart)
	if !ok || inWord(before) || strings.HasSuffix(before, ".") {
		return Ref{}
	}
	after := text[word.End:]
	switch {
	case strings.HasPrefix(after, identityName):
		return Ref{Form: Identity, Certain: true, Name: accountName(text, word.End+len(identityName))}
	case after == "", after[0] == '/', after[0] == '*':
		return Ref{Form: Identity}
	}
	return Ref{}
}

func service(text string, word Span) Ref {
	after, ok := strings.CutPrefix(text[word.End:], serviceDomain)
	if !ok || continues(after) {
		return Ref{}
	}
	before := text[:word.Start]
	if before == "" || Apart(before[len(before)-1]) {
		return Ref{Form: Domain, Certain: endsHost(after)}
	}
	before, ok = strings.CutSuffix(before, ".")
	if !ok {
		return Ref{Form: Service}
	}
	if before == "" || Apart(before[len(before)-1]) {
		return Ref{Form: Service, Certain: endsHost(after)}
	}
	start := len(before)
	for start > 0 && (NameByte(before[start-1]) || letter(before[start-1])) {
		start--
	}
	if last := before[len(before)-1]; last == '-' || !NameByte(last) {
		return Ref{Form: Service}
	}
	ref := Ref{Form: Service, Certain: endsHost(after)}
	if label(before[start:]) {
		ref.Name = Span{start, len(before)}
	}
	return ref
}

// endsHost reports whether a DNS name ends before a text, or after the domain of
// the cluster. What a program puts in, as $(DOMAIN), is that domain.
func endsHost(after string) bool {
	after = strings.TrimPrefix(after, clusterDomain)
	return !continues(after) && !continues(strings.TrimPrefix(after, "."))
}

// accountName returns the name of a service account at a place, which may have
// dots; empty when there is none.
func accountName(text string, start int) Span {
	end := start
	for end < len(text) && (NameByte(text[end]) || text[end] == '.') {
		end++
	}
	if end < len(text) && letter(text[end]) {
		return Span{}
	}
	for end > start && text[end-1] == '.' { // of a sentence
		end--
	}
	if end == start || !alphanumeric(text[start]) || !alphanumeric(text[end-1]) {
		return Span{}
	}
	return Span{start, end}
}

// maxPrefix bounds what is looked at before the name of an account, so that the
// time of a long text grows with its length alone.
const maxPrefix = 256

// UserOfAny reports whether a text is the name of a service account or of the
// group of all of the namespace that a word is, and nothing else, whoever vouches
// for it: openshift-velero-plugin looks at the parts after the first alone.
func UserOfAny(text string, word Span) bool {
	before, after := text[:word.Start], text[word.End:]
	before, ok := strings.CutSuffix(before, ":")
	if !ok {
		return false
	}
	head, ok := strings.CutSuffix(before, ":serviceaccount")
	if !ok {
		head, ok = strings.CutSuffix(before, ":serviceaccounts")
	}
	return ok && len(head) <= maxPrefix && !strings.Contains(head, ":") && (after == "" || after[0] == ':')
}

// label reports whether a text, of bytes of names, is a name with none of them
// at the wrong place.
func label(text string) bool {
	if text == "" || !alphanumeric(text[0]) || !alphanumeric(text[len(text)-1]) {
		return false
	}
	for i := range len(text) {
		if !NameByte(text[i]) {
			return false
		}
	}
	return true
}

// continues reports whether a name before a text would go on in it.
func continues(after string) bool { return after != "" && (NameByte(after[0]) || letter(after[0])) }

// inWord reports whether a name after a text would have begun in it.
func inWord(before string) bool {
	return before != "" && (NameByte(before[len(before)-1]) || letter(before[len(before)-1]))
}

// NameByte reports whether a name of a namespace may have a byte.
func NameByte(c byte) bool { return c == '-' || alphanumeric(c) }

func alphanumeric(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// letter reports whether c is part of a word, but never of a name. Scripts that
// have no such names write them without a space beside.
func letter(c byte) bool { return c == '_' || c >= 'A' && c <= 'Z' }

// Apart reports whether a byte is no part of a DNS name.
func Apart(c byte) bool { return c != '.' && !NameByte(c) && !letter(c) }
