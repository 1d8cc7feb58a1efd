package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner/internal/hint"
)

// abandonAfter is how long WithTimeout waits, after the time is up, for a
// function that cleans up behind itself (it kills its processes, say).
const abandonAfter = 5 * time.Second

// WithTimeout returns f with a limit on the time of each call.
//
// After d the context of the call ends. A call that returns then fails with
// [ErrTimeout], which errors.Is also finds as context.DeadlineExceeded; what
// the function had said by then is kept. A Go function that ignores its context
// cannot be stopped: 5 s later it is left behind, running, and the error's hint
// says so. A d of 0 or less means no limit.
func WithTimeout(f Function, d time.Duration) Function {
	if d <= 0 {
		return f
	}
	return &timeout{f: f, limit: d, abandonAfter: abandonAfter}
}

type timeout struct {
	f                   Function
	limit, abandonAfter time.Duration
}

var _ Function = (*timeout)(nil)

type answer struct {
	out *krm.ResourceList
	err error
}

// Run calls the function with a deadline.
func (t *timeout) Run(parent context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
	cause := &timeoutError{after: t.limit}
	ctx, cancel := context.WithTimeoutCause(parent, t.limit, cause)
	defer cancel()
	answers := make(chan answer, 1)
	go func() {
		a := answer{err: &FunctionError{Err: ErrNoAnswer}}
		defer func() {
			if p := recover(); p != nil {
				a = answer{err: &FunctionError{Err: panicError(p)}}
			}
			answers <- a
		}()
		a.out, a.err = t.f.Run(ctx, in)
	}()
	select {
	case a := <-answers:
		return t.judge(ctx, cause, a)
	case <-ctx.Done():
	}
	patience := time.NewTimer(t.abandonAfter)
	defer patience.Stop()
	select {
	case a := <-answers:
		return t.judge(ctx, cause, a)
	case <-patience.C:
		return nil, &FunctionError{
			ExitCode: -1, Elapsed: t.limit, Err: context.Cause(ctx),
			Hint: hint.Runs,
		}
	}
}

// judge makes sure that a call that failed because its time was up says so.
func (t *timeout) judge(ctx context.Context, cause *timeoutError, a answer) (*krm.ResourceList, error) {
	if a.err == nil || !errors.Is(context.Cause(ctx), ErrTimeout) || errors.Is(a.err, ErrTimeout) {
		return a.out, a.err
	}
	if !errors.Is(a.err, context.DeadlineExceeded) && !errors.Is(a.err, context.Canceled) {
		return a.out, a.err // it had failed by itself
	}
	fe := asFunctionError("", a.err)
	fe.Err = cause
	return nil, fe
}

// panicError is the error of a function that panicked with p.
func panicError(p any) error { return fmt.Errorf("%w: %v", ErrPanic, p) }

// timeoutError says that a call took longer than it may.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("%s: it may take %s", ErrTimeout, e.after)
}

func (e *timeoutError) Is(target error) bool {
	return target == ErrTimeout || target == context.DeadlineExceeded
}

// Timeout says that the error is one of time, as in package net.
func (e *timeoutError) Timeout() bool { return true }
