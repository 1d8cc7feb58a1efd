package rename

import (
	"regexp"
	"strings"
)

// The certain forms within longer texts, as in map-namespaces.
var (
	serviceDNS = regexp.MustCompile(`([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)\.([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)\.svc`)
	account    = regexp.MustCompile(`system:serviceaccount:([-a-z0-9]+):([-.a-z0-9]*[a-z0-9])`)
)

// certain changes DNS names of Services and user names of service accounts
// within a text.
func (w *walker) certain(text string) string {
	return w.services(w.account(text))
}

func (w *walker) services(text string) string {
	if !w.r.table.kinds["Service"] || !strings.Contains(text, ".svc") {
		return text
	}
	return replaceGroup(text, serviceDNS, 1, func(m []string) string {
		return w.name(target{core, "Service"}, m[2], m[1])
	})
}

func (w *walker) account(text string) string {
	if !w.r.table.kinds["ServiceAccount"] || !strings.Contains(text, "system:serviceaccount:") {
		return text
	}
	return replaceGroup(text, account, 2, func(m []string) string {
		return w.name(target{core, "ServiceAccount"}, m[1], m[2])
	})
}

// replaceGroup replaces one group of every match that is no part of a longer
// word. The characters around are looked at and not matched, or one between
// two names would belong to the first alone.
func replaceGroup(text string, re *regexp.Regexp, group int, with func(match []string) string) string {
	var b strings.Builder
	last := 0
	for _, at := range re.FindAllStringSubmatchIndex(text, -1) {
		if at[0] > 0 && wordByte(text[at[0]-1]) || at[1] < len(text) && wordByte(text[at[1]]) {
			continue
		}
		match := make([]string, len(at)/2)
		for i := range match {
			match[i] = text[at[2*i]:at[2*i+1]]
		}
		b.WriteString(text[last:at[2*group]] + with(match))
		last = at[2*group+1]
	}
	return b.String() + text[last:]
}

func wordByte(c byte) bool {
	return c == '-' || c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

// breadth is which words of a text may refer to an object.
type breadth bool

const (
	// hostsOnly are hosts (//db, db:5432, user@db, db.shop) and shop/db.
	hostsOnly breadth = false
	// allWords are these, and every word that is an old name and no part of a
	// path.
	allWords breadth = true
)

// mentions notes each entry that a word of the text may refer to.
func (w *walker) mentions(text string, b breadth) {
	start := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && (wordByte(text[i]) || text[i] == '.') {
			continue
		}
		if i > start {
			w.word(text, start, i, b)
		}
		start = i + 1
	}
}

// word looks at one word of a text.
func (w *walker) word(text string, start, end int, b breadth) {
	word := strings.Trim(text[start:end], ".")
	before, after := text[:start], text[end:]
	namespace := w.id.Namespace
	switch owner, inPath := strings.CutSuffix(before, "/"); {
	case !inPath, strings.HasSuffix(owner, "/"):
	case namespaceBefore(owner) != "":
		// shop/db: an object of that namespace, if it is one.
		if r, ok := w.r.table.named(namespaceBefore(owner), word); ok && (r.Namespace != "" || namespaceBefore(owner) == namespace) {
			w.mention(r)
		}
		return
	default:
		return
	}
	if r, ok := w.r.table.named(namespace, word, hostKinds(before, after, b)...); ok {
		w.mention(r)
		return
	}
	if name, rest, ok := strings.Cut(word, "."); ok {
		w.host(name, rest)
	}
	if i := strings.Index(word, "_SERVICE_"); i > 0 {
		w.variable(word[:i+len("_SERVICE_")])
	}
}

// namespaceBefore returns the word that a text ends in, unless it is part of a
// path.
func namespaceBefore(text string) string {
	start := len(text)
	for start > 0 && (wordByte(text[start-1]) || text[start-1] == '.') {
		start--
	}
	if start > 0 && text[start-1] == '/' {
		return ""
	}
	return text[start:]
}

// hostKinds returns of which kinds a word between others may be the name;
// nothing stands for all.
func hostKinds(before, after string, b breadth) []string {
	if b == allWords {
		return nil
	}
	port := len(after) > 1 && after[0] == ':' && after[1] >= '0' && after[1] <= '9'
	if port || strings.HasSuffix(before, "//") || strings.HasSuffix(before, "@") {
		return []string{"Service"}
	}
	return []string{""}
}

// host looks at a DNS name: db.shop and what may follow, pod-0.db and
// pod-0.db.shop.
func (w *walker) host(first, rest string) {
	second, _, _ := strings.Cut(rest, ".")
	if r, ok := w.r.table.named(second, first, "Service"); ok && (r.Namespace != "" || second == w.id.Namespace) {
		w.mention(r)
		return
	}
	i := strings.LastIndexByte(first, '-')
	if i < 0 || strings.Trim(first[i+1:], "0123456789") != "" || i+1 == len(first) {
		return
	}
	namespace := w.id.Namespace
	if _, more, ok := strings.Cut(rest, "."); ok {
		namespace, _, _ = strings.Cut(more, ".")
	}
	if r, ok := w.r.table.named(namespace, second, "Service"); ok && (r.Namespace != "" || namespace == w.id.Namespace) {
		w.mention(r)
	}
}

// variable looks at the name of a variable that pods have for a Service.
func (w *walker) variable(prefix string) {
	for _, r := range w.r.services {
		if serviceVariable(r.From) == prefix && (r.Namespace == "" || r.Namespace == w.id.Namespace) {
			w.mention(r)
		}
	}
}
