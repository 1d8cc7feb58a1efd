package modifiers_test

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
)

// known is what kinds.txt says: types by name, and the type of each
// "resource kind version".
type known struct {
	types map[string]map[string][]string
	kinds map[string]string
}

func readKinds(t *testing.T) known {
	t.Helper()
	raw, err := os.ReadFile("../../catalog/resource-modifiers/kinds.txt")
	if err != nil {
		t.Fatal(err)
	}
	k := known{types: map[string]map[string][]string{}, kinds: map[string]string{}}
	current := ""
	for line := range strings.Lines(string(raw)) {
		words := strings.Fields(line)
		switch {
		case words[0] == "#" || strings.HasPrefix(words[0], "#"):
		case words[0] == "kind":
			_, group, _ := strings.Cut(words[1], ".")
			for version := range strings.SplitSeq(words[3], ",") {
				k.kinds[group+" "+version+" "+words[2]] = words[4]
			}
		case words[0] == "type":
			current = words[1]
			k.types[current] = map[string][]string{}
		default:
			k.types[current][words[0]] = words[1:]
		}
	}
	return k
}

// TestKindsAreThoseOfKubernetes compares kinds.txt with the Go types of the
// API: which lists and maps merge how.
func TestKindsAreThoseOfKubernetes(t *testing.T) {
	k := readKinds(t)
	checked := 0
	for gvk, typ := range scheme.Scheme.AllKnownTypes() {
		name, ok := k.kinds[gvk.Group+" "+gvk.Version+" "+gvk.Kind]
		if !ok || typ.Kind() != reflect.Struct {
			continue
		}
		checked++
		k.compare(t, gvk.String(), name, typ, nil)
	}
	// Kinds that are not in the scheme: CustomResourceDefinition, APIService.
	if missing := len(k.kinds) - checked; missing > 3 {
		t.Errorf("%d kinds of kinds.txt are not in the scheme", missing)
	}
}

// compare compares the fields of one type; parents are the types around it.
func (k known) compare(t *testing.T, where, name string, typ reflect.Type, parents []reflect.Type) {
	t.Helper()
	if slices.Contains(parents, typ) {
		return
	}
	parents = append(parents[:len(parents):len(parents)], typ)
	for field := range typ.Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		elem := field.Type
		for slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Map}, elem.Kind()) {
			elem = elem.Elem()
		}
		if field.Anonymous && key == "" {
			if elem != reflect.TypeFor[metav1.TypeMeta]() && elem.Kind() == reflect.Struct {
				k.compare(t, where, name, elem, parents)
			}
			continue
		}
		strategy, merge := strategyOf(field), field.Tag.Get("patchMergeKey")
		said := append(k.types[name][key], "-", "-", "-")[:3]
		if merge == "" {
			merge = "-"
		}
		if said[0] != strategy || strategy == "merge" && said[1] != merge {
			t.Errorf("%s: %s.%s is %s by %s, and kinds.txt says %s by %s", where, name, key, strategy, merge, said[0], said[1])
		}
		if elem.Kind() == reflect.Struct {
			k.compare(t, where+"."+key, said[2], elem, parents)
		}
	}
}

func strategyOf(field reflect.StructField) string {
	for word := range strings.SplitSeq(field.Tag.Get("patchStrategy"), ",") {
		if word == "merge" || word == "replace" {
			return word
		}
	}
	return "-"
}
