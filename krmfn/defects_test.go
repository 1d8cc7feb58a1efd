package krmfn_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/velero-krm/velero-krm/krmfn"
	"github.com/velero-krm/velero-krm/runner"
)

// One test for each of the 18 known defects of the original library.
// The comment says how the original fails it.

// The original keeps builder errors in a package variable that nothing resets:
// the second Build returns the error of the first.
func TestDefect01ErrorsStayWithTheirBuilder(t *testing.T) {
	_, err := krmfn.NewRunner().WithInput([]byte("{")).WithFunctions(krmfn.Function{}).Build()
	if err == nil {
		t.Fatal("Build of a bad builder gave no error")
	}
	fr := build(t, krmfn.NewRunner().WithInput(configMap("a")).WithFunctions(function(t, "fn-identity")))
	if _, err := fr.Execute(); err != nil {
		t.Errorf("Execute after an unrelated bad builder: %v", err)
	}
}

// The original reads and writes the same variable from every goroutine: the
// race detector stops it, and a good builder gets the errors of a bad one.
func TestDefect02BuildersInParallel(t *testing.T) {
	good := krmfn.NewRunner().WithInput(configMap("a")).WithFunctions(function(t, "fn-identity"))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := good.Build(); err != nil {
				t.Errorf("good builder: %v", err)
			}
		})
		wg.Go(func() {
			_, err := good.WithFunctions(krmfn.Function{Exec: "/bin/true"}).Build()
			if !errors.Is(err, krmfn.ErrFunctionNameRequired) {
				t.Errorf("bad builder: got %v, want %v", err, krmfn.ErrFunctionNameRequired)
			}
		})
	}
	wg.Wait()
}

// In the original, builders made from one share the arrays behind their
// slices: with room for one more, the function added to b replaces the one
// added to a, and the trace of a ends in b's letter.
func TestDefect03BranchesShareNothing(t *testing.T) {
	exe := executable(t, "fn-trace")
	step := func(letter string) krmfn.Function {
		return krmfn.Function{Name: letter, Exec: exe, ConfigMap: map[string]string{"letter": letter}}
	}
	base := krmfn.NewRunner().WithInput(configMap("a")).
		WithFunctions(step("1")).WithFunctions(step("2")).WithFunctions(step("3"))
	a := base.WithFunctions(step("A")).WithInput(configMap("only-in-a"))
	b := base.WithFunctions(step("B"))

	tests := map[string]struct {
		reason  string
		builder krmfn.RunnerBuilder
		trace   string
		items   int
	}{
		"Base": {"a builder does not change when others are made from it", base, "123", 1},
		"A":    {"a branch has what was added to it", a, "123A", 2},
		"B":    {"a later branch has nothing of an earlier one", b, "123B", 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := execute(t, tc.builder)
			if len(got.Items) != tc.items {
				t.Errorf("%s: got %d items, want %d", tc.reason, len(got.Items), tc.items)
			}
			if trace := at(t, got, 0).GetAnnotations()["trace"]; trace != tc.trace {
				t.Errorf("%s: got trace %q, want %q", tc.reason, trace, tc.trace)
			}
		})
	}
}

// The original reads its input from a buffer, which the first Execute drains:
// the second gives no items, or fails to parse nothing.
func TestDefect04ExecuteTwice(t *testing.T) {
	fr := build(t, krmfn.NewRunner().WithInput(configMap("a")).WithFunctions(function(t, "fn-label")))
	first, err := fr.Execute()
	if err != nil {
		t.Fatalf("first Execute: %v", err)
	}
	second, err := fr.Execute()
	if err != nil {
		t.Fatalf("second Execute: %v", err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("second Execute (-first +second):\n%s", diff)
	}
}

// The original makes a directory ExecWorkingDir* for every Execute without
// WhereExecWorkingDir and leaves it there, one per object of a backup.
func TestDefect05NoTemporaryDirectoryStays(t *testing.T) {
	b := krmfn.NewRunner().WithInput(configMap("a")).WithFunctions(function(t, "fn-environment"))
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	dir := at(t, execute(t, b), 0).GetAnnotations()["dir"]
	if filepath.Dir(dir) != tmp {
		t.Errorf("function ran in %q, want a directory of its own under %q", dir, tmp)
	}
	left, err := os.ReadDir(tmp)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 0 {
		t.Errorf("after Execute the temporary directory has %v, want nothing", left)
	}
}

// The original splits the output at "---\n", also inside a value that is
// printed as a block scalar: Execute fails with "Object 'Kind' is missing".
func TestDefect06DocumentsInsideAValue(t *testing.T) {
	want := "---\nname: one\n---\nname: two\n"
	in := toUnstructured(configMap("a"))
	in.Object["data"] = map[string]any{"all.yaml": want}
	got := execute(t, krmfn.NewRunner().WithInputs(in).WithFunctions(function(t, "fn-print-yaml")))
	if len(got.Items) != 1 {
		t.Fatalf("got %d items, want 1", len(got.Items))
	}
	value, _, _ := unstructured.NestedString(at(t, got, 0).Object, "data", "all.yaml")
	if diff := cmp.Diff(want, value); diff != "" {
		t.Errorf("value (-want +got):\n%s", diff)
	}
}

// The original takes the empty output for one object without a kind and fails:
// a function cannot say "drop".
func TestDefect07RemoveEverything(t *testing.T) {
	got := execute(t, krmfn.NewRunner().WithInput(configMap("a")).WithInput(configMap("b")).
		WithFunctions(function(t, "fn-drop-all")))
	if len(got.Items) != 0 {
		t.Errorf("got %d items, want none", len(got.Items))
	}
}

// The original skips the functions after one that returned no objects, and
// then fails as in defect 7.
func TestDefect08FunctionsAfterAnEmptyListRun(t *testing.T) {
	got := execute(t, krmfn.NewRunner().WithInput(configMap("a")).
		WithFunctions(function(t, "fn-drop-all"), function(t, "fn-add"), function(t, "fn-label")))
	if diff := cmp.Diff([]string{"added"}, names(t, got)); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if label := at(t, got, 0).GetLabels()["team"]; label != "payments" {
		t.Errorf("label of the added object is %q: the third function did not see it", label)
	}
}

// The original keeps the first result of each function name: of four here it
// has one. It panics on an empty list of results, and has none after a failure.
func TestDefect09EveryResult(t *testing.T) {
	two := function(t, "fn-report-two")
	two.Name = "report"
	got := execute(t, krmfn.NewRunner().WithInput(configMap("a")).
		WithFunctions(two, function(t, "fn-report-none"), two))
	type said struct {
		Function string
		Step     int
		Message  string
	}
	var all []said
	for _, r := range got.Results {
		all = append(all, said{r.Function, r.Step, r.Message})
	}
	want := []said{{"report", 0, "first"}, {"report", 0, "second"}, {"report", 2, "first"}, {"report", 2, "second"}}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}

	fr := build(t, krmfn.NewRunner().WithInput(configMap("a")).WithFunctions(two, function(t, "fn-report-fail")))
	failed, err := fr.Execute()
	if err == nil {
		t.Fatal("Execute of a failing function gave no error")
	}
	if n := len(failed.Results.ByFunction("report")); n != 2 {
		t.Errorf("after a failure: got %d results of the function before it, want 2", n)
	}
	last := failed.Results.ByFunction("fn-report-fail")
	if len(last) != 1 || last[0].Message != "cannot convert this one" {
		t.Errorf("after a failure: results of the function that failed are %v, want its one", last)
	}
	if failed.Items != nil {
		t.Errorf("after a failure: got %d items, want nil", len(failed.Items))
	}
}

// The original's error is "exit status 4"; what the function said goes to the
// stderr of this process.
func TestDefect10StderrIsInTheError(t *testing.T) {
	fr := build(t, krmfn.NewRunner().WithInput(configMap("a")).WithFunctions(function(t, "fn-stderr-fail")))
	var err error
	leaked := captureStderr(t, func() { _, err = fr.Execute() })

	var ferr *runner.FunctionError
	if !errors.As(err, &ferr) {
		t.Fatalf("got error %v, want a *runner.FunctionError", err)
	}
	if ferr.Function != "fn-stderr-fail" || ferr.ExitCode != 4 {
		t.Errorf("got function %q and exit code %d, want fn-stderr-fail and 4", ferr.Function, ferr.ExitCode)
	}
	if !strings.Contains(err.Error(), "storage class fast is not known") {
		t.Errorf("error does not have what the function said: %v", err)
	}
	if leaked != "" {
		t.Errorf("stderr of this process got %q, want nothing", leaked)
	}
}

// The original waits for ever, has no context, and collects all output there
// is until memory ends.
func TestDefect11TimeContextAndOutputAreBounded(t *testing.T) {
	one := krmfn.NewRunner().WithInput(configMap("a"))
	t.Run("Timeout", func(t *testing.T) {
		fr := build(t, one.WithFunctions(function(t, "fn-hang")).WithTimeout(50*time.Millisecond))
		if _, err := fr.Execute(); !errors.Is(err, runner.ErrTimeout) {
			t.Errorf("got %v, want %v", err, runner.ErrTimeout)
		}
	})
	t.Run("Context", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		fr := build(t, one.WithFunctions(function(t, "fn-hang")).WithContext(ctx))
		if _, err := fr.Execute(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
		}
	})
	t.Run("Output", func(t *testing.T) {
		fr := build(t, one.WithFunctions(function(t, "fn-flood")))
		if _, err := fr.Execute(); !errors.Is(err, runner.ErrOutputTooLarge) {
			t.Errorf("got %v, want %v", err, runner.ErrOutputTooLarge)
		}
	})
}

// The original hands the function the whole environment of this process.
func TestDefect12EnvironmentIsNotInherited(t *testing.T) {
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/credentials/cloud")
	t.Setenv("VELERO_NAMESPACE", "velero")
	t.Setenv("HTTPS_PROXY", "http://user:password@proxy.invalid")
	got := execute(t, krmfn.NewRunner().WithInput(configMap("a")).WithFunctions(function(t, "fn-environment")))
	env := at(t, got, 0).GetAnnotations()["env"]
	for _, name := range []string{"AWS_SHARED_CREDENTIALS_FILE", "VELERO_NAMESPACE", "HTTPS_PROXY"} {
		if strings.Contains(env, name) {
			t.Errorf("function can see %s", name)
		}
	}
}

// The original makes a bare name a path in the current directory, so that the
// function in $PATH is not found, and tells of a missing one at Execute only.
func TestDefect13ExecIsLookedUpInPath(t *testing.T) {
	t.Setenv("PATH", executables(t))
	got := execute(t, krmfn.NewRunner().WithInput(configMap("a")).WithFunctions(krmfn.Function{
		Name: "label", Exec: "fn-label", ConfigMap: map[string]string{"team": "payments"},
	}))
	if label := at(t, got, 0).GetLabels()["team"]; label != "payments" {
		t.Errorf("label is %q, want payments", label)
	}
	_, err := krmfn.NewRunner().WithInput(configMap("a")).
		WithFunctions(krmfn.Function{Name: "label", Exec: "fn-that-is-not-there"}).Build()
	if !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("Build with a missing executable: got %v, want %v", err, exec.ErrNotFound)
	}
}

// The original's Function has no field for it: a config can only be a
// ConfigMap of strings.
func TestDefect14ConfigOfAnyKind(t *testing.T) {
	f := krmfn.Function{
		Name: "label", Exec: executable(t, "fn-spec-label"),
		Config: &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "example.com/v1", "kind": "SetLabels",
			"spec": map[string]any{"labels": map[string]any{"team": "payments"}},
		}},
	}
	got := execute(t, krmfn.NewRunner().WithInput(configMap("a")).WithFunctions(f))
	if label := at(t, got, 0).GetLabels()["team"]; label != "payments" {
		t.Errorf("label is %q, want payments", label)
	}
	f.ConfigMap = map[string]string{"team": "other"}
	_, err := krmfn.NewRunner().WithInput(configMap("a")).WithFunctions(f).Build()
	if !errors.Is(err, krmfn.ErrConfigConflict) {
		t.Errorf("Build with two configs: got %v, want %v", err, krmfn.ErrConfigConflict)
	}
}

// AllowList is an object whose type is named as a list is.
type AllowList struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Items             []string `json:"items"`
}

// DeepCopyObject implements runtime.Object.
func (a *AllowList) DeepCopyObject() runtime.Object { c := *a; return &c }

// The original looks for "List" in the name of the Go type: it refuses
// AllowList, and takes an Unstructured of kind List for an object.
func TestDefect15ListsAreToldByWhatTheyAre(t *testing.T) {
	f := function(t, "fn-identity")
	list := func(kind string, items any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": kind, "items": items}}
	}
	tests := map[string]struct {
		reason string
		in     runtime.Object
		want   error
	}{
		"TypedList":         {"a list type", &metav1.PartialObjectMetadataList{}, krmfn.ErrUnsupportedInputList},
		"UnstructuredList":  {"a list type", &unstructured.UnstructuredList{}, krmfn.ErrUnsupportedInputList},
		"KindList":          {"an Unstructured that holds a List", list("List", []any{}), krmfn.ErrUnsupportedInputList},
		"KindConfigMapList": {"an Unstructured that holds a typed list", list("ConfigMapList", []any{}), krmfn.ErrUnsupportedInputList},
		"KindListNoItems":   {"a List without items", list("List", nil), krmfn.ErrUnsupportedInputList},
		"ObjectNamedList": {"an object whose type is named List", &AllowList{
			TypeMeta:   metav1.TypeMeta{APIVersion: "example.com/v1", Kind: "AllowList"},
			ObjectMeta: metav1.ObjectMeta{Name: "a"},
			Items:      []string{"x"},
		}, nil},
		"ObjectWithItems": {"an object that has a field items", &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "example.com/v1", "kind": "PriceList",
			"metadata": map[string]any{"name": "a"}, "items": []any{map[string]any{"price": int64(3)}},
		}}, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := krmfn.NewRunner().WithInputs(tc.in).WithFunctions(f).Build()
			if !errors.Is(err, tc.want) {
				t.Errorf("%s: got %v, want %v", tc.reason, err, tc.want)
			}
		})
	}
}

// The original runs docker, which no Velero pod has: here a docker that says
// when it is called.
func TestDefect16ImagesAreRefusedNotRun(t *testing.T) {
	bin, called := t.TempDir(), filepath.Join(t.TempDir(), "called")
	script := fmt.Sprintf("#!/bin/sh\n: >%s\n", called)
	if err := os.WriteFile(filepath.Join(bin, "docker"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	fr, err := krmfn.NewRunner().WithInput(configMap("a")).
		WithFunctions(krmfn.Function{Name: "set-labels", Image: "registry.example/set-labels:v1"}).Build()
	if !errors.Is(err, krmfn.ErrImageUnsupported) {
		t.Errorf("Build: got %v, want %v", err, krmfn.ErrImageUnsupported)
	}
	if err == nil {
		_, err = fr.Execute()
		t.Errorf("Execute: %v", err)
	}
	if _, err := os.Stat(called); err == nil {
		t.Error("docker was run")
	}
}

// The original keeps the order and the objects the function printed without
// looking at them, and strips annotations config.kubernetes.io/{index,path}
// that the object came with.
func TestDefect17OutputIsMatchedToInput(t *testing.T) {
	mine := map[string]string{"config.kubernetes.io/index": "7", "config.kubernetes.io/path": "mine.yaml"}
	a := toUnstructured(configMap("a"))
	a.SetAnnotations(mine)
	two := krmfn.NewRunner().WithInputs(a).WithInput(configMap("b"))

	got := execute(t, two.WithFunctions(function(t, "fn-reverse"), function(t, "fn-rename")))
	if diff := cmp.Diff([]string{"renamed", "b"}, names(t, got)); diff != "" {
		t.Errorf("names in input order (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(mine, at(t, got, 0).GetAnnotations()); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	for name, want := range map[string]error{
		"fn-drop-first": runner.ErrRemoved, "fn-rename": runner.ErrRenamed, "fn-add": runner.ErrCreated,
	} {
		fr := build(t, two.WithFunctions(function(t, name)).WithPermissions(runner.Permissions{}))
		if _, err := fr.Execute(); !errors.Is(err, want) {
			t.Errorf("%s without permission: got %v, want %v", name, err, want)
		}
	}
}

// The original sends every object through YAML four times: it refuses U+007F,
// changes U+0085, and rounds 2^53+1.
func TestDefect18ObjectsSurviveTheWay(t *testing.T) {
	raw := []byte(`{"apiVersion":"v1","data":{"del":"a\u007fb","nel":"a\u0085b","yes":"yes","octal":"012",` +
		`"time":"2001-12-14","crlf":"a\r\nb","tilde":"~","merge":"<<"},"kind":"ConfigMap","metadata":{"name":"a"},` +
		`"spec":{"big":9007199254740993,"float":1.5,"nothing":null,"empty":{},"none":[]}}`)
	got := execute(t, krmfn.NewRunner().WithInput(raw).WithFunctions(function(t, "fn-identity")))
	if diff := cmp.Diff(toUnstructured(raw).Object, at(t, got, 0).Object); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
}

// The original's exec engine refuses "/".
func TestWorkingDirectory(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/", dir} {
		got := execute(t, krmfn.NewRunner().WithInput(configMap("a")).
			WithFunctions(function(t, "fn-environment")).WhereExecWorkingDir(want))
		if ran := at(t, got, 0).GetAnnotations()["dir"]; ran != want {
			t.Errorf("function ran in %q, want %q", ran, want)
		}
	}
	missing := filepath.Join(dir, "not-there")
	_, err = krmfn.NewRunner().WithInput(configMap("a")).
		WithFunctions(function(t, "fn-identity")).WhereExecWorkingDir(missing).Build()
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Build with a missing directory: got %v, want %v", err, os.ErrNotExist)
	}
}

// kyaml runs what an object's annotation names when it has no other function;
// whoever can write an object into a backup could run a program.
func TestFunctionsInTheDataAreNeverRun(t *testing.T) {
	in := toUnstructured(configMap("a"))
	in.SetAnnotations(map[string]string{
		"config.kubernetes.io/function": "exec:\n  path: " + executable(t, "fn-touch") + "\n",
	})
	dir := t.TempDir()
	got := execute(t, krmfn.NewRunner().WithInputs(in).
		WithFunctions(function(t, "fn-identity")).WhereExecWorkingDir(dir))
	if len(got.Items) != 1 {
		t.Errorf("got %d items, want 1", len(got.Items))
	}
	if _, err := os.Stat(filepath.Join(dir, "touched")); err == nil {
		t.Error("a function named in an annotation was run")
	}
}

// Unlike kyaml, no output is not "remove everything".
func TestNoOutputIsAnError(t *testing.T) {
	fr := build(t, krmfn.NewRunner().WithInput(configMap("a")).WithFunctions(function(t, "fn-silent")))
	if got, err := fr.Execute(); err == nil {
		t.Errorf("got %d items and no error", len(got.Items))
	}
}
