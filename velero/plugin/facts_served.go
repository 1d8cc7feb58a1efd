package plugin

import (
	"maps"
	"slices"

	"github.com/velero-krm/velero-krm/fn/runcontext"
)

// served tells what the discovery of the run found: no further call.
func (k *kinds) served() *runcontext.Served {
	s := &runcontext.Served{Kinds: map[string][]string{}}
	for kind, all := range k.byKind {
		for _, in := range all {
			apiVersion := in.gv.String()
			s.Kinds[apiVersion] = append(s.Kinds[apiVersion], kind)
		}
	}
	for apiVersion, list := range s.Kinds {
		slices.Sort(list)
		s.Kinds[apiVersion] = slices.Compact(list)
	}
	for gv := range maps.Keys(k.failed) {
		s.Unanswered = append(s.Unanswered, gv.String())
	}
	slices.Sort(s.Unanswered)
	return s
}
