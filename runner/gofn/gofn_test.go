package gofn_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/gofn"
)

func list(tb testing.TB) *krm.ResourceList {
	tb.Helper()
	it, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"k":"aHVudGVyMmh1bnRlcjI="}}`))
	if err != nil {
		tb.Fatal(err)
	}
	return &krm.ResourceList{Items: []*krm.Item{it}}
}

func TestPanicBecomesAnError(t *testing.T) {
	f := gofn.New("jumpy", func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		panic(fmt.Sprintf("bad data hunter2hunter2 in %d items", len(in.Items)))
	})
	out, err := f.Run(t.Context(), list(t))
	var p *gofn.PanicError
	if out != nil || !errors.Is(err, runner.ErrPanic) || !errors.As(err, &p) {
		t.Fatalf("Run(...) = %v, %v, want a PanicError", out, err)
	}
	if want := `run function "jumpy": function panicked: bad data [redacted] in 1 items`; err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if !strings.Contains(p.Stack, "gofn_test.go") || len(p.Stack) > 8<<10 {
		t.Errorf("stack of %d bytes: %s", len(p.Stack), p.Stack)
	}
}

func TestRuntimePanicTellsWhat(t *testing.T) {
	f := gofn.New("short", func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		beyond := len(in.Items)
		return in, fmt.Errorf("never %v", in.Items[beyond])
	})
	_, err := f.Run(t.Context(), list(t))
	if !errors.Is(err, runner.ErrPanic) || !strings.Contains(err.Error(), "index out of range [1] with length 1") {
		t.Errorf("Run(...): %v", err)
	}
}

func TestWhatIsNoListIsAnError(t *testing.T) {
	for name, tc := range map[string]struct {
		out  *krm.ResourceList
		want func(error) bool
	}{
		"nothing":  {nil, func(err error) bool { return errors.Is(err, krm.ErrNoResourceList) }},
		"nil item": {&krm.ResourceList{Items: []*krm.Item{nil}}, func(err error) bool { var e *krm.NotKRMError; return errors.As(err, &e) && e.Index == 0 }},
	} {
		out, err := gofn.New("f", func(context.Context, *krm.ResourceList) (*krm.ResourceList, error) { return tc.out, nil }).Run(t.Context(), list(t))
		if out != nil || !tc.want(err) {
			t.Errorf("%s: Run(...) = %v, %v", name, out, err)
		}
	}
}

func TestInputIsProtected(t *testing.T) {
	in := list(t)
	in.Items = append(in.Items, in.Items[0])[:1]
	f := gofn.New("greedy", func(_ context.Context, l *krm.ResourceList) (*krm.ResourceList, error) {
		l.Items = append(l.Items[:0], nil, nil)
		l.FunctionConfig, l.Results = nil, append(l.Results, krm.Result{Message: "x"})
		return &krm.ResourceList{}, nil
	})
	before := in.Items[:2:2][0]
	if _, err := f.Run(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if len(in.Items) != 1 || in.Items[0] != before || in.Items[:2][1] == nil || in.Results != nil {
		t.Errorf("the input was changed: %v", in)
	}
}

func TestErrorsAreKeptAndRedacted(t *testing.T) {
	cause := errors.New("cause")
	f := gofn.New("f", func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		in.Results = []krm.Result{{Message: "saw hunter2hunter2"}}
		return in, fmt.Errorf("value hunter2hunter2: %w", cause)
	})
	out, err := f.Run(t.Context(), list(t))
	var fe *runner.FunctionError
	if out != nil || !errors.Is(err, cause) || !errors.As(err, &fe) {
		t.Fatalf("Run(...) = %v, %v", out, err)
	}
	if strings.Contains(fmt.Sprint(err, fe.Results), "hunter2") || len(fe.Results) != 1 {
		t.Errorf("error %v, results %v", err, fe.Results)
	}
}

func TestEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := gofn.New("f", func(context.Context, *krm.ResourceList) (*krm.ResourceList, error) {
		t.Error("the function was called")
		return nil, errors.New("called")
	})
	if _, err := f.Run(ctx, list(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("Run(...): %v", err)
	}
}

// carrying is an error with results, as functions of package fn return it.
type carrying struct{ results []krm.Result }

func (carrying) Error() string                   { return "broken" }
func (e carrying) FunctionResults() []krm.Result { return e.results }

// TestResultsOfAnErrorAreKept: an executable can print them and fail, too.
func TestResultsOfAnErrorAreKept(t *testing.T) {
	said := []krm.Result{{Message: "before hunter2hunter2 it broke", Severity: krm.Error}}
	for name, tc := range map[string]struct {
		reason string
		out    *krm.ResourceList
		err    error
	}{
		"in the list":           {"as the documentation of Run says", &krm.ResourceList{Results: said}, errors.New("broken")},
		"in the error":          {"as package fn does", nil, fmt.Errorf("wrapped: %w", carrying{said})},
		"in a failure of a run": {"the function runs another one", nil, &runner.FunctionError{Results: said, Err: errors.New("broken")}},
	} {
		_, err := gofn.New("f", func(context.Context, *krm.ResourceList) (*krm.ResourceList, error) { return tc.out, tc.err }).Run(t.Context(), list(t))
		var fe *runner.FunctionError
		if !errors.As(err, &fe) || len(fe.Results) != 1 || fe.Results[0].Message != "before [redacted] it broke" {
			t.Errorf("%s: %s: %+v", name, tc.reason, fe)
		}
	}
}
