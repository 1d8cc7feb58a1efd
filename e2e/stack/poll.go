package stack

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// pollEvery is short against what is waited for and long against what a look
// costs (about 1 ms).
const pollEvery = 50 * time.Millisecond

// condition reports whether what is waited for has come. Its error is why not
// yet, unless it is fatal.
type condition func(ctx context.Context) (bool, error)

// fatal marks an error after which waiting is useless.
type fatal struct{ error }

// Unwrap returns the cause.
func (f fatal) Unwrap() error { return f.error }

// poll looks until the condition holds, ctx ends, or the error is fatal. The
// error says why the last look failed.
func poll(ctx context.Context, holds condition) error {
	var last error
	for {
		ok, err := holds(ctx)
		if ok {
			return nil
		}
		if errors.As(err, new(fatal)) {
			return err
		}
		if err != nil && ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			if last == nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("%w; last seen: %w", context.Cause(ctx), last)
		case <-time.After(pollEvery):
		}
	}
}
