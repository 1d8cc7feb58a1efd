package runner

import (
	"context"
	"errors"

	"github.com/velero-krm/velero-krm/krm"
)

// WithBatch returns a function that does what [Transform] does with f: batches,
// bisection, and permissions. It is for callers that want a list and not an
// account of each item: when any item fails, the call fails, with the errors
// of all of them joined, and returns no list.
//
// The functionConfig of a call takes the place of opts.Config if it is not nil.
// Added objects stand at the end of the list.
func WithBatch(f Function, opts TransformOptions) Function {
	return FunctionFunc(func(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		o := opts
		if in.FunctionConfig != nil {
			o.Config = in.FunctionConfig
		}
		outcome, err := Transform(ctx, f, in.Items, o)
		if err != nil {
			return nil, &FunctionError{Function: opts.Name, ExitCode: -1, Err: err}
		}
		return outcome.list(opts.Name)
	})
}

// list returns the items of the outcome, or why it is not whole.
func (o *Outcome) list(name string) (*krm.ResourceList, error) {
	out := &krm.ResourceList{Results: o.Results}
	var errs []error
	seen := make(map[error]bool)
	for _, it := range o.Items {
		switch {
		case it.Status == Failed && !seen[it.Err]:
			seen[it.Err] = true
			errs = append(errs, &objectError{id: it.In.Identity(), err: it.Err})
		case it.Out != nil:
			out.Items = append(out.Items, it.Out)
		}
	}
	if len(errs) > 0 {
		return nil, &FunctionError{Function: name, Results: o.Results, Err: errors.Join(errs...)}
	}
	out.Items = append(out.Items, o.Added...)
	return out, nil
}

// objectError names the first object that failed for a reason.
type objectError struct {
	id  krm.Identity
	err error
}

func (e *objectError) Error() string { return e.id.String() + ": " + e.err.Error() }
func (e *objectError) Unwrap() error { return e.err }
