package fn

import (
	"slices"

	"github.com/velero-krm/velero-krm/fn/runcontext"
)

// NeedFacts says which facts of the cluster the function reads from the
// context of the run. A step that runs it with context: true gets them without
// naming them, and a run whose facts cannot be gathered is refused before
// anything is written.
func NeedFacts(facts ...runcontext.Fact) Option {
	return func(f *Function) { f.facts = slices.Clone(facts) }
}

// Facts returns what was given by [NeedFacts]. The caller may change it.
func (f Function) Facts() []runcontext.Fact { return slices.Clone(f.facts) }
