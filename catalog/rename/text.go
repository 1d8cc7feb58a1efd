package rename

import (
	"strings"

	"github.com/velero-krm/velero-krm/catalog/internal/textref"
)

// certain changes DNS names of Services, and names and identities of service
// accounts, within a text, and notes those that may be of something else.
func (w *walker) certain(text string) string {
	return w.referred(text, func(ref textref.Ref) string {
		switch ref.Form {
		case textref.Service:
			return "Service"
		case textref.User, textref.Identity:
			return "ServiceAccount"
		default:
			return ""
		}
	})
}

// account changes the user names of service accounts alone.
func (w *walker) account(text string) string {
	return w.referred(text, func(ref textref.Ref) string {
		if ref.Form == textref.User {
			return "ServiceAccount"
		}
		return ""
	})
}

// referred changes the names of objects that a text refers to, of the kind that
// each is of; "" is a reference to leave.
func (w *walker) referred(text string, kindOf func(textref.Ref) string) string {
	if !w.r.table.kinds["Service"] && !w.r.table.kinds["ServiceAccount"] {
		return text
	}
	var b strings.Builder
	last := 0
	for ref := range textref.All(text) {
		kind := kindOf(ref)
		if !w.r.table.kinds[kind] || ref.Name.Empty() || ref.Name.Start < last {
			continue
		}
		namespace, name := ref.Namespace.Of(text), ref.Name.Of(text)
		if !ref.Certain || w.embedded > 0 {
			if r, ok := w.r.table.named(namespace, name, kind); ok {
				w.mention(r)
			}
			continue
		}
		b.WriteString(text[last:ref.Name.Start] + w.name(target{core, kind}, namespace, name))
		last = ref.Name.End
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
