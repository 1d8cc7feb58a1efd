package runner_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/gofn"
	"github.com/velero-krm/velero-krm/runner/runnertest"
	"github.com/velero-krm/velero-krm/runner/runnertest/behave"
)

// fixtures

func newItem(tb testing.TB, raw string) *krm.Item {
	tb.Helper()
	it, err := krm.NewItem([]byte(raw))
	if err != nil {
		tb.Fatal(err)
	}
	return it
}

func object(tb testing.TB, name string, labels ...string) *krm.Item {
	tb.Helper()
	var pairs []string
	for _, l := range labels {
		pairs = append(pairs, fmt.Sprintf("%q:\"\"", l))
	}
	return newItem(tb, fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q,"namespace":"ns","labels":{%s}}}`, name, strings.Join(pairs, ",")))
}

// objects returns n objects; those in poison carry the label on which
// fail-on-poison and others fail.
func objects(tb testing.TB, n int, poison ...int) []*krm.Item {
	tb.Helper()
	items := make([]*krm.Item, n)
	for i := range items {
		items[i] = object(tb, fmt.Sprintf("o%04d", i))
	}
	for _, i := range poison {
		items[i] = object(tb, fmt.Sprintf("o%04d", i), behave.Poison)
	}
	return items
}

func behaving(tb testing.TB, name string) runner.Function {
	tb.Helper()
	b, ok := behave.ByName(name)
	if !ok || b.List == nil {
		tb.Fatalf("no behaviour %q", name)
	}
	return gofn.New(name, b.List)
}

func transform(tb testing.TB, f runner.Function, items []*krm.Item, opts runner.TransformOptions) *runner.Outcome {
	tb.Helper()
	out, err := runner.Transform(tb.Context(), f, items, opts)
	if err != nil {
		tb.Fatalf("Transform(...): %v", err)
	}
	runnertest.CheckAccount(tb, items, out)
	return out
}

func failed(out *runner.Outcome) []int {
	var failed []int
	for i, o := range out.Items {
		if o.Status == runner.Failed {
			failed = append(failed, i)
		}
	}
	return failed
}

func TestBisectionFindsThePoison(t *testing.T) {
	cases := map[string]struct {
		reason   string
		n        int
		poison   []int
		maxCalls int
	}{
		"none":        {"one call per batch", 1000, nil, 2},
		"one":         {"the first failure costs a probe, then two calls per halving", 1000, []int{617}, 2 + 1 + 2*9},
		"first, last": {"probes may hit the poison", 1000, []int{0, 999}, 2 + 2 + 4*9},
		"all but one": {"a short list is tried to its end", 20, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 19}, 60},
		"all, short":  {"a short list is tried to its end", 20, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}, 21},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			out := transform(t, behaving(t, "fail-on-poison"), objects(t, tc.n, tc.poison...), runner.TransformOptions{MaxConcurrency: 1})
			if diff := cmp.Diff(tc.poison, failed(out)); diff != "" {
				t.Errorf("%s: failed: -want +got:\n%s", tc.reason, diff)
			}
			if out.Calls > tc.maxCalls {
				t.Errorf("%s: %d calls, want at most %d", tc.reason, out.Calls, tc.maxCalls)
			}
			for _, i := range failed(out) {
				if text := out.Items[i].Err.Error(); !strings.Contains(text, "poison in the list") || strings.Contains(text, "not tried") {
					t.Errorf("items[%d]: %s", i, text)
				}
			}
		})
	}
}

func TestGivingUpOnAFunctionThatFailsForEverything(t *testing.T) {
	broken := runner.FunctionFunc(func(context.Context, *krm.ResourceList) (*krm.ResourceList, error) {
		return nil, errors.New("always wrong")
	})
	out := transform(t, broken, objects(t, 2000), runner.TransformOptions{Name: "broken", MaxConcurrency: 1})
	if len(failed(out)) != 2000 || out.Calls != 9 {
		t.Errorf("%d failed in %d calls, want 2000 in 9", len(failed(out)), out.Calls)
	}
	untried := 0
	for _, o := range out.Items {
		if errors.Is(o.Err, runner.ErrNotTried) {
			untried++
		}
		if !strings.Contains(o.Err.Error(), `run function "broken"`) || !strings.Contains(o.Err.Error(), "always wrong") {
			t.Fatalf("error does not tell the cause: %v", o.Err)
		}
	}
	if untried != 2000-8 {
		t.Errorf("%d not tried, want all but 8", untried)
	}
}

func TestTimeoutsAreFewWhenEverythingHangs(t *testing.T) {
	f := runner.WithTimeout(behaving(t, "hang"), time.Millisecond)
	out := transform(t, f, objects(t, 100), runner.TransformOptions{MaxConcurrency: 1})
	if len(failed(out)) != 100 || out.Calls != 4 {
		t.Errorf("%d failed in %d calls, want 100 in 4", len(failed(out)), out.Calls)
	}
	if !errors.Is(out.Items[99].Err, runner.ErrTimeout) {
		t.Errorf("%v is no ErrTimeout", out.Items[99].Err)
	}
}

func TestBlamedObjectsFailAndTheOthersRunAgain(t *testing.T) {
	items := objects(t, 300, 3, 77, 200)
	out := transform(t, behaving(t, "name-the-poison"), items, runner.TransformOptions{})
	if diff := cmp.Diff([]int{3, 77, 200}, failed(out)); diff != "" {
		t.Errorf("failed: -want +got:\n%s", diff)
	}
	if out.Calls != 2 || len(out.Results) != 3 {
		t.Errorf("%d calls with %d results, want 2 with 3", out.Calls, len(out.Results))
	}
	var fe *runner.FunctionError
	if err := out.Items[77].Err; !errors.As(err, &fe) || len(fe.Results) != 1 || fe.Results[0].ResourceRef.Name != "o0077" {
		t.Errorf("error of an object holds results of others: %+v", fe)
	}
	for _, it := range []int{0, 299} {
		if out.Items[it].Status != runner.Changed {
			t.Errorf("items[%d] is %s", it, out.Items[it].Status)
		}
	}
}

// TestFirstOfManyIsNamed: a function that stops at the first object it does
// not like is not run once per object with nearly the whole list.
func TestFirstOfManyIsNamed(t *testing.T) {
	f := gofn.New("stops", func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		for _, it := range in.Items {
			if strings.Contains(string(it.Raw()), behave.Poison) {
				in.Results = []krm.Result{{Message: "no", Severity: krm.Error, ResourceRef: krm.RefTo(it.Identity())}}
				return in, errors.New("stopped")
			}
		}
		return in, nil
	})
	poison := make([]int, 100)
	for i := range poison {
		poison[i] = 4 * i
	}
	var mu sync.Mutex
	passed := 0
	counting := runner.FunctionFunc(func(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		mu.Lock()
		passed += len(in.Items)
		mu.Unlock()
		return f.Run(ctx, in)
	})
	out := transform(t, counting, objects(t, 400, poison...), runner.TransformOptions{MaxConcurrency: 1})
	if diff := cmp.Diff(poison, failed(out)); diff != "" {
		t.Errorf("failed: -want +got:\n%s", diff)
	}
	if passed > 400*4*10 {
		t.Errorf("%d objects passed in all", passed)
	}
}

func TestWholeListFailsWhole(t *testing.T) {
	out := transform(t, behaving(t, "fail-on-poison"), objects(t, 600, 5), runner.TransformOptions{WholeList: true})
	if len(failed(out)) != 600 || out.Calls != 1 {
		t.Errorf("%d failed in %d calls, want 600 in 1", len(failed(out)), out.Calls)
	}
}

func TestBatches(t *testing.T) {
	size := len(objects(t, 1)[0].Raw())
	cases := map[string]struct {
		reason string
		opts   runner.TransformOptions
		want   []int
	}{
		"by count":        {"7 objects by 3", runner.TransformOptions{MaxBatchItems: 3}, []int{3, 3, 1}},
		"by bytes":        {"the id counts too", runner.TransformOptions{MaxBatchBytes: 2*size + 200}, []int{2, 2, 2, 1}},
		"too small":       {"one object at least", runner.TransformOptions{MaxBatchBytes: 1}, []int{1, 1, 1, 1, 1, 1, 1}},
		"whole":           {"all at once", runner.TransformOptions{WholeList: true, MaxBatchItems: 2}, []int{7}},
		"several at once": {"the order of calls is not fixed, what they get is", runner.TransformOptions{MaxBatchItems: 3, MaxConcurrency: 5}, []int{3, 3, 1}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			sizes := map[string]int{}
			f := runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
				mu.Lock()
				defer mu.Unlock()
				sizes[in.Items[0].Identity().Name] = len(in.Items)
				return in, nil
			})
			transform(t, f, objects(t, 7), tc.opts)
			var got []int
			for i := range 7 {
				if n, ok := sizes[fmt.Sprintf("o%04d", i)]; ok {
					got = append(got, n)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestMaxConcurrency(t *testing.T) {
	var mu sync.Mutex
	running, most := 0, 0
	both := make(chan struct{})
	f := runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		mu.Lock()
		running++
		if most = max(most, running); running == 2 {
			close(both)
		}
		mu.Unlock()
		<-both
		mu.Lock()
		defer mu.Unlock()
		running--
		in.Results = []krm.Result{{Message: in.Items[0].Identity().Name}}
		return in, nil
	})
	out := transform(t, f, objects(t, 2), runner.TransformOptions{MaxBatchItems: 1, MaxConcurrency: 2})
	if most != 2 {
		t.Errorf("%d calls at the same time, want 2", most)
	}
	if out.Results[0].Message != "o0000" || out.Results[1].Message != "o0001" {
		t.Errorf("results are not in the order of the items: %v", out.Results)
	}
}

func TestContextItemsAreSeenAndDropped(t *testing.T) {
	contextItem := newItem(t, `{"apiVersion":"velero-krm.io/v1alpha1","kind":"RunContext","metadata":{"name":"run"}}`)
	opts := runner.TransformOptions{Context: []*krm.Item{contextItem}, MaxBatchItems: 2}
	saw := 0
	look := runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		last := in.Items[len(in.Items)-1]
		if v, _ := last.Annotation(runner.LocalConfigAnnotation); v == "true" && last.Identity().Kind == "RunContext" {
			saw++
		}
		return in, nil
	})
	opts.MaxConcurrency = 1
	transform(t, look, objects(t, 3), opts)
	if saw != 2 {
		t.Errorf("%d of 2 calls saw the context", saw)
	}
	for _, name := range []string{"identity", "touch", "reverse", "forget-context", "drop-annotations"} {
		out := transform(t, behaving(t, name), objects(t, 3), opts)
		if len(failed(out)) != 0 || len(out.Added) != 0 {
			t.Errorf("%s: %d failed, %d added; first error: %v", name, len(failed(out)), len(out.Added), out.Items[0].Err)
		}
	}
}

func TestObjectThatIsItsOwnContextIsNotConfused(t *testing.T) {
	items := objects(t, 2)
	out := transform(t, behaving(t, "drop-annotations"), items, runner.TransformOptions{Context: items[:1], WholeList: true})
	if !errors.Is(out.Items[0].Err, runner.ErrAmbiguous) {
		t.Errorf("items[0]: %s, %v; want ErrAmbiguous", out.Items[0].Status, out.Items[0].Err)
	}
}

func TestCollisionsAcrossCalls(t *testing.T) {
	// Every object is renamed to the next one's name; the last one is not, so
	// the one before it collides, keeps its name, and with that the one before.
	shift := gofn.New("shift", func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		for i, it := range in.Items {
			obj := it.Object()
			m, _ := obj["metadata"].(map[string]any)
			if m["name"] != "o0003" {
				var n int
				_, _ = fmt.Sscanf(fmt.Sprint(m["name"]), "o%d", &n)
				m["name"] = fmt.Sprintf("o%04d", n+1)
			}
			out, err := krm.FromObject(obj)
			if err != nil {
				return nil, err
			}
			in.Items[i] = out
		}
		return in, nil
	})
	out := transform(t, shift, objects(t, 4), runner.TransformOptions{Allow: runner.Permissions{Rename: true}, MaxBatchItems: 1})
	if diff := cmp.Diff([]int{0, 1, 2}, failed(out)); diff != "" {
		t.Errorf("failed: -want +got:\n%s", diff)
	}
	out = transform(t, shift, objects(t, 3), runner.TransformOptions{Allow: runner.Permissions{Rename: true}, MaxBatchItems: 1})
	if len(failed(out)) != 0 {
		t.Errorf("renaming all in a row: %v failed", failed(out))
	}
}

func TestDifferentAdditionsOfOneNameFailTheirCalls(t *testing.T) {
	f := gofn.New("summary", func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		first := in.Items[0].Identity().Name
		it, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"summary"},"data":{"first":"` + first + `"}}`))
		in.Items = append(in.Items, it)
		return in, err
	})
	opts := runner.TransformOptions{Allow: runner.Permissions{Create: true}, MaxBatchItems: 2}
	out := transform(t, f, objects(t, 4), opts)
	if len(failed(out)) != 4 || len(out.Added) != 0 {
		t.Errorf("%v failed, %d added; want all and none", failed(out), len(out.Added))
	}
	if err := out.Items[0].Err; !errors.Is(err, runner.ErrDuplicate) || !strings.Contains(err.Error(), "scope List") {
		t.Errorf("error %v", err)
	}
	opts.WholeList = true
	if out = transform(t, f, objects(t, 4), opts); len(failed(out)) != 0 || len(out.Added) != 1 {
		t.Errorf("whole list: %v failed, %d added", failed(out), len(out.Added))
	}
}

func TestValidateJudgesNamedObjectsAlone(t *testing.T) {
	out := transform(t, behaving(t, "name-the-poison"), objects(t, 10, 2, 5), runner.TransformOptions{Validate: true})
	if diff := cmp.Diff([]int{2, 5}, failed(out)); diff != "" {
		t.Errorf("failed: -want +got:\n%s", diff)
	}
	if out.Calls != 1 || len(out.Results) != 2 || out.Items[0].Status != runner.Unchanged {
		t.Errorf("%d calls, %d results, items[0] %s", out.Calls, len(out.Results), out.Items[0].Status)
	}
}

func TestTransformRefuses(t *testing.T) {
	identity := behaving(t, "identity")
	for name, call := range map[string]func() error{
		"no function": func() error { _, err := runner.Transform(t.Context(), nil, nil, runner.TransformOptions{}); return err },
		"nil item": func() error {
			_, err := runner.Transform(t.Context(), identity, []*krm.Item{nil}, runner.TransformOptions{})
			return err
		},
		"negative limit": func() error {
			_, err := runner.Transform(t.Context(), identity, nil, runner.TransformOptions{MaxBatchItems: -1})
			return err
		},
		"nil context item": func() error {
			_, err := runner.Transform(t.Context(), identity, nil, runner.TransformOptions{Context: []*krm.Item{nil}})
			return err
		},
	} {
		if err := call(); err == nil || !strings.HasPrefix(err.Error(), "transform: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestTransformEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	f := runner.FunctionFunc(func(ctx context.Context, _ *krm.ResourceList) (*krm.ResourceList, error) {
		cancel(cause)
		return nil, context.Cause(ctx)
	})
	out, err := runner.Transform(ctx, f, objects(t, 100), runner.TransformOptions{MaxBatchItems: 3})
	if out != nil || !errors.Is(err, cause) {
		t.Errorf("Transform(...) = %v, %v; want %v", out, err, cause)
	}
}

func TestUnchangedWithoutDecoding(t *testing.T) {
	items := objects(t, 3)
	out := transform(t, behaving(t, "identity"), items, runner.TransformOptions{})
	for i, o := range out.Items {
		if o.Out != items[i] {
			t.Errorf("items[%d] is another pointer", i)
		}
	}
}
