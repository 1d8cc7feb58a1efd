package krmfn

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/execfn"
)

// execution runs steps over items. It never changes, so it can run any number
// of times.
type execution struct {
	ctx   context.Context
	items []*krm.Item
	steps []boundStep
	allow runner.Permissions
}

// boundStep is a step and what runs it.
type boundStep struct {
	step
	function runner.Function
}

var _ FunctionRunner = (*execution)(nil)

// newExecution makes what r collected ready to run. Every executable is
// checked, and every problem reported.
func newExecution(r Runner) (*execution, error) {
	e := &execution{ctx: r.ctx, items: r.items, allow: r.allow}
	var errs []error
	for _, s := range r.steps {
		opts := []execfn.Option{execfn.WithName(s.name)}
		if r.dir != "" {
			opts = append(opts, execfn.WithDir(r.dir))
		}
		f, err := execfn.New(s.path, opts...)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		e.steps = append(e.steps, boundStep{s, runner.WithTimeout(f, r.timeout)})
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return e, nil
}

// Execute implements FunctionRunner.
func (e *execution) Execute() (ResourceList, error) {
	var list ResourceList
	items := e.items
	for i, s := range e.steps {
		out, results, err := e.run(s, items)
		list.Results = append(list.Results, resultsOf(i, s.name, results)...)
		if err != nil {
			return list, err
		}
		items = out
	}
	objects, err := objectsOf(items)
	if err != nil {
		return list, err
	}
	list.Items = objects
	return list, nil
}

// run calls one function once with all items and returns the items after it.
func (e *execution) run(s boundStep, items []*krm.Item) ([]*krm.Item, []krm.Result, error) {
	if len(items) == 0 {
		return e.runEmpty(s)
	}
	out, err := runner.Transform(e.ctx, s.function, items, runner.TransformOptions{
		Name:      s.name,
		Config:    s.config,
		Allow:     e.allow,
		WholeList: true,
		// The execution ends with the first failure: nothing is gained by more runs.
		AllOrNothing: true,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("run function %q: %w", s.name, err)
	}
	return after(out), out.Results, failure(out)
}

// runEmpty calls the function with an empty list, which Transform does not: a
// function may create objects out of nothing.
func (e *execution) runEmpty(s boundStep) ([]*krm.Item, []krm.Result, error) {
	out, err := s.function.Run(e.ctx, &krm.ResourceList{FunctionConfig: s.config})
	if err != nil {
		var ferr *runner.FunctionError
		if errors.As(err, &ferr) {
			return nil, ferr.Results, err
		}
		return nil, nil, fmt.Errorf("run function %q: %w", s.name, err)
	}
	var cause error
	switch {
	case slices.ContainsFunc(out.Results, krm.Result.Failed):
		cause = runner.ErrErrorResult
	case len(out.Items) > 0 && !e.allow.Create:
		cause = runner.ErrCreated
	default:
		return out.Items, out.Results, nil
	}
	return nil, out.Results, &runner.FunctionError{Function: s.name, Results: out.Results, Err: cause}
}

// after returns the items after a call: those that went in and were not
// removed, in their order, then those that were created.
func after(out *runner.Outcome) []*krm.Item {
	items := make([]*krm.Item, 0, len(out.Items)+len(out.Added))
	for _, it := range out.Items {
		if it.Out != nil {
			items = append(items, it.Out)
		}
	}
	return append(items, out.Added...)
}

// failure returns why a call failed, nil when it did not. All objects fail
// with a call for the whole list, most of them with one and the same error,
// which then is told once.
func failure(out *runner.Outcome) error {
	var causes []error
	objects := map[error][]krm.Identity{}
	for _, it := range out.Items {
		if it.Err == nil {
			continue
		}
		if objects[it.Err] == nil {
			causes = append(causes, it.Err)
		}
		objects[it.Err] = append(objects[it.Err], it.In.Identity())
	}
	for i, err := range causes {
		switch failed := objects[err]; {
		case len(failed) == 1:
			causes[i] = fmt.Errorf("%s: %w", failed[0], err)
		case len(failed) < len(out.Items):
			causes[i] = fmt.Errorf("%s and %d more: %w", failed[0], len(failed)-1, err)
		}
	}
	if len(causes) == 1 {
		return causes[0]
	}
	return errors.Join(causes...)
}

func resultsOf(i int, name string, results []krm.Result) Results {
	out := make(Results, len(results))
	for j, r := range results {
		out[j] = Result{Function: name, Step: i, Result: r}
	}
	return out
}

// objectsOf decodes items into what callers of the original expect, with
// integers as int64 and other numbers as float64.
func objectsOf(items []*krm.Item) ([]runtime.Object, error) {
	objects := make([]runtime.Object, len(items))
	for i, it := range items {
		var u unstructured.Unstructured
		if err := u.UnmarshalJSON(it.Raw()); err != nil {
			// Not its cause: that quotes the object, which may be a Secret.
			return nil, fmt.Errorf("decode %s: not an object for Kubernetes", it.Identity())
		}
		objects[i] = &u
	}
	return objects, nil
}
