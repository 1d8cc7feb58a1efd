package fn

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/fn/runcontext"
	"github.com/velero-krm/velero-krm/krm"
)

// ConfigAPIVersion is the apiVersion of the config kinds of this project.
const ConfigAPIVersion = "velero-krm.io/v1alpha1"

// Function is one KRM function. Make it with [New]. It is immutable and may be
// run by several goroutines at once. The zero Function must not be run.
type Function struct {
	name, summary string
	about         About
	facts         []runcontext.Fact
	says          []string
	keep          bool
	config        reflect.Type
	kinds         []configKind
	run           func(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error)
	check         func(config *krm.Item) error
	needs         func(config *krm.Item) Needs
	phases        func(config *krm.Item) (phases []string, told bool)
}

// configKind is one kind of object that a function is configured by.
type configKind struct{ apiVersion, kind string }

// Name of the function: lower case words joined by "-".
func (f Function) Name() string { return f.name }

// Summary is one sentence that says what the function does.
func (f Function) Summary() string { return f.summary }

// ConfigKind is the kind, of apiVersion [ConfigAPIVersion], that configures
// the function: the name in camel case, as SetLabels for set-labels.
func (f Function) ConfigKind() string { return camelCase(f.name) }

// CheckConfig reports whether config, nil for none, is one that the function
// accepts. What is wrong is a [*ConfigError] that lists every problem at once,
// with field paths.
func (f Function) CheckConfig(config *krm.Item) error { return f.check(config) }

// Run runs the function over in, which it does not change. Items that the
// function did not touch are returned as the very same pointers. Results that
// in already has come first in the result. A panic of the function is not
// recovered here.
//
// # Errors
//
// A [*ConfigError] when the functionConfig is not accepted; the cause of ctx
// when it ended; a [*RunError], with the results that the function gave, when
// the function returned an error or made something that is no KRM object. A
// function that fails by a result of severity error returns no error.
func (f Function) Run(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
	return f.run(ctx, in)
}

// NoConfig is the config type of a function that takes none.
type NoConfig struct{}

// Defaulter is a config that fills in its defaults after it was read and
// before it is validated.
type Defaulter interface{ Default() }

// Validator is a config that checks itself: every problem, joined by
// errors.Join, each naming its field; [Invalid] makes one.
type Validator interface{ Validate() error }

// ConfigReader is a config that reads itself, for a function whose config has
// a shape that fields cannot say. It gets the whole functionConfig, nil for
// none, of an accepted kind. Defaulter and Validator still follow.
type ConfigReader interface{ ReadConfig(config *krm.Item) error }

// Option changes what [New] makes.
type Option func(*Function)

// AcceptConfig lets the function be configured by another kind, too: for
// example by that of a function in another catalogue.
func AcceptConfig(apiVersion, kind string) Option {
	return func(f *Function) { f.kinds = append(f.kinds, configKind{apiVersion, kind}) }
}

// New makes a function. C is a struct with json tags; it is read from the
// functionConfig: from a ConfigMap's data (each value is parsed as the type of
// its field) or from an object of kind [Function.ConfigKind], from its spec
// or, without one, from its top-level fields. Keys that C does not have are
// errors. A field with the tag `required:"true"` must be there and not be
// empty; the tag `doc` says in one phrase what it is for. *C may be a
// [Defaulter], a [Validator], a [NeedsTeller], a [PhaseTeller] and a
// [ConfigReader].
//
// transform gets a list of its own. It is not told how many objects of the
// backup the list holds: the same objects may come in any split.
func New[C any](name, summary string, transform func(ctx context.Context, config C, list *List) error, opts ...Option) Function {
	f := Function{
		name: name, summary: summary,
		config: reflect.TypeFor[C](),
		kinds:  []configKind{{"v1", "ConfigMap"}, {ConfigAPIVersion, camelCase(name)}},
	}
	for _, opt := range opts {
		opt(&f)
	}
	reader := configReader{function: name, kinds: slices.Clip(f.kinds)}
	f.check = func(config *krm.Item) error {
		var c C
		return reader.read(config, &c)
	}
	read := func(config *krm.Item) (C, error) {
		var c C
		err := reader.read(config, &c)
		return c, err
	}
	if f.keep {
		read = keepLast(read)
	}
	f.needs = func(config *krm.Item) Needs {
		c, err := read(config)
		if teller, ok := any(&c).(NeedsTeller); ok && err == nil {
			return teller.Needs()
		}
		return Needs{}
	}
	f.phases = func(config *krm.Item) ([]string, bool) {
		if _, ok := any(new(C)).(PhaseTeller); !ok {
			return nil, false
		}
		c, err := read(config)
		if teller, ok := any(&c).(PhaseTeller); ok && err == nil {
			return teller.Phases(), true
		}
		return nil, true
	}
	f.run = func(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		c, err := read(in.FunctionConfig)
		if err != nil {
			return nil, err
		}
		list := newList(ctx, in)
		err = transform(ctx, c, list)
		return list.finish(name, in, err)
	}
	return f
}

// RunError says that a function failed and carries what it said before. Its
// text is that of the cause: whoever runs a function names it.
type RunError struct {
	// Function is its name.
	Function string
	// Results that the function gave before it failed.
	Results []krm.Result
	// Err is why.
	Err error
}

func (e *RunError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *RunError) Unwrap() error { return e.Err }

// FunctionResults returns Results, for callers that know errors by what they
// carry.
func (e *RunError) FunctionResults() []krm.Result { return e.Results }

// camelCase turns set-image-registry into SetImageRegistry.
func camelCase(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "-") {
		if word == "" {
			continue
		}
		b.WriteString(strings.ToUpper(word[:1]))
		b.WriteString(word[1:])
	}
	return b.String()
}
