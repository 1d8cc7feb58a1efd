package krmfn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// Runner is the RunnerBuilder that NewRunner returns.
type Runner struct {
	ctx     context.Context
	items   []*krm.Item
	steps   []step
	dir     string
	timeout time.Duration
	allow   runner.Permissions
	errs    []error
}

var _ RunnerBuilder = Runner{}

// NewRunner returns an empty builder.
func NewRunner() RunnerBuilder {
	return Runner{
		ctx:     context.Background(),
		timeout: DefaultTimeout,
		allow:   runner.Permissions{Create: true, Delete: true, Rename: true},
	}
}

// fail returns a builder that also has err. Slices are clipped before every
// append, here and below, so that two builders made from one never share an
// array.
func (r Runner) fail(err error) Runner {
	r.errs = append(slices.Clip(r.errs), err)
	return r
}

// WithInput implements RunnerBuilder.
func (r Runner) WithInput(data []byte) RunnerBuilder {
	items, err := readInput(data)
	if err != nil {
		return r.fail(fmt.Errorf("read input: %w", err))
	}
	r.items = append(slices.Clip(r.items), items...)
	return r
}

// WithInputs implements RunnerBuilder.
func (r Runner) WithInputs(objects ...runtime.Object) RunnerBuilder {
	r.items = slices.Clip(r.items)
	for i, obj := range objects {
		item, err := itemOf(obj)
		if err != nil {
			r = r.fail(fmt.Errorf("read input object %d: %w", i, err))
			continue
		}
		r.items = append(r.items, item)
	}
	return r
}

// WithFunctions implements RunnerBuilder.
func (r Runner) WithFunctions(functions ...Function) RunnerBuilder {
	r.steps = slices.Clip(r.steps)
	for i, f := range functions {
		s, err := newStep(f)
		if err != nil {
			r = r.fail(fmt.Errorf("read function %d %q: %w", i, f.Name, err))
			continue
		}
		r.steps = append(r.steps, s)
	}
	return r
}

// WhereExecWorkingDir implements RunnerBuilder.
func (r Runner) WhereExecWorkingDir(dir string) RunnerBuilder {
	if dir == "" {
		r.dir = ""
		return r
	}
	abs, err := workingDir(dir)
	if err != nil {
		return r.fail(fmt.Errorf("set working directory: %w", err))
	}
	r.dir = abs
	return r
}

// WithContext implements RunnerBuilder.
func (r Runner) WithContext(ctx context.Context) RunnerBuilder {
	r.ctx = ctx
	return r
}

// WithTimeout implements RunnerBuilder.
func (r Runner) WithTimeout(d time.Duration) RunnerBuilder {
	if d <= 0 {
		d = DefaultTimeout
	}
	r.timeout = d
	return r
}

// WithPermissions implements RunnerBuilder.
func (r Runner) WithPermissions(allow runner.Permissions) RunnerBuilder {
	r.allow = allow
	return r
}

// Build implements RunnerBuilder.
func (r Runner) Build() (FunctionRunner, error) {
	errs := slices.Clone(r.errs)
	// An input or function that was given and refused is not also missing.
	if len(r.errs) == 0 && len(r.items) == 0 {
		errs = append(errs, ErrInputRequired)
	}
	if len(r.errs) == 0 && len(r.steps) == 0 {
		errs = append(errs, ErrFunctionRequired)
	}
	if len(errs) == 1 {
		return nil, errs[0] // unwrapped: callers of the original compare with ==
	}
	if len(errs) > 1 {
		return nil, errors.Join(errs...)
	}
	e, err := newExecution(r)
	if err != nil {
		return nil, err // not e: a nil *execution in the interface is not nil
	}
	return e, nil
}

// workingDir returns dir as an absolute path to an existing directory.
func workingDir(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(abs)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%s is not a directory", abs)
	}
	return abs, nil
}
