package mapnamespaces

import (
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/catalog/internal/textref"
	"github.com/velero-krm/velero-krm/krm"
)

// place is what a text is, by the keys that lead to it. What names a namespace
// beyond doubt is changed in all of them but skip; they differ in what else is, and in
// what is reported.
type place uint8

const (
	// loose is any field: a text that is an old name, or ends with one as the
	// short DNS name of a Service does, is reported.
	loose place = iota
	// skip is not looked into.
	skip
	// silent names something else by the same name; short DNS names are reported.
	silent
	// free is what a program reads: every word that is an old name is reported.
	free
	// name is the name of a namespace and nothing else.
	name
	// account is the name of a user or group and nothing else.
	account
	// search is a domain in which names are looked up.
	search
	// selection is a selector that is written as text: free if it is about
	// namespaces, else loose.
	selection
)

// child returns what is known of what a mapping has at a key. kind is the first
// byte of its JSON.
func (w *walker) child(f frame, key string, kind byte) frame {
	child := frame{in: key, selects: f.selects || selectsNamespaces(key, kind), subjects: f.subjects || key == "subjects"}
	if kind == '"' || kind == '[' || kind == '{' {
		child.place, child.byKind = w.place(f, child, kind)
	}
	return child
}

// place returns what a text at a key is, and whether that is only so because the
// kind of the object is known.
func (w *walker) place(f, child frame, kind byte) (p place, byKind bool) {
	if p, ok := w.ofAll(f, child, kind); ok {
		return p, false
	}
	if w.known {
		return w.ofKnown(f, child, kind), true
	}
	return loose, false
}

// ofAll are the places that all kinds have alike, and those that depend on where
// in the object itself they are.
func (w *walker) ofAll(f, child frame, kind byte) (place, bool) {
	key := child.in
	switch len(w.path) {
	case 1:
		return w.topLevel(key), true
	case 2:
		if p, ok := w.secondLevel(f, key); ok {
			return p, true
		}
	}
	if f.in == "annotations" {
		return annotation(key), true
	}
	if isLabels(f.in) && kind == '"' || f.in == "matchExpressions" {
		return w.label(f, key), true
	}
	if f.in == "metadata" && slices.Contains([]string{"labels", "name", "generateName", "ownerReferences", "managedFields"}, key) {
		return skip, true
	}
	if key == "data" || key == "stringData" {
		if slices.Contains(w.sibling(f, "kind"), "Secret") {
			return skip, true
		}
	}
	return program(f, child, kind)
}

// topLevel are the keys of the object itself.
func (w *walker) topLevel(key string) place {
	switch key {
	case "apiVersion", "kind", "status":
		return skip
	case "data", "stringData", "binaryData":
		if w.isCore("Secret") || key == "binaryData" && w.isCore("ConfigMap") {
			return skip
		}
	case "users", "groups", "userNames", "groupNames":
		if w.known {
			return account
		}
	}
	if w.known && isName(key) {
		return silent
	}
	return loose
}

// secondLevel are those keys below that are not as further down.
func (w *walker) secondLevel(f frame, key string) (place, bool) {
	switch {
	case f.in == "metadata" && key != "annotations":
		return skip, true
	case f.in == "data" && w.isCore("ConfigMap"):
		return free, true
	case f.in == "parameters" && w.known:
		return parameter(key), true
	}
	return loose, false
}

func (w *walker) isCore(kind string) bool { return w.id.Kind == kind && w.id.Group() == "" }

// annotation is the place of an annotation. Helm looks a release up by one.
func annotation(key string) place {
	switch key {
	case "meta.helm.sh/release-namespace":
		return name
	case "kubectl.kubernetes.io/last-applied-configuration":
		// It tells what was, and is read by nobody but kubectl apply.
		return skip
	}
	if strings.HasSuffix(key, "name") {
		return silent // as meta.helm.sh/release-name, kubernetes.io/service-account.name
	}
	return free
}

// isNamespaceLabel reports whether a label holds the name of a namespace: that of
// every Namespace, and those by which Cilium knows the pods of one
// (https://docs.cilium.io/en/stable/security/policy/kubernetes/).
func isNamespaceLabel(key string) bool {
	return key == "kubernetes.io/metadata.name" || key == "io.kubernetes.pod.namespace" || key == "k8s:io.kubernetes.pod.namespace"
}

// isLabels reports whether what is at a key maps labels to values.
func isLabels(key string) bool {
	return slices.Contains([]string{"labels", "matchLabels", "selector", "nodeSelector"}, key)
}

// label is the place of a label's value, at the label's key, or of the fields of
// an expression. The labels of pods and nodes name no namespace, but for those
// that say so.
func (w *walker) label(f frame, key string) place {
	if f.in == "matchExpressions" {
		if key != "values" {
			return skip
		}
		if keys := w.sibling(f, "key"); len(keys) == 1 {
			key = keys[0]
		}
	}
	switch {
	case isNamespaceLabel(key):
		return name
	case f.selects:
		return loose
	case w.known && (f.in == "selector" || f.in == "nodeSelector"):
		// As of a Service: surely of pods or nodes.
	case strings.Contains(strings.ToLower(key), "namespace"):
		// As those of metrics, by which an autoscaler selects.
		return loose
	}
	return skip
}

// selectsNamespaces reports whether what is at a key says which namespaces.
func selectsNamespaces(key string, kind byte) bool {
	return strings.HasSuffix(key, "amespaceSelector") || key == "namespaces" && kind == '{'
}

// program are places that kinds of all groups have alike, as pods are in many.
func program(f, child frame, kind byte) (place, bool) {
	switch child.in {
	case "args", "command", "externalName", "expression", "messageExpression", "valueExpression", "expr":
		return free, true
	case "value":
		return free, f.in == "env"
	case "apiVersion", "apiGroup", "image":
		return silent, true // apps/v1 is in no namespace apps
	case "port", "targetPort":
		return silent, true // by their names
	case "searches":
		return search, true
	case "matchNames":
		// https://prometheus-operator.dev/docs/api-reference/api/
		return name, f.selects
	}
	// Calico writes selectors as text
	// (https://docs.tigera.io/calico/latest/reference/resources/globalnetworkpolicy#selectors).
	switch {
	case kind != '"':
	case strings.HasSuffix(child.in, "amespaceSelector"):
		return free, true
	case strings.HasSuffix(child.in, "elector"):
		return selection, true
	}
	return loose, false
}

// isKnown reports whether what is called a namespace in an object is one of the
// cluster.
func isKnown(id krm.Identity) bool { return textref.Namespaced(id.Group()) }

// ofKnown are the places of kinds that are known.
func (w *walker) ofKnown(f, child frame, kind byte) place {
	key := child.in
	if (f.in == "volumeAttributes" || f.in == "options") && kind == '"' {
		return parameter(key)
	}
	switch {
	case key == "volumeNamespace":
		return loose // a notion of StorageOS
	case kind == '"' && (key == "namespace" || strings.HasSuffix(key, "Namespace")), kind == '[' && key == "namespaces":
		return name
	case key == "name" && f.subjects:
		return account
	case key == "resourceNames" && slices.Contains(w.sibling(f, "resources"), "namespaces"):
		return loose
	case isName(key):
		return silent
	}
	return loose
}

// isName reports whether a field of a known kind, when it is an old namespace's
// name, is that of something else: an object, a container, a host, an image, a
// program.
func isName(key string) bool {
	if strings.HasSuffix(key, "Name") || strings.HasSuffix(key, "Names") {
		return true
	}
	switch key {
	case "name", "key", "path", "ref", "serviceAccount",
		"host", "hosts", "hostname", "hostnames", "subdomain",
		"image", "mountPath", "subPath", "subPathExpr", "volumeHandle", "volumeID", "workingDir",
		"plural", "singular",
		"appProtocol", "topologyKey", "type",
		// What a controller or a driver calls itself.
		"attacher", "component", "controller", "driver", "handler", "provisioner",
		"reportingComponent", "reportingController", "reportingInstance":
		return true
	}
	return false
}

// parameter is the place of what a driver reads, under a key that the driver chose. The names in use for the
// namespaces of Secrets are in https://kubernetes-csi.github.io/docs/secrets-and-credentials-storage-class.html
// and, in both spellings, in the drivers of old.
func parameter(key string) place {
	lower := strings.ToLower(key)
	switch {
	case strings.HasSuffix(lower, "secret-namespace"), strings.HasSuffix(lower, "secretnamespace"), key == "csi.storage.k8s.io/pvc/namespace":
		return name
	case strings.HasSuffix(lower, "name") && !strings.Contains(lower, "namespace"):
		return silent // of Secrets, claims, volumes
	}
	return loose
}
