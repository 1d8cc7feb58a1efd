package mapnamespaces

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
)

// The forms in which a longer text names a namespace beyond doubt: the DNS name
// of a Service, with a label in front, and the user and group names of service
// accounts (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/).
var (
	serviceDNS = regexp.MustCompile(`([a-z0-9]\.)([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)(\.svc)(\.|[^-.\w]|$)`)
	account    = regexp.MustCompile(`(system:serviceaccounts?:)([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)(:|[^-:\w]|$)`)
)

// account changes the user name of a service account or the group of all
// accounts of a namespace.
func (m *mapper) account(o *fn.Object, text string) string {
	if !strings.Contains(text, "system:serviceaccount") {
		return text
	}
	return m.submatch(o, account, text)
}

// text changes what is certain within any text.
func (m *mapper) text(o *fn.Object, text string) string {
	if strings.Contains(text, ".svc") {
		text = m.submatch(o, serviceDNS, text)
	}
	return m.account(o, text)
}

// submatch replaces the second group of every match by its new name.
func (m *mapper) submatch(o *fn.Object, re *regexp.Regexp, text string) string {
	var b strings.Builder
	last := 0
	for _, at := range re.FindAllStringSubmatchIndex(text, -1) {
		from := text[at[4]:at[5]]
		to, ok := m.namespaces.Lookup(from)
		if !ok {
			continue
		}
		b.WriteString(text[last:at[4]] + to)
		last = at[5]
		m.namespaces.Count(from, o)
	}
	if last == 0 {
		return text
	}
	return b.String() + text[last:]
}

// mentioned returns the first old namespace that is a whole word of the text.
func (m *mapper) mentioned(text string) (string, bool) {
	start := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && nameByte(text[i]) {
			continue
		}
		if i > start {
			if _, ok := m.namespaces.Lookup(text[start:i]); ok {
				return text[start:i], true
			}
		}
		start = i + 1
	}
	return "", false
}

// nameByte reports whether a name of a namespace may have it.
func nameByte(c byte) bool { return c == '-' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// maxWalk bounds the recursion; the schemas of custom resources nest some 30
// deep.
const maxWalk = 64

// walkCustom reports fields of an object of unknown kind that are the name of
// an old namespace, or a text with a service's DNS name in it.
func (m *mapper) walkCustom(o *fn.Object) {
	root := o.Root()
	for _, key := range root.Keys() {
		switch key {
		case "apiVersion", "kind", "metadata", "status":
			continue
		}
		value, _ := root.Get(key)
		m.walk(o, value, []any{key})
	}
}

func (m *mapper) walk(o *fn.Object, value any, at []any) {
	if len(at) > maxWalk {
		return
	}
	switch value := value.(type) {
	case string:
		if _, ok := m.namespaces.Lookup(value); ok {
			m.report(o, fn.LocationOf(at...), value)
			return
		}
		for _, re := range []*regexp.Regexp{serviceDNS, account} {
			for _, match := range re.FindAllStringSubmatch(value, -1) {
				if _, ok := m.namespaces.Lookup(match[2]); ok {
					m.report(o, fn.LocationOf(at...), match[2])
					return
				}
			}
		}
	case []any:
		for i := range value {
			m.walk(o, value[i], append(at, i))
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			m.walk(o, value[key], append(at, key))
		}
	}
}
