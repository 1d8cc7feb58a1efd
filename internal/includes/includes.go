package includes

import "slices"

// Set is what an included and an excluded list choose. The zero Set has every
// name. It may be used by several goroutines at once.
type Set struct {
	everything         bool
	included, excluded []glob
}

// New returns the set of names that the first list includes and the second does
// not exclude. Both may have patterns: "*" stands for any run of characters, "."
// and "/" among them, "?" for one, [abc], [a-z] and [!a-z] for one of some or of
// all others, {a,b*} for one of several patterns, and a backslash takes from the
// next character what is special about it. A list of none includes everything,
// and excludes nothing.
//
// As in Velero, a pattern that is not well formed matches nothing, and neither
// does any that comes after it in alphabetical order.
func New(included, excluded []string) Set {
	return Set{
		everything: len(included) == 0 || slices.Contains(included, "*"),
		included:   globs(included),
		excluded:   globs(excluded),
	}
}

// Has reports whether the set has a name.
func (s Set) Has(name string) bool {
	return !anyMatch(s.excluded, name) && (s.everything || anyMatch(s.included, name))
}

// globs reads patterns in the order in which Velero tries them, up to the first
// that it would give up at.
func globs(texts []string) []glob {
	var list []glob
	for _, text := range slices.Sorted(slices.Values(texts)) {
		g, ok := parse(text)
		if !ok {
			break
		}
		list = append(list, g)
	}
	return list
}

func anyMatch(list []glob, name string) bool {
	return slices.ContainsFunc(list, func(g glob) bool { return g.match(name) })
}
