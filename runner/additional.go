package runner

import (
	"fmt"
	"maps"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner/internal/hint"
)

// request is an additional item that goes with the object at a position.
type request struct {
	pos  int
	item krm.AdditionalItem
}

// takeAdditional finds the object that each additional item goes with, which a
// result names as it went in or as it came out. What is not understood fails
// the object: Velero would back up less than the function meant.
func (m *matcher) takeAdditional(results []krm.Result) {
	var seen map[request]bool
	for _, r := range results {
		item, asks, err := r.AdditionalItem()
		if !asks {
			continue
		}
		named := m.named(r.ResourceRef)
		if err == nil && len(named) == 0 {
			err = fmt.Errorf("%w: the result that asks for %s names %s, which is no object that came to the function",
				krm.ErrAdditionalItem, item, refIdentity(r.ResourceRef))
		}
		if err != nil {
			m.faultAll(named, hint.Additional, err)
			continue
		}
		if seen == nil {
			seen, m.additional = map[request]bool{}, make(map[int][]krm.AdditionalItem)
		}
		for _, pos := range named {
			if ask := (request{pos, item}); !seen[ask] {
				seen[ask] = true
				m.additional[pos] = append(m.additional[pos], item)
			}
		}
	}
}

// refuseAdditional fails what a validator asks additional items for: it changes
// nothing, also not what a backup holds.
func (m *matcher) refuseAdditional(results []krm.Result) {
	for _, r := range results {
		if item, asks, _ := r.AdditionalItem(); asks {
			m.faultAll(m.named(r.ResourceRef), hint.Mutator, fmt.Errorf("%w: it is a validator, and asks for %s", krm.ErrAdditionalItem, item))
		}
	}
}

// faultAll is fault for the positions, and without one for the call.
func (m *matcher) faultAll(positions []int, hint string, err error) {
	if len(positions) == 0 {
		m.fault(-1, hint, err)
	}
	for _, pos := range positions {
		m.fault(pos, hint, err)
	}
}

// named returns the positions of the objects that a result is about, each once
// though the same object may be there twice. One is named as it went in, and as
// it came out where none went in so: behind a rename that name was another's.
// Only a name that nobody else has is one of an object that is gone.
func (m *matcher) named(ref *krm.ResourceRef) []int {
	if ref == nil {
		return nil
	}
	if m.positions == nil {
		m.positions = make(map[krm.Identity][]int, len(m.idx))
		m.addPositions(func(in, out *krm.Item) *krm.Item {
			if out == nil {
				return nil
			}
			return in
		})
		m.addPositions(func(_, out *krm.Item) *krm.Item { return out })
		m.addPositions(func(in, _ *krm.Item) *krm.Item { return in })
	}
	return m.positions[refIdentity(ref)]
}

// addPositions adds the names of the objects that side returns, nil for none,
// where none before has them.
func (m *matcher) addPositions(side func(in, out *krm.Item) *krm.Item) {
	names := make(map[krm.Identity][]int)
	for pos := range m.idx {
		if it := side(m.input(pos), m.outs[pos]); it != nil && m.positions[it.Identity()] == nil {
			names[it.Identity()] = append(names[it.Identity()], pos)
		}
	}
	maps.Copy(m.positions, names)
}
