package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
)

// Problem is one thing wrong with a pipeline.
type Problem struct {
	// Path of the field, as spec.mutators[0].exec; empty for the document.
	Path string
	// Line of the field in what [Load] read, from 1; 0 when not known.
	Line int
	// Reason says what is wrong, Hint what to do; Hint may be empty.
	Reason, Hint string
	// Err is the cause when the problem was found by another package, such as
	// runner.ErrDigest; nil otherwise.
	Err error
}

// String returns "line 7: spec.mutators[0].exec: reason (hint)".
func (p Problem) String() string {
	var b strings.Builder
	if p.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", p.Line)
	}
	if p.Path != "" {
		fmt.Fprintf(&b, "%s: ", p.Path)
	}
	b.WriteString(p.Reason)
	if p.Hint != "" && !strings.Contains(p.Reason, p.Hint) {
		fmt.Fprintf(&b, " (%s)", p.Hint)
	}
	return b.String()
}

// LoadError lists everything that is wrong with a pipeline, in the order of
// the file. It is never without a problem.
type LoadError struct {
	// Pipeline is the name given to [Load], or the pipeline's own.
	Pipeline string
	Problems []Problem
}

// Error returns one line for one problem, and a line for each of several.
func (e *LoadError) Error() string {
	if len(e.Problems) == 1 {
		return fmt.Sprintf("load pipeline %q: %s", e.Pipeline, e.Problems[0])
	}
	var b strings.Builder
	fmt.Fprintf(&b, "load pipeline %q: %d problems:", e.Pipeline, len(e.Problems))
	for _, p := range e.Problems {
		b.WriteString("\n  ")
		b.WriteString(p.String())
	}
	return b.String()
}

// Unwrap returns the causes of those problems that have one.
func (e *LoadError) Unwrap() []error {
	var errs []error
	for _, p := range e.Problems {
		if p.Err != nil {
			errs = append(errs, p.Err)
		}
	}
	return errs
}

// ErrPhase says that a pipeline, or a function in it, was asked to run in a
// phase that is not one of its own.
var ErrPhase = errors.New("pipeline does not run in this phase")

// ErrNoContext says that a step asks for the run's context and none was given.
var ErrNoContext = errors.New("a step asks for the context of the run and there is none")

// ErrOutsideSelection says that a function returned an object of the list that
// it was not given.
var ErrOutsideSelection = errors.New("function returned an object that is outside its selection")

// ErrCollision says that a function gave an object the identity of another one.
var ErrCollision = errors.New("function gave the object the identity of another one")

// ErrReplacement says that an object which a step removed stays, because one
// that the same step created, perhaps to replace it, failed later.
var ErrReplacement = errors.New("the step removed the object, and one that it created failed")

// ErrAdditionalOfCreated says that a function asked for an additional item with
// an object that an earlier step created: Velero takes them with objects that it
// collected.
var ErrAdditionalOfCreated = errors.New("a step created the object, and Velero takes additional items with objects of the list alone")

// StepError is why a step failed on an object.
type StepError struct {
	// Step is the name of the step.
	Step string
	// Object is the one that failed; zero when the failure is about an object
	// that a step had created.
	Object krm.Identity
	// Hint says what to do next; may be empty.
	Hint string
	// Err is the cause. errors.As finds the *runner.FunctionError in it if a
	// function failed.
	Err error
}

// Error reads `step "routes": Route.route.openshift.io shop/web: run function ...`.
func (e *StepError) Error() string {
	msg := fmt.Sprintf("step %q: ", e.Step)
	cause := e.Err.Error()
	if object := e.Object.String(); e.Object != (krm.Identity{}) && !names(cause, object) {
		msg += object + ": "
	}
	msg += cause
	if e.Hint != "" && !strings.Contains(cause, e.Hint) {
		msg += " (" + e.Hint + ")"
	}
	return msg
}

// names reports whether text names the object, and not only one whose name
// goes on: "Secret shop/db-old" does not name "Secret shop/db".
func names(text, object string) bool {
	for {
		i := strings.Index(text, object)
		if i < 0 {
			return false
		}
		before, after := text[max(0, i-1):i], text[i+len(object):]
		// A dot or colon belongs to the name only when something follows it.
		if !inName(before) && !inName(strings.TrimLeft(after, ".:")) {
			return true
		}
		text = after
	}
}

// inName reports whether text begins with what may stand in a name.
func inName(text string) bool {
	return text != "" && !strings.ContainsAny(text[:1], " \t\n,;()[]\"'")
}

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Err }

// source is what Load remembers about the text a pipeline came from.
type source struct {
	name  string
	lines map[string]int
}

// line returns the line of the field at path, or of what it would stand in.
func (s source) line(path string) int {
	for path != "" {
		if line, ok := s.lines[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return s.lines[""]
}

// problems collects what is wrong; each add keeps going.
type problems struct {
	source source
	list   []Problem
}

func (ps *problems) add(path, reason, hint string) {
	ps.list = append(ps.list, Problem{Path: path, Line: ps.source.line(path), Reason: reason, Hint: hint})
}

func (ps *problems) addf(path, hint, format string, args ...any) {
	ps.add(path, fmt.Sprintf(format, args...), hint)
}

// addErr adds err, or each of its errors when it is a plain errors.Join of them.
func (ps *problems) addErr(path string, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok && err.Error() == errors.Join(joined.Unwrap()...).Error() {
		for _, e := range joined.Unwrap() {
			ps.addErr(path, e)
		}
		return
	}
	ps.list = append(ps.list, Problem{
		Path: path, Line: ps.source.line(path), Reason: err.Error(), Hint: hintOf(err), Err: err,
	})
}

// err returns the *LoadError, sorted by position, or nil.
func (ps *problems) err(name string) error {
	if len(ps.list) == 0 {
		return nil
	}
	slices.SortStableFunc(ps.list, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return &LoadError{Pipeline: name, Problems: ps.list}
}
