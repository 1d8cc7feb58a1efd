package runner_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// TestValidatorIsNotRunAgain once it has judged all: run without what it named,
// it would miss that in the others. After an ending that may have cut it short
// it is.
func TestValidatorIsNotRunAgain(t *testing.T) {
	all := func(items []*krm.Item) (results []krm.Result) {
		for _, it := range items {
			results = append(results, blame(it))
		}
		return results
	}
	cases := map[string]struct {
		reason  string
		end     func(results []krm.Result) (*krm.ResourceList, error)
		results func(named []krm.Result) []krm.Result
		verdict bool
	}{
		"exit 0": {
			reason: "results of severity error fail what they name", verdict: true,
			end: func(results []krm.Result) (*krm.ResourceList, error) { return &krm.ResourceList{Results: results}, nil },
		},
		"exit 1":   {reason: "kpt wants it so", verdict: true, end: exit(1, "", runner.ErrExit)},
		"wrapped":  {reason: "what a wrapper says changes nothing", verdict: true, end: wrapped(exit(1, "", runner.ErrExit), "audited: %w")},
		"exit 2":   {reason: "a panic in Go", end: exit(2, "", runner.ErrExit)},
		"exit 126": {reason: "a shell's: what it called may not run", end: exit(126, "", runner.ErrExit)},
		"exit 127": {reason: "a shell's: what it called is not there", end: exit(127, "", runner.ErrExit)},
		"signal":   {reason: "it was killed before its end", end: exit(-1, "killed", runner.ErrExit)},
		"timeout":  {reason: "it was still at it", end: exit(1, "", runner.ErrTimeout)},
		"too much": {reason: "what it printed was cut", end: exit(1, "", runner.ErrOutputTooLarge)},
		"and more": {
			reason: "the results are those of one of two failures",
			end:    exit(1, "", errors.Join(runner.ErrExit, errors.New("and more"))),
		},
		"nameless": {
			reason: "that may be about any", end: exit(1, "", runner.ErrExit),
			results: func(named []krm.Result) []krm.Result {
				return append(named, krm.Result{Message: "and more", Severity: krm.Error})
			},
		},
		"a stranger": {
			reason: "it may mean another one", end: exit(1, "", runner.ErrExit),
			results: func(named []krm.Result) []krm.Result { return append(named, blame(object(t, "stranger"))) },
		},
		"no results": {reason: "nothing is said", end: exit(1, "", runner.ErrExit), results: func([]krm.Result) []krm.Result { return nil }},
		"warnings": {
			reason: "nothing says what failed", end: exit(1, "", runner.ErrExit),
			results: func(named []krm.Result) []krm.Result {
				for i := range named {
					named[i].Severity = krm.Warning
				}
				return named
			},
		},
	}
	for name, tc := range cases {
		for _, opts := range []runner.TransformOptions{{}, {WholeList: true}, {AllOrNothing: true}, {WholeList: true, AllOrNothing: true}} {
			t.Run(fmt.Sprintf("%s, list %v, ignore %v", name, opts.WholeList, opts.AllOrNothing), func(t *testing.T) {
				// It names what is poisoned, and all that cannot find that.
				f := runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
					var poison []*krm.Item
					for _, it := range in.Items {
						if poisoned(it) {
							poison = append(poison, it)
						}
					}
					if poison == nil {
						poison = in.Items
					}
					results := all(poison)
					if tc.results != nil {
						results = tc.results(results)
					}
					return tc.end(results)
				})
				opts.Validate, opts.MaxConcurrency = true, 1
				out := transform(t, f, objects(t, 4, 1), opts)
				if !tc.verdict {
					if got := failed(out); len(got) != 4 {
						t.Errorf("%s: failed %v, want all", tc.reason, got)
					}
					return
				}
				if diff := cmp.Diff([]int{1}, failed(out)); diff != "" || out.Calls != 1 {
					t.Errorf("%s: %d calls, want 1; failed (-want +got):\n%s", tc.reason, out.Calls, diff)
				}
				if len(out.Results) != 1 || errors.Is(out.Items[1].Err, runner.ErrWholeList) {
					t.Errorf("%s: %d results, error %v", tc.reason, len(out.Results), out.Items[1].Err)
				}
			})
		}
	}
}

// exit ends as a runtime says that an executable ended.
func exit(code int, signal string, cause error) func([]krm.Result) (*krm.ResourceList, error) {
	return func(results []krm.Result) (*krm.ResourceList, error) {
		return nil, &runner.FunctionError{ExitCode: code, Signal: signal, Results: results, Err: cause}
	}
}

func wrapped(end func([]krm.Result) (*krm.ResourceList, error), format string) func([]krm.Result) (*krm.ResourceList, error) {
	return func(results []krm.Result) (*krm.ResourceList, error) {
		out, err := end(results)
		return out, fmt.Errorf(format, err)
	}
}
