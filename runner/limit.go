package runner

import (
	"context"
	"fmt"

	"github.com/velero-krm/velero-krm/krm"
)

// WithConcurrencyLimit returns f with at most n calls running at the same
// time; further ones wait for their turn or for the end of their context. An n
// of 0 or less means no limit.
func WithConcurrencyLimit(f Function, n int) Function {
	if n <= 0 {
		return f
	}
	turns := make(chan struct{}, n)
	return FunctionFunc(func(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		select {
		case turns <- struct{}{}:
			defer func() { <-turns }()
			return f.Run(ctx, in)
		case <-ctx.Done():
			return nil, &FunctionError{ExitCode: -1, Err: context.Cause(ctx)}
		}
	})
}

// SizeLimits bound one call. 0 means no limit.
type SizeLimits struct {
	// MaxInputItems and MaxInputBytes bound what the function is given; bytes
	// are those of the items' JSON. Beyond, it is not called.
	MaxInputItems, MaxInputBytes int
	// MaxOutputItems and MaxOutputBytes bound what it returns. How much a
	// child process may print is bounded earlier, by its runtime.
	MaxOutputItems, MaxOutputBytes int
}

// WithSizeLimits returns f with limits on the size of each call's list. A call
// beyond them fails with [ErrInputTooLarge] or [ErrOutputTooLarge].
func WithSizeLimits(f Function, l SizeLimits) Function {
	return FunctionFunc(func(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		if err := checkSize(in.Items, l.MaxInputItems, l.MaxInputBytes, ErrInputTooLarge); err != nil {
			return nil, &FunctionError{Err: err}
		}
		out, err := f.Run(ctx, in)
		if err != nil || out == nil {
			return out, err
		}
		if err := checkSize(out.Items, l.MaxOutputItems, l.MaxOutputBytes, ErrOutputTooLarge); err != nil {
			return nil, &FunctionError{Results: out.Results, Err: err}
		}
		return out, nil
	})
}

func checkSize(items []*krm.Item, maxItems, maxBytes int, sentinel error) error {
	if maxItems > 0 && len(items) > maxItems {
		return fmt.Errorf("%w: %d objects, at most %d", sentinel, len(items), maxItems)
	}
	if size := sizeOf(items); maxBytes > 0 && size > maxBytes {
		return fmt.Errorf("%w: %d bytes, at most %d", sentinel, size, maxBytes)
	}
	return nil
}

func sizeOf(items []*krm.Item) int {
	size := 0
	for _, it := range items {
		size += len(it.Raw())
	}
	return size
}
