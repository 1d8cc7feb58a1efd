package pipeline

import (
	"fmt"
	"slices"

	"github.com/velero-krm/velero-krm/fn/runcontext"
	"github.com/velero-krm/velero-krm/krm"
)

// FactReader is a [Builtin] that reads facts of the cluster from the context
// of the run: fn.Function is one.
type FactReader interface {
	// Facts are those that it reads.
	Facts() []runcontext.Fact
}

// FactNeed is a fact of the cluster that a step needs.
type FactNeed struct {
	// Step is the name of the step.
	Step string
	Fact runcontext.Fact
}

// FactNeeds lists the facts that the context of the run must tell: those that
// steps with context: true name and those that their builtin functions name, by
// step, each once.
func (p *Program) FactNeeds() []FactNeed {
	var needs []FactNeed
	for _, s := range slices.Concat(p.mutators, p.validators) {
		for _, fact := range s.facts {
			needs = append(needs, FactNeed{Step: s.name, Fact: fact})
		}
	}
	return needs
}

// FactlessStep is a step with context: true that is shown no fact of the
// cluster but its version.
type FactlessStep struct {
	// Step is the name of the step.
	Step string
	// Builtin is what it runs, empty for an executable.
	Builtin string
}

// FactlessSteps lists the steps with context: true that name no facts and whose
// builtin functions name none: what the context tells beyond the version of the
// cluster does not reach them.
func (p *Program) FactlessSteps() []FactlessStep {
	var steps []FactlessStep
	for _, s := range slices.Concat(p.mutators, p.validators) {
		if s.spec.Context && len(s.facts) == 0 {
			steps = append(steps, FactlessStep{Step: s.name, Builtin: s.spec.Builtin})
		}
	}
	return steps
}

// narrowing is a context and what a step is shown of it. It never changes.
type narrowing struct {
	from, to *krm.Item
}

// context returns what the step is shown of a context: the facts that it asked
// for, and not those of other steps. The last answer is kept, because on a
// stock Velero each object of a run comes by itself, with the same context.
func (s *step) context(from *krm.Item) (*krm.Item, error) {
	if last := s.narrowed.Load(); last != nil && last.from == from {
		return last.to, nil
	}
	to, err := runcontext.Narrow(from, s.facts)
	if err != nil {
		return nil, fmt.Errorf("narrow the context: %w", err)
	}
	s.narrowed.Store(&narrowing{from: from, to: to})
	return to, nil
}
