package sealsecrets

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/velero-krm/velero-krm/catalog/internal/glob"
	"github.com/velero-krm/velero-krm/catalog/internal/sealed"
	"github.com/velero-krm/velero-krm/fn"
)

// holdsCopies reports whether an annotation is one that tools keep a copy of
// the whole Secret in, or a token. Some of them compress it, so that no search
// finds the values.
func holdsCopies(key string) bool {
	switch key {
	case "kubectl.kubernetes.io/last-applied-configuration",
		"kapp.k14s.io/original",           // Carvel
		"objectset.rio.cattle.io/applied", // Rancher, gzip
		"banzaicloud.com/last-applied",    // operators made with objectmatcher, zip
		"openshift.io/token-secret.value": // the token in clear
		return true
	}
	return false
}

// minCopy is how long a value must be to be looked for: what is shorter occurs
// everywhere. It is what runner.Redactor finds inside other words, too.
const minCopy = 6

// copies returns the annotations that hold values of the Secret, sorted.
func (c Config) copies(o *fn.Object) []string {
	annotations, ok := o.Node("metadata", "annotations")
	if !ok {
		return nil
	}
	keys := annotations.Keys()
	var found []string
	var values []string
	for i, key := range keys {
		text, isText := annotations.GetString(key)
		switch {
		case key == sealed.Annotation || strings.HasPrefix(key, "kubernetes.io/service-account."):
			// Names, without which a token Secret is none.
		case !isText || holdsCopies(key) || glob.Any(c.Annotations, key):
			found = append(found, key)
		default:
			if values == nil {
				values = needles(o, longest(annotations, keys[i:]))
			}
			if containsAny(text, values) {
				found = append(found, key)
			}
		}
	}
	return found
}

func longest(annotations fn.Node, keys []string) int {
	n := 0
	for _, key := range keys {
		text, _ := annotations.GetString(key)
		n = max(n, len(text))
	}
	return n
}

func containsAny(text string, values []string) bool {
	for _, v := range values {
		if len(v) <= len(text) && strings.Contains(text, v) {
			return true
		}
	}
	return false
}

// needles returns how the values of a Secret may be written in an annotation of
// at most limit bytes: as they are, decoded, and inside JSON. It is not nil.
func needles(o *fn.Object, limit int) []string {
	id := o.Identity()
	list := []string{}
	add := func(s string) {
		// The namespace is a value of every token Secret.
		if len(s) < minCopy || len(s) > limit || s == id.Namespace || s == id.Name {
			return
		}
		list = append(list, s)
		if quoted, err := json.Marshal(s); err == nil && len(quoted) > len(s)+2 {
			list = append(list, string(quoted[1:len(quoted)-1]))
		}
	}
	for _, field := range o.Root().Keys() {
		values, ok := o.Node(field)
		if !ok || !sealed.Secret(field) {
			continue
		}
		for _, key := range values.Keys() {
			s, _ := values.GetString(key)
			// Decoded it is shorter by a quarter.
			if len(s)/4*3 > limit+2 {
				continue
			}
			add(s)
			if raw, err := base64.StdEncoding.DecodeString(s); err == nil {
				add(string(raw))
			}
		}
	}
	return list
}
