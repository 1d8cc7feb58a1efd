package fn

import (
	"context"
	"io"

	"github.com/velero-krm/velero-krm/krm"
)

// Function is one KRM function. Make it with [New]. It is immutable and may be
// run by several goroutines at once.
type Function struct {
	name, summary string
	run           func(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error)
	check         func(config *krm.Item) error
}

// Name of the function: lower case words joined by "-".
func (f Function) Name() string { return f.name }

// Summary is one sentence that says what the function does.
func (f Function) Summary() string { return f.summary }

// CheckConfig reports whether config, nil for none, is one that the function
// accepts: every problem at once, with field paths.
func (f Function) CheckConfig(config *krm.Item) error { return f.check(config) }

// Run runs the function over in, which it does not change. Items that the
// function did not touch are returned as the very same pointers.
func (f Function) Run(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
	return f.run(ctx, in)
}

// NoConfig is the config type of a function that takes none.
type NoConfig struct{}

// Defaulter is a config that fills in its defaults after it was read.
type Defaulter interface{ Default() }

// Validator is a config that checks itself: every problem, joined by
// errors.Join, each naming its field.
type Validator interface{ Validate() error }

// New makes a function. C is a struct with json tags; it is read from the
// functionConfig: from a ConfigMap's data (each value is parsed as the type of
// its field) or from the spec of a KRM object of any other kind. Keys that C
// does not have are errors. *C may be a [Defaulter] and a [Validator].
func New[C any](name, summary string, transform func(ctx context.Context, config C, list *List) error) Function {
	panic("todo")
}

// List is what a function works on.
type List struct {
	// Objects may be reordered, appended to and cut.
	Objects []*Object
	results []krm.Result
}

// Report adds a result.
func (l *List) Report(r krm.Result) { l.results = append(l.results, r) }

// Object is one mutable object of a List. Reading its identity decodes
// nothing, so a function that looks only at its own kinds costs nothing for
// the others.
type Object struct {
	item   *krm.Item
	fields map[string]any
}

// Identity of the object as it came in.
func (o *Object) Identity() krm.Identity { panic("todo") }

// Main runs f as a program: ResourceList on stdin, ResourceList on stdout,
// messages on stderr. It returns the exit code: 0, or 1 when the function
// failed or gave a result of severity error.
func Main(ctx context.Context, f Function, stdin io.Reader, stdout, stderr io.Writer) int {
	panic("todo")
}
