package runner

import (
	"fmt"
	"slices"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner/internal/hint"
)

// checkMetadata refuses objects in whose metadata the function wrote what is of
// a wrong type. What was so before came from elsewhere and is left alone, and
// so is what did not change: it costs nothing.
func (m *matcher) checkMetadata(v verdict) {
	for pos, o := range v.outcomes {
		if o.Status != Changed {
			continue
		}
		if err := newMetadataFault(o.Out, o.In); err != nil {
			m.fault(pos, metadataHint(err), fmt.Errorf("%w: %w", ErrFieldType, err))
		}
	}
	for _, it := range v.added {
		if err := newMetadataFault(it, nil); err != nil {
			m.fault(-1, metadataHint(err), fmt.Errorf("%w of %s, which it added: %w", ErrFieldType, it.Identity(), err))
		}
	}
}

// newMetadataFault returns the first thing wrong with the types in metadata
// that is not wrong before, too, nil for none.
func newMetadataFault(it, before *krm.Item) *krm.FieldTypeError {
	faults := it.MetadataFaults()
	if len(faults) > 0 && before != nil {
		known := before.MetadataFaults()
		faults = slices.DeleteFunc(faults, func(f krm.FieldTypeError) bool { return slices.Contains(known, f) })
	}
	if len(faults) == 0 {
		return nil
	}
	return &faults[0]
}

func metadataHint(err *krm.FieldTypeError) string {
	switch {
	case err.Want != "string":
		return ""
	case err.Got == "map":
		return hint.Key
	default:
		return hint.Text
	}
}
