package fn

import (
	"errors"
	"strings"
)

// Problem is one thing wrong with a config. It never holds the value, which
// might be secret.
type Problem struct {
	// Path of the field, as spec.mappings[0].to; empty for the config itself.
	Path string
	// Reason says what is wrong.
	Reason string
	// Hint says what to do; may be empty.
	Hint string
}

// String returns "<path>: <reason> (<hint>)".
func (p Problem) String() string {
	s := p.Reason
	if p.Path != "" {
		s = p.Path + ": " + s
	}
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
}

// Invalid returns a [Problem] as the error that a [Validator] or
// [ConfigReader] returns, alone or joined with others. path is relative to the
// config type; hint may be empty.
func Invalid(path, reason, hint string) error {
	return &invalidError{Problem{Path: path, Reason: reason, Hint: hint}}
}

// invalidError carries a Problem through errors.Join.
type invalidError struct{ problem Problem }

func (e *invalidError) Error() string { return e.problem.String() }

// ConfigError lists everything that is wrong with the config of a function. Its
// text does not name the function: whoever reads its config does.
type ConfigError struct {
	// Function is its name.
	Function string
	Problems []Problem
}

func (e *ConfigError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return "read config: " + strings.Join(lines, "; ")
}

// Unwrap returns the problems as errors, for callers that know them by no more
// than that.
func (e *ConfigError) Unwrap() []error {
	errs := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		errs[i] = &invalidError{p}
	}
	return errs
}

// problemsOf flattens what a Validator returned.
func problemsOf(err error, prefix string) []Problem {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []Problem
		for _, e := range joined.Unwrap() {
			all = append(all, problemsOf(e, prefix)...)
		}
		return all
	}
	p := Problem{Reason: err.Error()}
	if invalid := (*invalidError)(nil); errors.As(err, &invalid) {
		p = invalid.problem
	}
	p.Path = joinPath(prefix, p.Path)
	return []Problem{p}
}

// joinPath appends a path to a path; either may be empty.
func joinPath(prefix, path string) string {
	if prefix == "" || path == "" || path[0] == '[' {
		return prefix + path
	}
	return prefix + "." + path
}

// keyPath appends one key to a path.
func keyPath(prefix, key string) string {
	var b strings.Builder
	b.WriteString(prefix)
	position := 1
	if prefix == "" {
		position = 0
	}
	writeKey(&b, position, key)
	return b.String()
}

// Closest returns the candidate that word most likely was meant to be, for
// "did you mean" hints, and "" when none is near: more than a third of its
// letters differ.
func Closest(word string, candidates []string) string {
	best, bestDistance := "", len(word)/3+1
	for _, c := range candidates {
		if strings.EqualFold(word, c) {
			return c
		}
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// maxHintWord bounds the work that a key of the input can cause.
const maxHintWord = 64

// distance is how many letters must be inserted, removed, replaced or swapped
// with the next.
func distance(a, b string) int {
	if len(a) > maxHintWord || len(b) > maxHintWord {
		return len(a) + len(b)
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			replace := last[j]
			if a[i] != b[j] {
				replace++
			}
			row[j+1] = min(replace, row[j]+1, last[j+1]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}

// didYouMean is the hint of an unknown key.
func didYouMean(word string, candidates []string) string {
	if c := Closest(word, candidates); c != "" {
		return "did you mean " + c + "?"
	}
	if len(candidates) == 0 {
		return ""
	}
	return "known: " + strings.Join(candidates, ", ")
}
