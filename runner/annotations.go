package runner

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
)

const (
	// IDAnnotation marks each item that a function is given with a number.
	// Functions must leave it alone, as all under its prefix, which
	// functions-spec.md reserves for orchestrators. Transform removes it again.
	IDAnnotation = "internal.config.kubernetes.io/velero-krm-id"
	// ContextAnnotation marks the items of [TransformOptions.Context]. An
	// object that carries it in the output is dropped.
	ContextAnnotation = "internal.config.kubernetes.io/velero-krm-context"
	// LocalConfigAnnotation is how functions tell that an item is there to be
	// read only (functions-spec.md, local-config).
	LocalConfigAnnotation = "config.kubernetes.io/local-config"

	internalPrefix = "internal.config.kubernetes.io/"
)

// internalAnnotation reports whether an annotation speaks to orchestrators
// alone: the reserved prefix, and the older keys that kyaml and the SDKs
// still write beside it (kyaml, kioutil).
func internalAnnotation(key string) bool {
	switch key {
	case "config.kubernetes.io/index", "config.kubernetes.io/path", "config.kubernetes.io/id",
		"config.k8s.io/id", "config.k8s.io/index", "config.k8s.io/path",
		"config.kubernetes.io/seqindent":
		return true
	}
	return strings.HasPrefix(key, internalPrefix)
}

// tagItems returns the items idx, each with its index as id.
func tagItems(items []*krm.Item, idx []int) []*krm.Item {
	tagged := make([]*krm.Item, len(idx))
	for pos, i := range idx {
		tagged[pos] = items[i].WithAnnotation(IDAnnotation, strconv.Itoa(i))
	}
	return tagged
}

func markContext(items []*krm.Item) []*krm.Item {
	marked := make([]*krm.Item, len(items))
	for i, it := range items {
		marked[i] = it.WithAnnotation(LocalConfigAnnotation, "true").
			WithAnnotation(ContextAnnotation, strconv.Itoa(i))
	}
	return marked
}

// bareItem returns an object without annotations: the shape of one that a
// function made.
func bareItem() *krm.Item {
	it, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bare"}}`))
	if err != nil {
		panic(err) // a constant
	}
	return it
}

// restoreAnnotations returns out with the internal annotations of in, no
// others, and the shape of its metadata.annotations where these are empty.
func restoreAnnotations(out, in *krm.Item) *krm.Item {
	had := internalKeys(in)
	clean := out.WithoutAnnotations(func(key string) bool {
		return internalAnnotation(key) && !had[key]
	})
	for key := range had {
		want, isString := in.Annotation(key)
		if got, ok := clean.Annotation(key); isString && (!ok || got != want) {
			clean = clean.WithAnnotation(key, want)
		}
	}
	return clean.RestoreAnnotationsShape(in)
}

// internalKeys returns the internal annotations that it has; nil for none,
// which is nearly always.
func internalKeys(it *krm.Item) map[string]bool {
	if raw := it.Raw(); !bytes.Contains(raw, []byte("config.k")) && !bytes.Contains(raw, []byte(`\u`)) {
		return nil // neither such a key nor one written with escapes
	}
	var keys map[string]bool
	// Nothing is dropped: WithoutAnnotations is asked for the keys.
	it.WithoutAnnotations(func(key string) bool {
		if internalAnnotation(key) {
			if keys == nil {
				keys = make(map[string]bool)
			}
			keys[key] = true
		}
		return false
	})
	return keys
}
