package runnertest

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/runnertest/behave"
)

const pipelinePackage = "pipeline"

// pipelineItems are about several functions and about selection. Package
// pipeline tests them under the same names; what of them concerns a single
// function is asserted here.
func pipelineItems() []Item {
	return []Item{
		{Number: 40, Title: "steps-run-in-order-and-stop-at-failure", Elsewhere: pipelinePackage, test: testOutputIsInput},
		{Number: 41, Title: "validators-cannot-change-anything", Elsewhere: pipelinePackage, test: testValidate},
		{Number: 42, Title: "selectors-and-within-or-across", Elsewhere: pipelinePackage, test: testEachItemOnce},
		{Number: 43, Title: "exclude-comes-after-selectors", Elsewhere: pipelinePackage, test: onlySelection},
		{Number: 44, Title: "unselected-items-keep-their-place", Elsewhere: pipelinePackage, test: onlySelection},
		{Number: 45, Title: "empty-selection-calls-nothing", Elsewhere: pipelinePackage, test: testEmpty},
		{Number: 46, Title: "running-twice-changes-nothing-more", Elsewhere: pipelinePackage, test: testIdempotence},
		{Number: 47, Title: "runs-at-the-same-time-share-nothing", Elsewhere: pipelinePackage, test: testConcurrency},
		{Number: 48, Title: "secrets-never-appear-in-errors-or-results", Elsewhere: pipelinePackage, test: testSecrets},
	}
}

func testOutputIsInput(s *suite) {
	t := s.t
	first := transform(t, s.must(t, "rename"), configMaps(t, "a"), runner.TransformOptions{Allow: allow()})
	out := transform(t, s.must(t, "touch"), []*krm.Item{first.Items[0].Out}, runner.TransformOptions{})
	wantStatus(t, out, runner.Changed)
	if got := out.Items[0].Out.Identity().Name; got != "renamed-a" {
		t.Errorf("the second step saw %q", got)
	}
}

func testValidate(s *suite) {
	t := s.t
	for _, behaviour := range []string{"touch", "remove-all", "add", "rename", "twice"} {
		out := transform(t, s.must(t, behaviour), configMaps(t, "a", "b"), runner.TransformOptions{Validate: true})
		wantStatus(t, out, runner.Unchanged, runner.Unchanged)
		if len(out.Added) != 0 {
			t.Errorf("%s: a validator added %v", behaviour, rawOf(out.Added))
		}
	}
	out := transform(t, s.must(t, "error-result"), configMaps(t, "a"), runner.TransformOptions{Validate: true})
	wantStatus(t, out, runner.Failed)
	testVerdict(s)
}

// testVerdict is about validators that name what fails and then end in one way
// or another.
func testVerdict(s *suite) {
	t := s.t
	t.Log("decision: what names all that fails and exits with 1, as kpt wants it, has judged the others, too; another ending may have cut it short")
	items := []*krm.Item{configMap(t, "a", label(behave.Poison)), configMap(t, "b", ""), configMap(t, "c", "")}
	for behaviour, complete := range map[string]bool{"blame-and-exit-1": true, "blame-and-exit-2": false, "blame-and-kill-self": false} {
		f, ok := s.wire(t, behaviour)
		if !ok {
			continue
		}
		for name, opts := range map[string]runner.TransformOptions{
			"batch":                 {},
			"batch, all or nothing": {AllOrNothing: true},
			"list":                  {WholeList: true},
			"list, all or nothing":  {WholeList: true, AllOrNothing: true},
		} {
			opts.Validate = true
			out := transform(t, f, items, opts)
			if judged := out.Calls == 1 && out.Items[1].Status == runner.Unchanged; judged != complete {
				t.Errorf("%s, %s: %d calls, b is %s; taken for a verdict: %v, want %v", behaviour, name, out.Calls, out.Items[1].Status, judged, complete)
			}
			if complete {
				wantStatus(t, out, runner.Failed, runner.Unchanged, runner.Unchanged)
				wantText(t, out.Items[0].Err, "blamed")
			}
		}
	}
}

func testEachItemOnce(s *suite) {
	t := s.t
	var mu sync.Mutex
	seen := map[string]int{}
	f := s.must(t, "identity")
	counting := runner.FunctionFunc(func(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		mu.Lock()
		defer mu.Unlock()
		for _, it := range in.Items {
			seen[it.Identity().Name]++
		}
		return f.Run(ctx, in)
	})
	names := []string{"a", "b", "c", "d", "e"}
	transform(t, counting, configMaps(t, names...), runner.TransformOptions{MaxBatchItems: 2})
	for _, name := range names {
		if seen[name] != 1 {
			t.Errorf("%s was passed %d times", name, seen[name])
		}
	}
}

func onlySelection(s *suite) {
	t := s.t
	t.Log("decision: not applicable to a single function, which is given the items of its selection alone")
}

func testEmpty(s *suite) {
	t := s.t
	t.Log("decision: a function is not called for an empty list, so one that only adds objects needs one to start from")
	out := transform(t, s.must(t, "add"), nil, runner.TransformOptions{Allow: allow()})
	if out.Calls != 0 || len(out.Added) != 0 {
		t.Errorf("%d calls, %d objects added, want none", out.Calls, len(out.Added))
	}
}

func testIdempotence(s *suite) {
	t := s.t
	f := s.must(t, "touch")
	once := transform(t, f, configMaps(t, "a"), runner.TransformOptions{})
	wantStatus(t, once, runner.Changed)
	wantStatus(t, transform(t, f, []*krm.Item{once.Items[0].Out}, runner.TransformOptions{}), runner.Unchanged)
}

func testConcurrency(s *suite) {
	t := s.t
	good, bad := s.must(t, "touch"), s.must(t, "error-result")
	items := configMaps(t, "a", "b", "c")
	var failed atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			f, want := good, runner.Changed
			if i%2 == 1 {
				f, want = bad, runner.Failed
			}
			out, err := runner.Transform(t.Context(), f, items, runner.TransformOptions{MaxBatchItems: 2})
			if err != nil || out.Items[0].Status != want || out.Items[2].Status != want {
				failed.Add(1)
			}
		})
	}
	wg.Wait()
	if failed.Load() != 0 {
		t.Errorf("%d of 8 runs at the same time went wrong", failed.Load())
	}
}

// secretValues are the values in the Secret of the echo tests.
func secretValues() map[string]string {
	return map[string]string{
		"password": "hunter2-correct-horse", "pin": "4711", "quoted": `pa"ss\word'with"quotes`,
		"lines":  "first line of the key\nsecond line of the key\n",
		"binary": "\x00\x01\xfe\xffbinarybinary", "umlaut": "geheimnisträger",
	}
}

func secret(tb testing.TB) *krm.Item {
	tb.Helper()
	tb.Helper()
	data := map[string]any{}
	for k, v := range secretValues() {
		data[k] = base64.StdEncoding.EncodeToString([]byte(v))
	}
	it, err := krm.FromObject(map[string]any{
		"apiVersion": "v1", "kind": "Secret",
		"metadata": map[string]any{
			"name": "db", "namespace": "ns",
			"annotations": map[string]any{
				"kubectl.kubernetes.io/last-applied-configuration": `{"apiVersion":"v1","kind":"Secret","data":{"old":"b2xkLXBhc3N3b3JkLTE5OTk="}}`,
			},
		},
		"data": data, "stringData": map[string]any{"plain": "string-data-value"},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return it
}

// CheckNoSecret fails the test when text holds a value of the Secret that the
// echo behaviours are given, plain or as base64, or a piece of 8 bytes of one.
func CheckNoSecret(tb testing.TB, where, text string) {
	tb.Helper()
	values := []string{"string-data-value", "old-password-1999", "b2xkLXBhc3N3b3JkLTE5OTk="}
	for _, v := range secretValues() {
		values = append(values, v, base64.StdEncoding.EncodeToString([]byte(v)))
	}
	for _, v := range values {
		for i := 0; i+min(8, len(v)) <= len(v); i++ {
			if piece := v[i : i+min(8, len(v))]; strings.Contains(text, piece) {
				tb.Errorf("%s holds %q of a Secret's value %q:\n%s", where, piece, v, text)
				return
			}
		}
	}
}

func testSecrets(s *suite) {
	t := s.t
	for _, behaviour := range []string{
		"echo-in-results", "echo-stdin-to-stderr", "echo-stdin-folded", "echo-stdin-as-text", "panic",
	} {
		f := s.function(t, behaviour)
		if f == nil {
			continue
		}
		totals := &runner.Totals{}
		out := transform(t, runner.WithRecord(f, totals), []*krm.Item{secret(t), configMap(t, "a", "")}, runner.TransformOptions{})
		for _, o := range out.Items {
			if o.Err != nil {
				fe := functionError(t, o.Err)
				CheckNoSecret(t, behaviour+": error", fmt.Sprintf("%v %+v %s %v", o.Err, fe.Results, fe.Stderr, fe.Err))
			}
		}
		for _, r := range out.Results {
			CheckNoSecret(t, behaviour+": results", describe(r))
		}
		_, _, sum := totals.Sum()
		CheckNoSecret(t, behaviour+": record", fmt.Sprintf("%s %v", sum.Stderr, sum.Err))
		for _, r := range sum.Results {
			CheckNoSecret(t, behaviour+": recorded results", describe(r))
		}
	}
}

func describe(r krm.Result) string {
	text := fmt.Sprintf("%s %v", r.Message, r.Tags)
	if r.Field != nil {
		text += fmt.Sprintf(" %s %v %v", r.Field.Path, r.Field.CurrentValue, r.Field.ProposedValue)
	}
	return text
}
