package rename

import (
	"maps"
	"regexp"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/podspec"
	"github.com/velero-krm/velero-krm/krm"
)

// references edits the fields of each kind that refer to other objects.
type references struct {
	table map[groupKind]spec
	known map[groupKind][]reference
	// wanted are the kinds that are renamed: paths to others are not followed.
	wanted map[string]bool
}

type groupKind struct{ group, kind string }

func newReferences(renames []Rename) *references {
	return &references{kinds(), map[groupKind][]reference{}, newTable(renames).kinds}
}

// form is how a reference is written.
type form uint8

const (
	// nameForm is a text that is the name of an object of one kind, in the
	// namespace of the referrer or in none.
	nameForm form = iota
	// objectForm is a mapping with name and, as it may be, kind, apiVersion,
	// apiGroup or group, and namespace.
	objectForm
	// accountForm is the user name of a service account.
	accountForm
	// textForm is a text with DNS names of Services in it.
	textForm
)

// reference is one place of a kind.
type reference struct {
	form form
	path fn.Path
	// of is what a nameForm points at, and an objectForm that does not tell.
	of target
	// clusterScoped targets have no namespace whatever the referrer's is.
	clusterScoped bool
}

// edit renames in all references of an object.
func (refs *references) edit(o *fn.Object, r *renamer) error {
	for _, ref := range refs.of(o.Identity()) {
		_, err := o.Edit(ref.path, func(_ fn.Location, value any) (any, bool, error) {
			return ref.rename(o, value, r), true, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (ref reference) rename(o *fn.Object, value any, r *renamer) any {
	if ref.form == objectForm {
		m, ok := value.(map[string]any)
		if !ok {
			return value
		}
		return ref.renameObject(o, m, r)
	}
	text, ok := value.(string)
	if !ok {
		return value
	}
	switch ref.form {
	case accountForm:
		return renameAccount(o, text, r)
	case textForm:
		return renameServices(o, renameAccount(o, text, r), r)
	case nameForm, objectForm:
	}
	namespace := o.Identity().Namespace
	if ref.clusterScoped {
		namespace = ""
	}
	return r.name(o, ref.of, namespace, text)
}

// renameObject returns m itself, or a copy with another name.
func (ref reference) renameObject(o *fn.Object, m map[string]any, r *renamer) any {
	name, ok := m["name"].(string)
	if !ok {
		return m
	}
	of := ref.of
	if kind, ok := m["kind"].(string); ok && kind != "" {
		group := groupOf(m)
		// A Route's Service is of the core group though it does not say so.
		if group == "" && kind == ref.of.kind {
			group = ref.of.group
		}
		of = target{group, kind}
	}
	namespace, ok := m["namespace"].(string)
	if !ok {
		namespace = o.Identity().Namespace
	}
	if of.kind == "ClusterRole" {
		namespace = ""
	}
	to := r.name(o, of, namespace, name)
	if to == name {
		return m
	}
	next := maps.Clone(m)
	next["name"] = to
	return next
}

// groupOf returns the group that a reference tells in one of three ways, and
// "" when it tells none.
func groupOf(m map[string]any) string {
	if version, ok := m["apiVersion"].(string); ok {
		group, _, found := strings.Cut(version, "/")
		if !found {
			// An API server of OpenShift wrote "v1" for its own kinds, too.
			return ""
		}
		return group
	}
	for _, field := range []string{"apiGroup", "group"} {
		if group, ok := m[field].(string); ok {
			return group
		}
	}
	return ""
}

// The certain forms within longer texts, as in map-namespaces.
var (
	serviceDNS = regexp.MustCompile(`([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)\.([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)\.svc`)
	account    = regexp.MustCompile(`system:serviceaccount:([-a-z0-9]+):([-.a-z0-9]*[a-z0-9])`)
)

func renameServices(o *fn.Object, text string, r *renamer) string {
	if !r.table.kinds["Service"] || !strings.Contains(text, ".svc") {
		return text
	}
	return replaceGroup(text, serviceDNS, 1, func(m []string) string {
		return r.name(o, target{core, "Service"}, m[2], m[1])
	})
}

func renameAccount(o *fn.Object, text string, r *renamer) string {
	if !r.table.kinds["ServiceAccount"] || !strings.Contains(text, "system:serviceaccount:") {
		return text
	}
	return replaceGroup(text, account, 2, func(m []string) string {
		return r.name(o, target{core, "ServiceAccount"}, m[1], m[2])
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

// of returns the references of a kind to kinds that are renamed.
func (refs *references) of(id krm.Identity) []reference {
	gk := groupKind{id.Group(), id.Kind}
	if list, ok := refs.known[gk]; ok {
		return list
	}
	s := refs.table[gk]
	if l, ok := podspec.Paths(gk.group, gk.kind); ok {
		s = s.and(podReferences(strings.Join(l.Spec, ".")))
	}
	s = s.and(spec{objects: map[string]target{"metadata.ownerReferences[*]": {}}})
	list := refs.compile(s)
	refs.known[gk] = list
	return list
}

func (refs *references) compile(s spec) []reference {
	var list []reference
	add := func(f form, path string, of target) {
		if p, err := fn.ParsePath(path); err == nil {
			list = append(list, reference{f, p, of, clusterScoped(of.kind)})
		}
	}
	for _, n := range s.names {
		if refs.wanted[n.of.kind] {
			add(nameForm, n.path, n.of)
		}
	}
	for path, of := range s.objects {
		add(objectForm, path, of)
	}
	for _, path := range s.accounts {
		if refs.wanted["ServiceAccount"] {
			add(accountForm, path, target{})
		}
	}
	for _, path := range s.texts {
		if refs.wanted["Service"] || refs.wanted["ServiceAccount"] {
			add(textForm, path, target{})
		}
	}
	return list
}

func clusterScoped(kind string) bool {
	switch kind {
	case "PersistentVolume", "StorageClass", "PriorityClass", "RuntimeClass", "IngressClass", "GatewayClass":
		return true
	}
	return false
}
