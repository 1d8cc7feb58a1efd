package resourcemodifiers

import (
	_ "embed"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
)

// kindsText is what Kubernetes says about its own kinds.
//
//go:embed kinds.txt
var kindsText string

// kinds are the kinds of Kubernetes itself, whose resource names and ways of
// merging are known.
type kinds struct {
	// resources by group and kind, types by group, version and kind.
	resources map[groupKind]string
	types     map[groupVersionKind]string
	// names are the resources, as deployments.apps; groups those they are in.
	names  map[string]bool
	groups map[string]bool
	merge  map[string]structType
}

type (
	groupKind        struct{ group, kind string }
	groupVersionKind struct{ group, version, kind string }
)

// structType says of the fields of one type how a strategic merge patch treats
// them.
type structType map[string]fieldType

// fieldType of a field. elem is the type of its value, or of its elements, as
// a key of kinds.merge.
type fieldType struct {
	merge, replace bool
	key, elem      string
}

// readKinds takes 0.1 ms, so it is done for a config and not when a program
// starts.
func readKinds() kinds {
	k := kinds{
		resources: map[groupKind]string{}, types: map[groupVersionKind]string{},
		names: map[string]bool{}, groups: map[string]bool{}, merge: map[string]structType{},
	}
	var current structType
	for line := range strings.Lines(kindsText) {
		words := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "#"):
		case words[0] == "kind":
			k.add(words[1], words[2], strings.Split(words[3], ","), words[4])
		case words[0] == "type":
			current = structType{}
			k.merge[words[1]] = current
		default:
			current[words[0]] = fieldType{words[1] == "merge", words[1] == "replace", strings.Trim(words[2], "-"), words[3]}
		}
	}
	return k
}

func (k kinds) add(resource, kind string, versions []string, typ string) {
	_, group, _ := strings.Cut(resource, ".")
	k.names[resource], k.groups[group] = true, true
	k.resources[groupKind{group, kind}] = resource
	for _, v := range versions {
		k.types[groupVersionKind{group, v, kind}] = typ
	}
}

// typeOf returns how objects are merged, and false for a kind that is not of
// Kubernetes itself.
func (k kinds) typeOf(id krm.Identity) (structType, bool) {
	version := id.APIVersion[strings.LastIndexByte(id.APIVersion, '/')+1:]
	t, ok := k.types[groupVersionKind{id.Group(), version, id.Kind}]
	return k.merge[t], ok
}
