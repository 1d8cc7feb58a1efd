package gofn

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// maxStackBytes bounds the stack in a [PanicError]: some 30 frames.
const maxStackBytes = 8 << 10

// Func is a Go func that is a runner.Function.
type Func struct {
	name string
	run  func(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error)
}

var _ runner.Function = (*Func)(nil)

// New returns the function name that f is.
//
// f gets a list of its own: it may reorder, cut and extend the list it is
// given and return it; the items in it cannot be changed by anybody. It must
// be safe for calls at the same time, return when ctx ends, and return a list.
// It runs in the goroutine of its caller, so one that ignores ctx holds up its
// caller; runner.WithTimeout gives up on it and leaves it behind.
func New(name string, f func(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error)) *Func {
	return &Func{name: name, run: f}
}

// Name of the function in errors.
func (f *Func) Name() string { return f.name }

// Run calls the func. See runner.Function.
//
// # Errors
//
// A [*runner.FunctionError] with the func's own error as cause, redacted of
// values of Secrets in the input, and the results that came with it: those of
// the list that the func returned with the error, or those in the error, if it
// has a method FunctionResults or is a [*runner.FunctionError]; [krm.ErrNoResourceList] when it returned
// nothing; a [*PanicError] when it panicked.
func (f *Func) Run(ctx context.Context, in *krm.ResourceList) (out *krm.ResourceList, err error) {
	defer func() {
		if v := recover(); v != nil {
			out, err = nil, f.failed(in, out, newPanicError(v, in))
		}
	}()
	if ctx.Err() != nil {
		return nil, f.failed(in, nil, context.Cause(ctx))
	}
	out, err = f.run(ctx, copyList(in))
	switch {
	case err != nil:
		return nil, f.failed(in, out, err)
	case out == nil:
		fe := f.failed(in, nil, krm.ErrNoResourceList)
		fe.Hint = "return the list also when there is nothing to do"
		return nil, fe
	}
	for i, it := range out.Items {
		if it == nil {
			return nil, f.failed(in, out, &krm.NotKRMError{Index: i})
		}
	}
	return out, nil
}

func copyList(in *krm.ResourceList) *krm.ResourceList {
	return &krm.ResourceList{
		FunctionConfig: in.FunctionConfig,
		Items:          append([]*krm.Item(nil), in.Items...),
		Results:        append([]krm.Result(nil), in.Results...),
	}
}

// failed is the error of a call; results that the func gave with it are kept.
func (f *Func) failed(in, out *krm.ResourceList, err error) *runner.FunctionError {
	redactor := runner.NewRedactor(in.Items, []*krm.Item{in.FunctionConfig})
	fe := &runner.FunctionError{Function: f.name, Err: redactor.Err(err)}
	if out != nil {
		fe.Results = redactor.Results(out.Results)
	} else {
		fe.Results = redactor.Results(resultsIn(err))
	}
	return fe
}

// resultsIn are the results that an error carries, as that of an fn.Function,
// which returns no list then.
func resultsIn(err error) []krm.Result {
	var carrier interface{ FunctionResults() []krm.Result }
	var fe *runner.FunctionError
	switch {
	case errors.As(err, &carrier):
		return carrier.FunctionResults()
	case errors.As(err, &fe):
		return fe.Results
	default:
		return nil
	}
}

// PanicError says that a func panicked. errors.Is finds runner.ErrPanic in it.
type PanicError struct {
	// Value is the text of what it panicked with, without values of Secrets.
	Value string
	// Stack of the goroutine, at most 8 KiB. It is not part of Error.
	Stack string
}

// Error reads `function panicked: <value>`.
func (e *PanicError) Error() string { return runner.ErrPanic.Error() + ": " + e.Value }

// Unwrap returns runner.ErrPanic.
func (e *PanicError) Unwrap() error { return runner.ErrPanic }

// newPanicError must be called while the stack is still that of the panic.
func newPanicError(v any, in *krm.ResourceList) *PanicError {
	stack := debug.Stack()
	if len(stack) > maxStackBytes {
		stack = stack[:maxStackBytes]
	}
	e := &PanicError{Value: fmt.Sprint(v), Stack: string(stack)}
	if _, byRuntime := v.(runtime.Error); !byRuntime {
		e.Value = runner.NewRedactor(in.Items, []*krm.Item{in.FunctionConfig}).Text(e.Value)
	}
	return e
}
