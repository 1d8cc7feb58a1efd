package rename

import (
	"testing"

	"github.com/velero-krm/velero-krm/fn"
)

// TestEveryPlaceIsAPath guards the tables against a path that nobody reads.
func TestEveryPlaceIsAPath(t *testing.T) {
	table := kinds()
	table[groupKind{"", "a pod"}] = podReferences("spec.template.spec")
	for kind, s := range table {
		paths := append(append([]string{}, s.accounts...), s.texts...)
		for _, n := range s.names {
			paths = append(paths, n.path)
		}
		for path := range s.objects {
			paths = append(paths, path)
		}
		for _, text := range paths {
			if _, err := fn.ParsePath(text); err != nil {
				t.Errorf("%v: %s: %v", kind, text, err)
			}
		}
	}
}
