package runner_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// ofKinds returns n objects of each kind, sorted by kind as Velero sorts them.
func ofKinds(tb testing.TB, n int, kinds ...string) []*krm.Item {
	tb.Helper()
	var items []*krm.Item
	for _, kind := range kinds {
		for i := range n {
			items = append(items, newItem(tb, fmt.Sprintf(`{"apiVersion":"v1","kind":%q,"metadata":{"name":"o%d"}}`, kind, i)))
		}
	}
	return items
}

// failingOn returns a function that fails when it is given an object of a kind.
func failingOn(err error, kinds ...string) runner.FunctionFunc {
	return func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		for _, it := range in.Items {
			if slices.Contains(kinds, it.Identity().Kind) {
				return nil, err
			}
		}
		return in, nil
	}
}

// TestKindThatAlwaysFails: in a list sorted by kind, the kind that comes first
// does not take the others down, whatever comes first.
func TestKindThatAlwaysFails(t *testing.T) {
	for name, kinds := range map[string][]string{
		"first": {"Bad", "Good", "Fine"}, "last": {"Good", "Fine", "Bad"}, "between": {"Good", "Bad", "Fine"},
	} {
		for _, concurrency := range []int{1, 2, 4} {
			items := ofKinds(t, 700, kinds...)
			out := transform(t, failingOn(errors.New("bad kind"), "Bad"), items, runner.TransformOptions{MaxConcurrency: concurrency})
			for i, o := range out.Items {
				want := runner.Unchanged
				if items[i].Identity().Kind == "Bad" {
					want = runner.Failed
				}
				if o.Status != want {
					t.Fatalf("%s, %d at once: items[%d] %s is %s: %v", name, concurrency, i, items[i].Identity(), o.Status, o.Err)
				}
			}
			if out.Calls > 80 {
				t.Errorf("%s, %d at once: %d calls, want a few dozen", name, concurrency, out.Calls)
			}
		}
	}
}

// TestFailingOnManyKinds: a function that fails on everything is tried a few
// times, and once more per kind.
func TestFailingOnManyKinds(t *testing.T) {
	var kinds []string
	for i := range 20 {
		kinds = append(kinds, fmt.Sprintf("K%02d", i))
	}
	out := transform(t, failingOn(errors.New("broken"), kinds...), ofKinds(t, 50, kinds...), runner.TransformOptions{MaxConcurrency: 1})
	if len(failed(out)) != 1000 || out.Calls > 2*(8+20)+2 {
		t.Errorf("%d failed in %d calls, want all in two dozen and some", len(failed(out)), out.Calls)
	}
	for _, o := range out.Items {
		if !strings.Contains(o.Err.Error(), "broken") {
			t.Fatalf("error does not tell the cause: %v", o.Err)
		}
	}
}

// TestSuccessAtTheSameTime: objects that were given up are tried after all
// when a call that ran at the same time succeeds.
func TestSuccessAtTheSameTime(t *testing.T) {
	items := objects(t, 100)
	running, gaveUp := make(chan struct{}), make(chan struct{})
	calls := 0
	f := runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		if in.Items[0].Identity() == items[50].Identity() && len(in.Items) == 50 {
			close(running)
			<-gaveUp // the second batch, in the other goroutine
			return in, nil
		}
		<-running
		if calls++; calls == 9 {
			close(gaveUp)
		}
		if calls <= 9 {
			return nil, errors.New("not yet")
		}
		return in, nil
	})
	out := transform(t, f, items, runner.TransformOptions{MaxBatchItems: 50, MaxConcurrency: 2})
	if n := len(failed(out)); n != 8 {
		t.Errorf("%d failed, want the 8 that failed alone", n)
	}
}

// TestObjectsOfASlowCallAreToldSo: after many time-outs nobody looks for the
// object that is the cause, and the error of the others does not blame them.
func TestObjectsOfASlowCallAreToldSo(t *testing.T) {
	f := runner.WithTimeout(runner.FunctionFunc(func(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		for _, it := range in.Items {
			if name := it.Identity().Name; strings.HasSuffix(name, "5") {
				<-ctx.Done()
				return nil, context.Cause(ctx)
			}
		}
		return in, nil
	}), 20*time.Millisecond)
	out := transform(t, f, objects(t, 400), runner.TransformOptions{MaxBatchItems: 20, MaxConcurrency: 1})
	last := out.Items[398]
	if !errors.Is(last.Err, runner.ErrNotTried) || !errors.Is(last.Err, runner.ErrTimeout) || !strings.Contains(last.Err.Error(), "and others") {
		t.Errorf("%s: %s %v; want it told that it was not tried alone", last.In.Identity(), last.Status, last.Err)
	}
}

// TestPanicFailsTheObject: calls run in goroutines, where a panic would end
// the process of whoever called Transform.
func TestPanicFailsTheObject(t *testing.T) {
	f := runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		if in.Items[0].Identity().Name == "o0001" {
			panic("cannot do this one")
		}
		return in, nil
	})
	for name, f := range map[string]runner.Function{"plain": f, "with a time limit": runner.WithTimeout(f, time.Hour)} {
		out := transform(t, f, objects(t, 3), runner.TransformOptions{MaxBatchItems: 1})
		if got := failed(out); len(got) != 1 || !errors.Is(out.Items[1].Err, runner.ErrPanic) || !strings.Contains(out.Items[1].Err.Error(), "cannot do this one") {
			t.Errorf("%s: failed %v: %v", name, got, out.Items[1].Err)
		}
	}
}

// TestNoAnswerIsAFailure: a function that ends its goroutine does not thereby
// leave objects as they were.
func TestNoAnswerIsAFailure(t *testing.T) {
	f := runner.FunctionFunc(func(context.Context, *krm.ResourceList) (*krm.ResourceList, error) {
		runtime.Goexit()
		return nil, nil
	})
	for name, f := range map[string]runner.Function{"plain": f, "with a time limit": runner.WithTimeout(f, time.Hour)} {
		out := transform(t, f, objects(t, 3), runner.TransformOptions{MaxBatchItems: 1})
		if len(failed(out)) != 3 || !errors.Is(out.Items[2].Err, runner.ErrNoAnswer) {
			t.Errorf("%s: %v failed: %v", name, failed(out), out.Items[2].Err)
		}
	}
}

// TestValidatorOfTheWholeList: objects that no result names are judged well.
func TestValidatorOfTheWholeList(t *testing.T) {
	out := transform(t, behaving(t, "name-the-poison"), objects(t, 10, 2, 5), runner.TransformOptions{Validate: true, WholeList: true})
	if got := failed(out); !slices.Equal(got, []int{2, 5}) {
		t.Errorf("failed %v, want 2 and 5", got)
	}
}
