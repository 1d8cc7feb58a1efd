package pipeline

import "slices"

// Follower is a [Builtin] that changes, beside what its config names, what refers
// to that in other objects: fn.Function is one.
type Follower interface {
	// Follows says which references, as "references to what is renamed"; empty
	// for none.
	Follows() string
}

// CutStep is a step whose function follows references and is not shown all
// objects.
type CutStep struct {
	// Step is the name of the step, Builtin what it runs.
	Step, Builtin string
	// Follows is what [Follower] says.
	Follows string
}

// CutSteps lists the steps that follow references and whose selectors or exclude
// name apiVersions, kinds or names: what refers from an object that they leave out
// keeps the old name, and nothing fails. Namespaces, labels and annotations are
// not taken for such a cut: an application is selected by them as a whole.
func (p *Program) CutSteps() []CutStep {
	var steps []CutStep
	for _, s := range slices.Concat(p.mutators, p.validators) {
		if s.follows != "" && (slices.ContainsFunc(s.spec.Selectors, Selector.cuts) || slices.ContainsFunc(s.spec.Exclude, Selector.cuts)) {
			steps = append(steps, CutStep{Step: s.name, Builtin: s.spec.Builtin, Follows: s.follows})
		}
	}
	return steps
}

// cuts reports whether a selector tells objects of one application apart.
func (s Selector) cuts() bool { return s.APIVersion != "" || s.Kind != "" || s.Name != "" }
