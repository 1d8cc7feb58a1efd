package runner

import (
	"context"

	"github.com/velero-krm/velero-krm/krm"
)

// Function transforms a list of resources.
//
// Run must not change in. It may be called by several goroutines at once. It
// returns when ctx ends, with an error for which errors.Is finds ctx's cause,
// and leaves nothing running. When a function fails, Run returns a
// [*FunctionError] that carries the results the function gave; the list it
// returns then is nil. Items of the returned list may stand in any order.
type Function interface {
	Run(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error)
}

// FunctionFunc is a Go func that is a [Function].
type FunctionFunc func(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error)

// Run calls f.
func (f FunctionFunc) Run(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
	return f(ctx, in)
}

var _ Function = FunctionFunc(nil)
