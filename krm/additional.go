package krm

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// AdditionalItemTag is the tag of a [Result] that asks Velero for an object that
// goes into the backup, or is restored, together with the one that the result is
// about: what Velero calls an additional item. Its value is the text of an
// [AdditionalItem]. A result asks for one.
const AdditionalItemTag = "velero-krm.io/additional-item"

// ErrAdditionalItem says that a result does not ask for an additional item in
// the way that [AdditionalItemTag] wants it.
var ErrAdditionalItem = errors.New("the additional item that the function asks for is not understood")

// AdditionalItem names an object as Velero does, by its resource.
type AdditionalItem struct {
	// Group is empty for the core group.
	Group string
	// Resource is plural and lower case, as "securitycontextconstraints".
	Resource string
	// Namespace is empty for what lives in none. On a restore it is the one of
	// the backup.
	Namespace string
	Name      string
}

// String returns what the tag holds: "secrets/shop/web", or
// "securitycontextconstraints.security.openshift.io/anyuid".
func (a AdditionalItem) String() string {
	text := a.Resource
	if a.Group != "" {
		text += "." + a.Group
	}
	if a.Namespace != "" {
		text += "/" + a.Namespace
	}
	return text + "/" + a.Name
}

// How resources, groups and namespaces are spelled. Names are freer: those of
// RBAC hold colons and blanks.
var (
	resourceForm  = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	namespaceForm = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
)

// ParseAdditionalItem reads what [AdditionalItem.String] writes. The error
// wraps [ErrAdditionalItem].
func ParseAdditionalItem(text string) (AdditionalItem, error) {
	parts := strings.Split(text, "/")
	var a AdditionalItem
	switch len(parts) {
	case 2:
		a.Name = parts[1]
	case 3:
		a.Namespace, a.Name = parts[1], parts[2]
	default:
		return AdditionalItem{}, fmt.Errorf("%w: %q is not <resource>.<group>/<namespace>/<name>, nor the same without the namespace", ErrAdditionalItem, text)
	}
	a.Resource, a.Group, _ = strings.Cut(parts[0], ".")
	if err := a.check(parts[0], len(parts) == 3); err != nil {
		return AdditionalItem{}, fmt.Errorf("%w: %q: %w", ErrAdditionalItem, text, err)
	}
	return a, nil
}

// Check reports what no object can be named by. The error wraps
// [ErrAdditionalItem].
func (a AdditionalItem) Check() error {
	_, err := ParseAdditionalItem(a.String())
	return err
}

// check judges what was read: resource with its group, as it was written.
func (a AdditionalItem) check(resource string, namespaced bool) error {
	switch {
	case !resourceForm.MatchString(resource):
		return fmt.Errorf("%q is no resource: want it plural and lower case with its group, as deployments.apps (kubectl api-resources lists them)", resource)
	case namespaced && !namespaceForm.MatchString(a.Namespace):
		return fmt.Errorf("%q is no namespace", a.Namespace)
	case a.Name == "" || a.Name == "." || a.Name == ".." || strings.Contains(a.Name, "%") || strings.ContainsFunc(a.Name, isControl):
		return fmt.Errorf("%q is no name", a.Name)
	}
	return nil
}

func isControl(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }

// AdditionalItem returns what the result asks for, and whether it asks. The
// error, which wraps [ErrAdditionalItem], says that it asks and is not
// understood: the tag's value is none of the form, or the result names no
// object that the item goes with.
func (r Result) AdditionalItem() (item AdditionalItem, asks bool, err error) {
	text, asks := r.Tags[AdditionalItemTag]
	if !asks {
		return AdditionalItem{}, false, nil
	}
	if item, err = ParseAdditionalItem(text); err == nil && r.ResourceRef == nil {
		err = fmt.Errorf("%w: the result that asks for %s has no resourceRef: name the object that it goes with", ErrAdditionalItem, item)
	}
	return item, true, err
}

// AddItems returns asked with those of more that are not in it, in their order.
// Both must have each item once; neither is changed.
func AddItems(asked, more []AdditionalItem) []AdditionalItem {
	if len(asked) == 0 || len(more) == 0 {
		return append(asked[:len(asked):len(asked)], more...)
	}
	known := make(map[AdditionalItem]bool, len(asked))
	for _, item := range asked {
		known[item] = true
	}
	asked = asked[:len(asked):len(asked)]
	for _, item := range more {
		if !known[item] {
			asked = append(asked, item)
		}
	}
	return asked
}
