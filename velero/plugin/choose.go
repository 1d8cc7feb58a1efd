package plugin

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// choose returns the documents whose pipelines run, in order. The errors are
// every problem with the choice.
func choose(docs []document, w wish, r runRef) ([]document, []error) {
	if w.said {
		return chooseNamed(docs, w.names, r)
	}
	return chooseDefaults(docs, r)
}

func chooseNamed(docs []document, names []string, r runRef) (chosen []document, problems []error) {
	for _, name := range names {
		found := slices.DeleteFunc(slices.Clone(docs), func(d document) bool { return d.name != name })
		switch {
		case len(found) == 0:
			problems = append(problems, missing(name, docs, r))
		case len(found) > 1:
			problems = append(problems, fmt.Errorf("pipeline %q exists %d times, in %s: rename or remove all but one", name, len(found), sources(found)))
		case found[0].err != nil:
			problems = append(problems, found[0].err)
		case !runsIn(found[0], r):
			problems = append(problems, fmt.Errorf("pipeline %q runs in %v, not in a %s: name another one or add the phase to spec.phases (%s)",
				name, found[0].pipeline.Spec.Phases, r.phase, found[0].source))
		default:
			chosen = append(chosen, found[0])
		}
	}
	return chosen, problems
}

// chooseDefaults takes a document that may be a default and does not load for
// one: skipping it would restore unconverted.
func chooseDefaults(docs []document, r runRef) (chosen []document, problems []error) {
	for _, d := range docs {
		switch {
		case !d.maybeDefault:
		case d.err != nil:
			problems = append(problems, fmt.Errorf("%w; it may be one that applies to every run that names none: correct it, or annotate the %s with %s: %s",
				d.err, r.phase, PipelineKey, noPipelines))
		case runsIn(d, r):
			chosen = append(chosen, d)
		}
	}
	slices.SortStableFunc(chosen, func(a, b document) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(chosen); i++ {
		if chosen[i].name == chosen[i-1].name {
			problems = append(problems, fmt.Errorf("pipeline %q exists several times, in %s: rename or remove all but one", chosen[i].name, sources(chosen[i-1:i+1])))
		}
	}
	return chosen, problems
}

func runsIn(d document, r runRef) bool {
	phases := d.pipeline.Spec.Phases
	return len(phases) == 0 || slices.Contains(phases, r.phase)
}

// missing says that no pipeline has the name, what names there are, and which
// documents do not tell theirs.
func missing(name string, docs []document, r runRef) error {
	var names, broken []string
	for _, d := range docs {
		if d.name != "" {
			names = append(names, fmt.Sprintf("%q", d.name))
		} else {
			broken = append(broken, d.err.Error())
		}
	}
	there := "none exists"
	if len(names) > 0 {
		slices.Sort(names)
		there = "there are " + strings.Join(slices.Compact(names), ", ")
	}
	msg := fmt.Sprintf("pipeline %q does not exist: in the ConfigMaps of namespace %q that are labelled %s, %s; correct the name or create it",
		name, r.namespace, PipelineKey, there)
	if len(broken) > 0 {
		msg += "; these do not tell their name: " + strings.Join(broken, "; ")
	}
	return errors.New(msg)
}

func sources(docs []document) string {
	all := make([]string, len(docs))
	for i, d := range docs {
		all[i] = d.source
	}
	return strings.Join(all, " and ")
}
