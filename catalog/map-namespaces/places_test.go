package mapnamespaces

import (
	"testing"

	"github.com/velero-krm/velero-krm/fn"
)

// TestEveryPlaceIsAPath guards the tables against a path that nobody reads.
func TestEveryPlaceIsAPath(t *testing.T) {
	table := kinds()
	table[groupKind{"", "a pod"}] = podTexts("spec.template.spec").and(names(affinityNames("spec.template.spec")...))
	for kind, s := range table {
		for _, list := range [][]string{s.names, s.accounts, s.texts} {
			for _, text := range list {
				if _, err := fn.ParsePath(text); err != nil {
					t.Errorf("%v: %s: %v", kind, text, err)
				}
			}
		}
	}
}
