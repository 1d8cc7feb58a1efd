package rename

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// form is how a reference is written.
type form uint8

const (
	// nameForm is a text that is the name of an object of one kind, in the
	// namespace of the referrer or in none.
	nameForm form = iota
	// objectForm is a mapping with name and, as it may be, kind, apiVersion,
	// apiGroup or group, and namespace.
	objectForm
	// roleForm is an objectForm that names a Role, with a namespace, or a
	// ClusterRole, without.
	roleForm
	// qualifiedForm is a name, or a namespace, "/" and a name.
	qualifiedForm
	// secretsForm is a mapping with names of Secrets under keys that end so,
	// and their namespaces beside them.
	secretsForm
	// rulesForm is a list of rules with apiGroups, resources and resourceNames.
	rulesForm
	// quotaForm is a mapping whose keys may begin with the name of a class.
	quotaForm
	// accountForm is the user name of a service account.
	accountForm
	// textForm is a text with DNS names of Services in it, where every word
	// may be a name.
	textForm
	// annotationForm is a textForm that is seldom a name.
	annotationForm
	// unsureForm is a name of an object of a kind that nobody knows.
	unsureForm
	// imageForm is an image, which may be that of an ImageStream.
	imageForm
	// otherForm names an object of a kind that is not renamed.
	otherForm
)

// reference is what is at one place of a kind.
type reference struct {
	form form
	// of is what a nameForm points at, and an objectForm that does not tell.
	of target
}

// rename returns what the value of a place becomes; it changes mappings and
// lists in place.
func (ref reference) rename(w *walker, value any) any {
	switch value := value.(type) {
	case string:
		return ref.renameText(w, value)
	case map[string]any:
		switch ref.form {
		case objectForm, roleForm:
			ref.renameObject(w, value)
		case secretsForm:
			renameSecrets(w, value)
		case quotaForm:
			renameQuota(w, value)
		default:
		}
	case []any:
		if ref.form == rulesForm {
			renameRules(w, value)
		}
	}
	return value
}

func (ref reference) renameText(w *walker, text string) string {
	switch ref.form {
	case nameForm:
		return w.name(ref.of, w.inNamespace(ref.of.kind), text)
	case qualifiedForm:
		namespace, name, ok := strings.Cut(text, "/")
		if !ok {
			return w.name(ref.of, w.inNamespace(ref.of.kind), text)
		}
		return namespace + "/" + w.name(ref.of, namespace, name)
	case accountForm:
		return w.account(text)
	case textForm:
		text = w.certain(text)
		w.mentions(text, allWords)
	case annotationForm:
		return w.annotation(text)
	case unsureForm:
		if r, ok := w.r.table.named(w.id.Namespace, text); ok {
			w.mention(r)
		}
	case imageForm:
		w.image(text)
	default:
	}
	return text
}

// image looks at the name of an image: REGISTRY/NAMESPACE/STREAM and what may
// follow.
func (w *walker) image(text string) {
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		return
	}
	stream, _, _ := strings.Cut(parts[2], "@")
	stream, _, _ = strings.Cut(stream, ":")
	if r, ok := w.r.table.named(parts[1], stream, "ImageStream"); ok {
		w.mention(r)
	}
}

// annotation changes what is certain in an annotation. What Helm and kubectl
// note is about the object itself, and about what was.
func (w *walker) annotation(text string) string {
	key := w.lastKey()
	if strings.HasPrefix(key, "kubectl.kubernetes.io/") {
		return text
	}
	if next, ok := w.json(text); ok {
		return next
	}
	text = w.certain(text)
	switch r, ok := w.r.table.named(w.id.Namespace, text); {
	case ok && strings.HasPrefix(key, "meta.helm.sh/"):
	case ok:
		w.mention(r)
	// Prose would have too many words that are names.
	case strings.ContainsAny(text, " \t\n"):
		w.mentions(text, hostsOnly)
	default:
		w.mentions(text, allWords)
	}
	return text
}

// json renames in a text that is a mapping or list in JSON, and reports whether
// it is.
func (w *walker) json(text string) (string, bool) {
	if text == "" || text[0] != '{' && text[0] != '[' {
		return text, false
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return text, false
	}
	before, custom := w.changed, w.custom
	w.changed, w.custom = false, true
	w.value(v, nil)
	changed := w.changed
	w.changed, w.custom = before || changed, custom
	if !changed {
		return text, true
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return text, true
	}
	return strings.TrimSuffix(b.String(), "\n"), true
}

func (ref reference) renameObject(w *walker, m map[string]any) {
	name, ok := m["name"].(string)
	if !ok {
		return
	}
	of := ref.of
	namespace, namespaced := m["namespace"].(string)
	kind, told := m["kind"].(string)
	switch {
	case told && kind != "":
		group := groupOf(m)
		// A Route's Service is of the core group though it does not say so.
		if group == "" && kind == ref.of.kind {
			group = ref.of.group
		}
		of = target{group, kind}
	case ref.form == roleForm && namespaced && namespace != "":
		of = target{"", "Role"}
	case ref.form == roleForm:
		of = target{"", "ClusterRole"}
	}
	if !namespaced || clusterScoped(of.kind) {
		namespace = w.inNamespace(of.kind)
	}
	m["name"] = w.name(of, namespace, name)
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

// renameSecrets renames in parameters of classes and in annotations of volumes:
// csi.storage.k8s.io/provisioner-secret-name with -namespace, adminSecretName
// with adminSecretNamespace. A namespace may be a template.
func renameSecrets(w *walker, m map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		name, ok := m[key].(string)
		if !ok || !strings.HasSuffix(key, "secret-name") && !strings.HasSuffix(strings.ToLower(key), "secretname") {
			continue
		}
		namespace, told := m[key[:len(key)-len("name")]+"namespace"].(string)
		if !told {
			namespace, told = m[key[:len(key)-len("name")]+"Namespace"].(string)
		}
		if !told || strings.Contains(namespace, "${") {
			namespace = ""
		}
		secret := target{core, "Secret"}
		if _, ok := w.r.table.lookup(secret, namespace, name); ok || namespace != "" {
			m[key] = w.name(secret, namespace, name)
		} else {
			w.mentionAt(key, "", name, "Secret")
		}
	}
}

// renameQuota renames the classes in names of resources, as
// gold.storageclass.storage.k8s.io/requests.storage.
func renameQuota(w *walker, m map[string]any) {
	for _, class := range []struct {
		infix string
		of    target
	}{
		{".storageclass.storage.k8s.io/", target{storage, "StorageClass"}},
		{".volumeattributesclass.storage.k8s.io/", target{storage, "VolumeAttributesClass"}},
		{".deviceclass.resource.k8s.io/", target{"resource.k8s.io", "DeviceClass"}},
	} {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			name, rest, ok := strings.Cut(key, class.infix)
			if !ok {
				continue
			}
			to, _ := w.r.table.lookup(class.of, "", name)
			next := to + class.infix + rest
			if _, there := m[next]; to != "" && !there {
				w.name(class.of, "", name)
				m[next] = m[key]
				delete(m, key)
			}
		}
	}
}

// renameRules renames the objects that rules are about.
func renameRules(w *walker, rules []any) {
	for i, rule := range rules {
		if m, ok := rule.(map[string]any); ok {
			w.at = append(w.at, i)
			renameRule(w, m)
			w.at = w.at[:len(w.at)-1]
		}
	}
}

// renameRule renames in the names of one rule. One that is about several
// resources, of which others keep the name, gets the new name beside the old.
func renameRule(w *walker, rule map[string]any) {
	names, ok := rule["resourceNames"].([]any)
	if !ok {
		return
	}
	groups, resources := texts(rule["apiGroups"]), ruleResources(rule["resources"])
	next, replaced := make([]any, 0, len(names)), false
	for _, v := range names {
		name, ok := v.(string)
		if !ok {
			next = append(next, v)
			continue
		}
		found := w.ruleTargets(groups, resources, name)
		if len(found) < len(resources) || len(found) == 0 {
			next = append(next, name)
		} else {
			replaced = true
		}
		for _, of := range found {
			if to, _ := w.r.table.lookup(of, w.inNamespace(of.kind), name); !slices.Contains(names, any(to)) && !slices.Contains(next, any(to)) {
				next = append(next, w.name(of, w.inNamespace(of.kind), name))
			}
		}
	}
	if replaced || len(next) != len(names) {
		rule["resourceNames"], w.changed = next, true
	}
}

// ruleTargets returns what a name stands for, for each resource of which an
// object of that name is renamed.
func (w *walker) ruleTargets(groups, resources []string, name string) []target {
	var found []target
	var kinds []string
	for _, resource := range resources {
		for _, r := range w.r.table.from[name] {
			if resource != "*" && !isResourceOf(resource, r.Kind) {
				continue
			}
			if r.Group != "" && !slices.Contains(groups, "*") && !slices.Contains(groups, strings.TrimPrefix(r.Group, core)) {
				continue
			}
			kinds = append(kinds, r.Kind)
			to, ok := w.r.table.lookup(r.target(), w.inNamespace(r.Kind), name)
			if ok && resource != "*" && to != name {
				found = append(found, r.target())
				break
			}
		}
	}
	// A ClusterRole may be bound in any namespace, and * is any resource.
	if len(found) == 0 && len(kinds) > 0 {
		w.mentionAt("resourceNames", w.id.Namespace, name, kinds...)
	}
	return found
}

// ruleResources are the resources of a rule, each once, without subresources.
func ruleResources(v any) []string {
	var list []string
	for _, text := range texts(v) {
		resource, _, _ := strings.Cut(text, "/")
		if !slices.Contains(list, resource) {
			list = append(list, resource)
		}
	}
	return list
}

func texts(v any) []string {
	var list []string
	all, _ := v.([]any)
	for _, e := range all {
		if text, ok := e.(string); ok {
			list = append(list, text)
		}
	}
	return list
}

// isResourceOf reports whether a resource is that of a kind, by the rules of
// English.
func isResourceOf(resource, kind string) bool {
	resource, kind = strings.ReplaceAll(resource, "-", ""), strings.ToLower(kind)
	stem, y := strings.CutSuffix(kind, "y")
	return resource == kind+"s" || resource == kind+"es" || y && resource == stem+"ies" || resource == kind && strings.HasSuffix(kind, "s")
}
