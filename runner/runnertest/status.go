package runnertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/runnertest/behave"
)

func statusItems() []Item {
	return []Item{
		{Number: 28, Title: "exit-code-comes-first", test: testExitCode},
		{Number: 29, Title: "results-on-success-and-failure", test: testResults},
		{Number: 30, Title: "error-results-at-exit-0-fail", test: testErrorResult},
		{Number: 31, Title: "missing-severity-is-info", test: testMissingSeverity},
		{Number: 32, Title: "legacy-result-shapes", test: testLegacyResults},
		{Number: 33, Title: "unknown-severity-is-error", test: testUnknownSeverity},
		{Number: 34, Title: "death-by-signal-is-reported", test: testSignal},
		{Number: 35, Title: "what-cannot-run-fails-everything-at-once", Elsewhere: "runner/execfn", test: testSystemic},
		{Number: 36, Title: "timeout-ends-the-whole-group", test: testTimeout},
		{Number: 37, Title: "cancel-ends-the-whole-group", test: testCancel},
		{Number: 38, Title: "closing-stdin-early-is-no-error", test: testClosedStdin},
		{Number: 39, Title: "writing-before-reading-does-not-deadlock", test: testWriteBeforeRead},
	}
}

func functionError(t *testing.T, err error) *runner.FunctionError {
	t.Helper()
	var fe *runner.FunctionError
	if !errors.As(err, &fe) {
		t.Fatalf("error %v holds no FunctionError", err)
	}
	return fe
}

func testExitCode(s *suite) {
	t := s.t
	out := transform(t, s.must(t, "perfect-then-exit-3"), configMaps(t, "a"), runner.TransformOptions{Allow: allow()})
	wantStatus(t, out, runner.Failed)
	fe := functionError(t, out.Items[0].Err)
	if _, ok := s.wire(t, "tell-envelope"); ok && (fe.ExitCode != 3 || !strings.Contains(fe.Error(), "exit code 3")) {
		t.Errorf("exit code %d in %v, want 3", fe.ExitCode, fe)
	}
}

func testResults(s *suite) {
	t := s.t
	items := configMaps(t, "a")
	out := transform(t, s.must(t, "perfect-then-exit-3"), items, runner.TransformOptions{})
	want := []krm.Result{{Message: "kept on failure", Severity: krm.Warning}}
	if diff := cmp.Diff(want, out.Results); diff != "" {
		t.Errorf("results of the failure: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(want, functionError(t, out.Items[0].Err).Results); diff != "" {
		t.Errorf("results in the error: -want +got:\n%s", diff)
	}
	out = transform(t, s.must(t, "all-severities"), items, runner.TransformOptions{})
	if len(out.Results) != 3 {
		t.Errorf("results of the success: %v", out.Results)
	}
}

func testErrorResult(s *suite) {
	t := s.t
	out := transform(t, s.must(t, "error-result"), configMaps(t, "a", "b"), runner.TransformOptions{})
	wantStatus(t, out, runner.Failed, runner.Failed)
	wantIs(t, out.Items[0].Err, runner.ErrErrorResult)
	wantText(t, out.Items[0].Err, "it is wrong")
	t.Log("decision: an error about one object fails that one; the others run again without it")
	items := []*krm.Item{configMap(t, "a", ""), configMap(t, "b", label(behave.Poison)), configMap(t, "c", "")}
	out = transform(t, s.must(t, "name-the-poison"), items, runner.TransformOptions{})
	wantStatus(t, out, runner.Changed, runner.Failed, runner.Changed)
	if len(out.Results) != 1 || out.Calls != 2 {
		t.Errorf("%d results of %d calls, want 1 of 2", len(out.Results), out.Calls)
	}
	t.Log("decision: a function of the whole list that names an object runs again on the list without it; one that names none fails on all")
	out = transform(t, s.must(t, "name-the-poison"), items, runner.TransformOptions{WholeList: true})
	wantStatus(t, out, runner.Changed, runner.Failed, runner.Changed)
	if len(out.Results) != 1 || out.Calls != 2 {
		t.Errorf("whole list: %d results of %d calls, want 1 of 2", len(out.Results), out.Calls)
	}
	out = transform(t, s.must(t, "fail-on-poison"), items, runner.TransformOptions{WholeList: true})
	wantStatus(t, out, runner.Failed, runner.Failed, runner.Failed)
	wantIs(t, out.Items[0].Err, runner.ErrWholeList)
	wantText(t, out.Items[2].Err, "poison in the list")
}

func testMissingSeverity(s *suite) {
	t := s.t
	t.Log("decision: info, as every implementation has it; the text of the specification says error")
	out := transform(t, s.must(t, "all-severities"), configMaps(t, "a"), runner.TransformOptions{})
	wantStatus(t, out, runner.Unchanged)
	for _, r := range out.Results {
		if r.Failed() {
			t.Errorf("%v counts as a failure", r)
		}
	}
}

func testLegacyResults(s *suite) {
	t := s.t
	f, ok := s.wire(t, "legacy-results")
	if !ok {
		return
	}
	out := transform(t, f, configMaps(t, "a"), runner.TransformOptions{})
	want := []krm.Result{{
		Message: "old shape", Severity: krm.Warning,
		ResourceRef: &krm.ResourceRef{APIVersion: "v1", Kind: "ConfigMap", Name: "a", Namespace: "ns"},
		Field:       &krm.Field{Path: "data.k", ProposedValue: "better"},
	}}
	if diff := cmp.Diff(want, out.Results); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func testUnknownSeverity(s *suite) {
	t := s.t
	out := transform(t, s.must(t, "unknown-severity"), configMaps(t, "a"), runner.TransformOptions{})
	wantStatus(t, out, runner.Failed)
	wantIs(t, out.Items[0].Err, runner.ErrErrorResult)
}

func testSignal(s *suite) {
	t := s.t
	if _, ok := s.wire(t, "kill-self"); !ok {
		t.Log("asserted instead: a panic is an error, with what is secret left out")
		out := transform(t, s.must(t, "panic"), configMaps(t, "a"), runner.TransformOptions{})
		wantStatus(t, out, runner.Failed)
		wantIs(t, out.Items[0].Err, runner.ErrPanic)
		return
	}
	for behaviour, signal := range map[string]string{"kill-self": "killed", "terminate-self": "terminated"} {
		f, ok := s.wire(t, behaviour)
		if !ok {
			continue
		}
		out := transform(t, f, configMaps(t, "a"), runner.TransformOptions{})
		wantStatus(t, out, runner.Failed)
		if fe := functionError(t, out.Items[0].Err); fe.Signal != signal || fe.ExitCode != -1 {
			t.Errorf("%s: signal %q, exit code %d, want %q, -1", behaviour, fe.Signal, fe.ExitCode, signal)
		}
	}
}

func testSystemic(s *suite) {
	t := s.t
	t.Log("what cannot run is found when a function is made: the runtime's own tests, as TestNewRefusesWhatCannotRun of execfn; here: it is not tried again")
	f := runner.FunctionFunc(func(context.Context, *krm.ResourceList) (*krm.ResourceList, error) {
		return nil, &runner.FunctionError{Systemic: true, Err: runner.ErrNotFound, Hint: "install it"}
	})
	out := transform(t, f, configMaps(t, "a", "b", "c", "d"), runner.TransformOptions{MaxBatchItems: 2, MaxConcurrency: 1})
	wantStatus(t, out, runner.Failed, runner.Failed, runner.Failed, runner.Failed)
	if out.Calls != 1 {
		t.Errorf("%d calls, want 1", out.Calls)
	}
	wantIs(t, out.Items[3].Err, runner.ErrNotFound)
	wantText(t, out.Items[3].Err, "install it")
}

// CheckNoLeak fails the test when, at its end, more goroutines run than now.
func CheckNoLeak(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		if !Eventually(func() bool { return runtime.NumGoroutine() <= before }) {
			stacks := make([]byte, 1<<16)
			t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	})
}

// Eventually waits until ok returns true, for 10 s at most.
func Eventually(ok func() bool) bool {
	for range 1000 {
		if ok() {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return ok()
}

// PIDs returns the process ids that behaviours wrote to stderr.
func PIDs(stderr string) []int {
	var pids []int
	for line := range strings.Lines(stderr) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), behave.PIDPrefix); ok {
			if pid, err := strconv.Atoi(text); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// Gone reports whether no process of that id runs: it is not there or a
// zombie, which nobody but its parent can remove.
func Gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(after, "Z") || strings.HasPrefix(after, "X")
}

// hanging are the behaviours that do not end, and how many processes each has.
func hanging() map[string]int {
	return map[string]int{"hang": 1, "hang-ignoring-sigterm": 1, "hang-with-child": 2}
}

// checkEnded runs f, whose call end ends after the time it is given, and wants
// an error that is want and no process left. As long as the function had no
// time to start its processes, it is given more.
func checkEnded(t *testing.T, processes int, want error, call func(d time.Duration) error) {
	t.Helper()
	for d := 100 * time.Millisecond; ; d *= 3 {
		err := call(d)
		if !errors.Is(err, want) {
			t.Fatalf("error %v, want %v", err, want)
		}
		pids := PIDs(functionError(t, err).Stderr)
		if len(pids) < processes && d < 30*time.Second {
			continue
		}
		if len(pids) != processes {
			t.Fatalf("processes %v, want %d", pids, processes)
		}
		for _, pid := range pids {
			if !Eventually(func() bool { return Gone(pid) }) {
				t.Errorf("process %d still runs", pid)
			}
		}
		return
	}
}

func testTimeout(s *suite) {
	t := s.t
	CheckNoLeak(t)
	in := &krm.ResourceList{Items: configMaps(t, "a")}
	for behaviour, processes := range hanging() {
		f, processes := s.hangs(t, behaviour, processes)
		if f == nil {
			continue
		}
		checkEnded(t, processes, runner.ErrTimeout, func(d time.Duration) error {
			_, err := runner.WithTimeout(f, d).Run(t.Context(), in)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v is no context.DeadlineExceeded", err)
			}
			return err
		})
	}
	t.Log("only the object that makes the function hang fails")
	items := []*krm.Item{configMap(t, "a", ""), configMap(t, "b", label(behave.Poison)), configMap(t, "c", "")}
	f := runner.WithTimeout(s.must(t, "sleep-on-poison"), 2*time.Second)
	out := transform(t, f, items, runner.TransformOptions{})
	wantStatus(t, out, runner.Unchanged, runner.Failed, runner.Unchanged)
	wantIs(t, out.Items[1].Err, runner.ErrTimeout)
}

// hangs returns the function and how many processes it has: none in this one.
func (s *suite) hangs(t *testing.T, behaviour string, processes int) (runner.Function, int) {
	t.Helper()
	f, ok := s.wire(t, behaviour)
	if !ok {
		return nil, 0
	}
	if _, isProgram := s.wire(t, "kill-self"); !isProgram {
		processes = 0
	}
	return f, processes
}

func testCancel(s *suite) {
	t := s.t
	CheckNoLeak(t)
	in := &krm.ResourceList{Items: configMaps(t, "a")}
	cause := errors.New("the user had enough")
	for behaviour, processes := range hanging() {
		f, processes := s.hangs(t, behaviour, processes)
		if f == nil {
			continue
		}
		checkEnded(t, processes, cause, func(d time.Duration) error {
			ctx, cancel := context.WithCancelCause(t.Context())
			stop := time.AfterFunc(d, func() { cancel(cause) })
			defer stop.Stop()
			_, err := f.Run(ctx, in)
			return err
		})
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if out, err := runner.Transform(ctx, s.must(t, "identity"), in.Items, runner.TransformOptions{}); out != nil || !errors.Is(err, cause) {
		t.Errorf("Transform with an ended context: %v, %v; want %v", out, err, cause)
	}
}

func testClosedStdin(s *suite) {
	t := s.t
	f, ok := s.wire(t, "close-stdin")
	if !ok {
		return
	}
	big := withData(t, "big", map[string]any{"k": strings.Repeat("x", 4<<20)}) // more than a pipe holds
	out := transform(t, f, []*krm.Item{big}, runner.TransformOptions{Allow: allow()})
	wantStatus(t, out, runner.Removed)
}

func testWriteBeforeRead(s *suite) {
	t := s.t
	f, ok := s.wire(t, "write-before-read")
	if !ok {
		return
	}
	big := withData(t, "big", map[string]any{"k": strings.Repeat("x", 4<<20)})
	out := transform(t, f, []*krm.Item{big}, runner.TransformOptions{})
	wantStatus(t, out, runner.Unchanged)
}
