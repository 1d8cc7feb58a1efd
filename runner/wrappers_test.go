package runner_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/gofn"
)

func TestTimeoutLeavesOtherOutcomesAlone(t *testing.T) {
	own := errors.New("own")
	cases := map[string]struct {
		reason string
		f      runner.Function
		want   error
	}{
		"success": {"a call in time is what it is", behaving(t, "identity"), nil},
		"failure": {
			"a function that fails by itself has not timed out",
			gofn.New("f", func(context.Context, *krm.ResourceList) (*krm.ResourceList, error) { return nil, own }), own,
		},
		"deadline": {
			"a plain deadline error after the time is up is the time-out",
			runner.FunctionFunc(func(ctx context.Context, _ *krm.ResourceList) (*krm.ResourceList, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}), runner.ErrTimeout,
		},
	}
	for name, tc := range cases {
		limit := time.Hour
		if name == "deadline" {
			limit = time.Millisecond
		}
		if _, err := runner.WithTimeout(tc.f, limit).Run(t.Context(), &krm.ResourceList{}); !errors.Is(err, tc.want) {
			t.Errorf("%s: %s: error %v, want %v", name, tc.reason, err, tc.want)
		}
	}
	f := behaving(t, "identity")
	if runner.WithTimeout(f, 0) != f || runner.WithConcurrencyLimit(f, 0) != f {
		t.Error("no limit wraps the function all the same")
	}
}

func TestConcurrencyLimit(t *testing.T) {
	var running, most atomic.Int64
	f := runner.WithConcurrencyLimit(runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		now := running.Add(1)
		defer running.Add(-1)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		return in, nil
	}), 2)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { _, _ = f.Run(t.Context(), &krm.ResourceList{}) })
	}
	wg.Wait()
	if most.Load() > 2 {
		t.Errorf("%d calls at the same time", most.Load())
	}
}

func TestConcurrencyLimitGivesUpWithTheContext(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	f := runner.WithConcurrencyLimit(runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		close(entered)
		<-release
		return in, nil
	}), 1)
	done := make(chan struct{})
	go func() { defer close(done); _, _ = f.Run(context.WithoutCancel(t.Context()), &krm.ResourceList{}) }()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Run(ctx, &krm.ResourceList{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Run(...): %v, want context.Canceled", err)
	}
	close(release)
	<-done
}

func TestSizeLimits(t *testing.T) {
	items := objects(t, 3)
	bytes := len(items[0].Raw()) * 3
	cases := map[string]struct {
		limits runner.SizeLimits
		want   error
	}{
		"none":         {runner.SizeLimits{}, nil},
		"all kept":     {runner.SizeLimits{MaxInputItems: 3, MaxInputBytes: bytes, MaxOutputItems: 6, MaxOutputBytes: 2 * bytes}, nil},
		"input items":  {runner.SizeLimits{MaxInputItems: 2}, runner.ErrInputTooLarge},
		"input bytes":  {runner.SizeLimits{MaxInputBytes: bytes - 1}, runner.ErrInputTooLarge},
		"output items": {runner.SizeLimits{MaxOutputItems: 5}, runner.ErrOutputTooLarge},
		"output bytes": {runner.SizeLimits{MaxOutputBytes: 2*bytes - 1}, runner.ErrOutputTooLarge},
	}
	for name, tc := range cases {
		_, err := runner.WithSizeLimits(behaving(t, "twice"), tc.limits).Run(t.Context(), &krm.ResourceList{Items: items})
		if !errors.Is(err, tc.want) || (tc.want == nil && err != nil) {
			t.Errorf("%s: error %v, want %v", name, err, tc.want)
		}
	}
}

// tick is a clock that goes on by a second each time it is read.
func tick() func() time.Time {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}
}

func TestRecord(t *testing.T) {
	var calls []runner.Call
	rec := runner.RecorderFunc(func(c runner.Call) { calls = append(calls, c) })
	items := objects(t, 2)
	size := len(items[0].Raw()) + len(items[1].Raw())
	for _, name := range []string{"all-severities", "perfect-then-exit-3"} {
		_, _ = runner.WithRecord(behaving(t, name), rec, runner.RecordClock(tick())).Run(t.Context(), &krm.ResourceList{Items: items})
	}
	if len(calls) != 2 || calls[0].Err != nil || calls[1].Err == nil {
		t.Fatalf("calls: %+v", calls)
	}
	if len(calls[0].Results) != 3 || len(calls[1].Results) != 1 {
		t.Errorf("results: %v, %v", calls[0].Results, calls[1].Results)
	}
	calls[0].Results = nil
	want := runner.Call{ItemsIn: 2, ItemsOut: 2, BytesIn: size, BytesOut: size, Elapsed: time.Second, Run: time.Second}
	if diff := cmp.Diff(want, calls[0]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTotals(t *testing.T) {
	totals := &runner.Totals{}
	f := runner.WithRecord(behaving(t, "fail-on-poison"), totals, runner.RecordClock(tick()))
	out := transform(t, f, objects(t, 10, 4), runner.TransformOptions{MaxConcurrency: 1})
	calls, failedCalls, sum := totals.Sum()
	if calls != out.Calls || failedCalls == 0 || sum.Elapsed != time.Duration(calls)*time.Second || sum.Err == nil {
		t.Errorf("%d calls, %d failed, %+v; the outcome has %d", calls, failedCalls, sum, out.Calls)
	}
}

func TestWithBatch(t *testing.T) {
	in := &krm.ResourceList{Items: objects(t, 10)}
	opts := runner.TransformOptions{Name: "batched", MaxBatchItems: 3, Allow: runner.Permissions{Create: true}}
	out, err := runner.WithBatch(behaving(t, "add"), opts).Run(t.Context(), in)
	if err != nil || len(out.Items) != 11 || out.Items[10].Identity().Name != "added" {
		t.Fatalf("Run(...) = %v, %v", out, err)
	}
	in.Items = objects(t, 10, 3)
	_, err = runner.WithBatch(behaving(t, "fail-on-poison"), opts).Run(t.Context(), in)
	if err == nil || !strings.Contains(err.Error(), "ConfigMap ns/o0003: ") || strings.Contains(err.Error(), "o0004") {
		t.Errorf("Run(...): %v, want an error about o0003 alone", err)
	}
}

func TestFunctionErrorText(t *testing.T) {
	ref := &krm.ResourceRef{APIVersion: "v1", Kind: "Secret", Name: "db", Namespace: "shop"}
	cases := map[string]struct {
		err  runner.FunctionError
		want string
	}{
		"exit code": {
			runner.FunctionError{Function: "route", ExitCode: 3, Stderr: "a\nb\n", Hint: "look there", Err: runner.ErrExit},
			`run function "route": exit code 3: stderr: a | b (look there)`,
		},
		"result": {
			runner.FunctionError{
				Function: "route", ExitCode: 1, Err: runner.ErrExit,
				Results: []krm.Result{{Message: "fine"}, {Message: "is bad", Severity: krm.Error, ResourceRef: ref, Field: &krm.Field{Path: "data.k"}}},
			},
			`run function "route": exit code 1: Secret shop/db: data.k: is bad`,
		},
		"signal":    {runner.FunctionError{Function: "f", ExitCode: -1, Signal: "killed", Err: runner.ErrExit}, `run function "f": ended by signal: killed`},
		"no name":   {runner.FunctionError{Err: runner.ErrNotFound}, `run function: executable not found`},
		"long text": {runner.FunctionError{Function: "f", Stderr: strings.Repeat("x\n", 1000), Err: runner.ErrRemoved}, `run function "f": function removed the object, which allow does not permit: stderr: x | x | x | x`},
	}
	for name, tc := range cases {
		if diff := cmp.Diff(tc.want, tc.err.Error()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

// TestWrappedFunctionError: what a wrapper of the caller says about a failure
// is in the error and its chain.
func TestWrappedFunctionError(t *testing.T) {
	const value = "hunter2hunter2"
	errWrapper := errors.New("while the mirror was down")
	inner := &runner.FunctionError{
		Function: "inner", ExitCode: 3, Stderr: "no such host", Err: runner.ErrExit,
		Results: []krm.Result{{Message: "saw " + value}},
	}
	f := runner.FunctionFunc(func(context.Context, *krm.ResourceList) (*krm.ResourceList, error) {
		return nil, fmt.Errorf("%w: %w", errWrapper, inner)
	})
	items := []*krm.Item{secretOf(t, map[string]string{"k": value})}
	var recorded error
	recording := runner.WithRecord(f, runner.RecorderFunc(func(c runner.Call) { recorded = c.Err }))
	err := transform(t, recording, items, runner.TransformOptions{Name: "outer"}).Items[0].Err
	want := `run function "outer": while the mirror was down: run function "inner": exit code 3: stderr: no such host`
	if err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	var fe *runner.FunctionError
	if !errors.Is(err, errWrapper) || !errors.Is(err, runner.ErrExit) || !errors.As(err, &fe) || fe.ExitCode != 3 || fe.Function != "outer" {
		t.Errorf("the chain of %v is not whole: %+v", err, fe)
	}
	if !errors.Is(recorded, errWrapper) {
		t.Errorf("a recorder saw %v", recorded)
	}
	for chain := error(fe); chain != nil; chain = errors.Unwrap(chain) {
		if errors.As(chain, &fe); strings.Contains(fmt.Sprintf("%+v", fe.Results), value) {
			t.Errorf("%v gives the value away", chain)
		}
	}
}
