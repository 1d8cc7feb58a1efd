package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

const route = `apiVersion: route.openshift.io/v1
kind: Route
metadata: {name: web, namespace: shop, annotations: {openshift.io/host.generated: "true"}}
spec: {host: web.old.example}
`

func TestColor(t *testing.T) {
	cases := map[string]struct {
		reason string
		color  bool
		args   []string
		want   string
	}{
		"error in colour":    {reason: "the word Error is red", color: true, args: []string{"run"}, want: "\x1b[31mError:\x1b[0m nothing to run"},
		"error without":      {reason: "no escape sequence without colour", args: []string{"run"}, want: "Error: nothing to run"},
		"summary in colour":  {reason: "names stand out", color: true, args: []string{"run", "--builtin", "route", "-f", "-"}, want: "\x1b[1mpipeline command-line\x1b[0m: 1 changed"},
		"summary without it": {reason: "no escape sequence without colour", args: []string{"run", "--builtin", "route", "-f", "-"}, want: "pipeline command-line: 1 changed"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			Main(t.Context(), tc.args, "v1", Streams{In: strings.NewReader(route), Out: io.Discard, Err: &stderr, Color: tc.color})
			if !strings.Contains(stderr.String(), tc.want) {
				t.Errorf("%s: got %q, want %q in it", tc.reason, stderr.String(), tc.want)
			}
			if !tc.color && strings.Contains(stderr.String(), "\x1b") {
				t.Errorf("%s: got %q", tc.reason, stderr.String())
			}
		})
	}
}

// TestProgress waits until the line was drawn, and checks that it is removed.
func TestProgress(t *testing.T) {
	w := &watched{drawn: make(chan struct{})}
	p := startProgress(w, "reading objects", 0, time.Millisecond)
	select {
	case <-w.drawn:
	case <-time.After(10 * time.Second):
		t.Fatal("no progress was drawn")
	}
	p.set("step routes\x1b[2J: 3 of 5 objects")
	p.stop()
	got := w.text()
	if !strings.HasPrefix(got, "\rreading objects, 0s\x1b[K") || !strings.HasSuffix(got, "\r\x1b[K") || strings.Contains(got, "\x1b[2J") {
		t.Errorf("progress: got %q", got)
	}
	if p := newProgress(Streams{Err: w}, "x"); p != nil {
		t.Error("progress is shown although stderr is no terminal")
	}
	var none *progress
	none.set("y")
	none.stop()
}

// watched tells when it is first written to.
type watched struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	drawn chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.buf.Len() == 0 {
		close(w.drawn)
	}
	return w.buf.Write(p)
}

func (w *watched) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

func TestOutputThatCannotBeWritten(t *testing.T) {
	var stderr bytes.Buffer
	got := Main(t.Context(), []string{"run", "--builtin", "route", "-f", "-"}, "v1",
		Streams{In: strings.NewReader(route), Out: full{}, Err: &stderr})
	if got != exitFailed || !strings.Contains(stderr.String(), "Error: write objects: no space left") {
		t.Errorf("got exit code %d and %q", got, stderr.String())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) {
	return 0, os.NewSyscallError("no space left", io.ErrShortWrite)
}

// TestInterruptWhileReading ends although nobody ever writes to stdin.
func TestInterruptWhileReading(t *testing.T) {
	silent, writer := io.Pipe()
	t.Cleanup(func() { writer.Close() })
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("interrupt signal received"))
	var stdout, stderr bytes.Buffer
	got := Main(ctx, []string{"run", "--builtin", "route", "-f", "-"}, "v1", Streams{In: silent, Out: &stdout, Err: &stderr})
	const want = "Error: interrupted, nothing was written: read objects: interrupt signal received\n"
	if got != exitFailed || stderr.String() != want || stdout.Len() > 0 {
		t.Errorf("want exit code %d and %q, got %d, %q and stdout %q", exitFailed, want, got, stderr.String(), stdout.String())
	}
}

// TestWordsOfFunctions must neither drive the terminal nor pass for lines of
// the command.
func TestWordsOfFunctions(t *testing.T) {
	const evil = "a\x1b[2Jb\nError: c"
	var out bytes.Buffer
	p := newPainter(Streams{Err: &out})
	p.step(&pipeline.StepReport{Name: evil, Function: evil, Selected: 1, Unchanged: 1, Results: []krm.Result{{
		Message: "m", Severity: evil, ResourceRef: &krm.ResourceRef{APIVersion: "v1", Kind: "A", Name: evil}, Field: &krm.Field{Path: evil},
	}}}, "")
	p.step(&pipeline.StepReport{Name: "s"}, evil)
	if strings.Contains(out.String(), "\x1b") || strings.Contains(out.String(), "\nError:") {
		t.Errorf("got %q", out.String())
	}
}

// TestManyFailures lists a bounded number of errors and counts the others.
func TestManyFailures(t *testing.T) {
	dir := t.TempDir()
	fn := filepath.Join(dir, "fn")
	if err := os.WriteFile(fn, []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	got := Main(t.Context(), []string{"run", "--exec", fn, "-f", "-"}, "v1",
		Streams{In: strings.NewReader(strings.Repeat(route+"---\n", maxListed+7)), Out: &stdout, Err: &stderr})
	if got != exitFailed || stdout.Len() > 0 {
		t.Errorf("got exit code %d and stdout %q", got, stdout.String())
	}
	if n := strings.Count(stderr.String(), "Error: step "); n != maxListed || !strings.Contains(stderr.String(), "Error: and 7 more objects failed") {
		t.Errorf("got %d errors listed and %q", n, stderr.String()[max(0, stderr.Len()-300):])
	}
}

// TestManyIgnored lists a bounded number of ignored errors and counts the others.
func TestManyIgnored(t *testing.T) {
	var out bytes.Buffer
	plan := &pipeline.Plan{Pipeline: "p"}
	for range maxListed + 7 {
		plan.Items = append(plan.Items, pipeline.ItemPlan{Warnings: []string{"ignored: x", "y"}})
	}
	newPainter(Streams{Err: &out}).plan(plan, nil)
	if n := strings.Count(out.String(), "Warning: ignored: x\n"); n != maxListed || !strings.Contains(out.String(), "Warning: and 7 more errors were ignored\n") {
		t.Errorf("got %d listed and %q", n, out.String()[max(0, out.Len()-300):])
	}
}

// TestHelp is about `velero-krm help`.
func TestHelp(t *testing.T) {
	cases := map[string]struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		"root":      {args: []string{"help"}, stdout: "velero-krm runs pipelines"},
		"a command": {args: []string{"help", "run"}, stdout: "Run a pipeline, or one function"},
		"no command": {
			args: []string{"help", "nonsense"}, code: exitUsage,
			stderr: "Error: no help about \"nonsense\"\nHint: see velero-krm --help\n",
		},
		"below a command": {
			args: []string{"help", "run", "nonsense"}, code: exitUsage,
			stderr: "Error: no help about \"run nonsense\"\nHint: see velero-krm --help\n",
		},
		"no function": {
			args: []string{"fn", "describe"}, code: exitUsage,
			stderr: "Error: name one function: got 0\nHint: see velero-krm fn list\n",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := Main(t.Context(), tc.args, "v1", Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
			if code != tc.code || !strings.Contains(stdout.String(), tc.stdout) || (stdout.Len() > 0) != (tc.code == exitOK) || stderr.String() != tc.stderr {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout.String(), stderr.String())
			}
		})
	}
}

// TestBareNameOfExec: PATH is not searched, and people who know a shell expect it.
func TestBareNameOfExec(t *testing.T) {
	found := filepath.Join(t.TempDir(), "some-tool")
	if err := os.WriteFile(found, []byte("#!/bin/sh\n"), 0o755); err != nil { //nolint:gosec // an executable
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(found))
	t.Chdir(t.TempDir())
	var stderr bytes.Buffer
	code := Main(t.Context(), []string{"run", "--exec", "some-tool", "-f", "-"}, "v1", Streams{In: strings.NewReader(route), Out: io.Discard, Err: &stderr})
	if want := "(PATH is not searched: write the full path, " + found + ")"; code != exitUsage || !strings.Contains(stderr.String(), want) || strings.Contains(stderr.String(), "image") {
		t.Errorf("exit code %d: got %q, want %q in it", code, stderr.String(), want)
	}
}

// TestRepeatedResults tells what a function says again and again once.
func TestRepeatedResults(t *testing.T) {
	var out bytes.Buffer
	again := krm.Result{Message: "the licence expires", Severity: krm.Warning}
	newPainter(Streams{Err: &out}).results([]krm.Result{again, {Message: "other"}, again, again})
	want := "  warning: the licence expires (3 times)\n  info: other\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestManyResults shows what matters most when there are too many results, and
// all that are asked for.
func TestManyResults(t *testing.T) {
	var results []krm.Result
	for i := range maxListed + 7 {
		ref := &krm.ResourceRef{APIVersion: "v1", Kind: "Pod", Name: fmt.Sprint("web-", i)}
		results = append(results, krm.Result{Message: "may refer to it", Severity: krm.Warning, ResourceRef: ref})
	}
	results = append(results, krm.Result{Message: "changed: 9"}, krm.Result{Message: "broken", Severity: krm.Error, ResourceRef: &krm.ResourceRef{Kind: "Pod", Name: "db"}})
	var out bytes.Buffer
	p := newPainter(Streams{Err: &out})
	p.results(results)
	lines := strings.Split(out.String(), "\n")
	want := []string{"  error: Pod db: broken", "  info: changed: 9", "  warning: Pod web-0: may refer to it"}
	if diff := cmp.Diff(want, lines[:3]); diff != "" {
		t.Errorf("first lines (-want +got):\n%s", diff)
	}
	if got := lines[maxListed]; len(lines) != maxListed+2 || got != "  and 9 more results (see them with --all-results)" {
		t.Errorf("%d lines, the last is %q", len(lines), got)
	}
	out.Reset()
	p.most = math.MaxInt
	p.results(results)
	lines = strings.Split(out.String(), "\n")
	if len(lines) != len(results)+1 || lines[0] != want[2] || lines[len(results)-1] != want[0] {
		t.Errorf("not all %d, as they were said: %q", len(results), lines)
	}
}

// TestAllResults is about the flag.
func TestAllResults(t *testing.T) {
	objects := strings.Builder{}
	for i := range maxListed + 7 {
		fmt.Fprintf(&objects, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d, namespace: x}\ndata: {db: db.shop}\n", i)
	}
	for _, flag := range []string{"--all-results=false", "--all-results"} {
		var stderr bytes.Buffer
		code := Main(t.Context(), []string{"run", "--builtin", "map-namespaces", "--set", "mappings={shop: shop-dr}", "-f", "-", flag}, "v1",
			Streams{In: strings.NewReader(objects.String()), Out: io.Discard, Err: &stderr})
		told, all := strings.Count(stderr.String(), "may refer to namespace shop"), flag == "--all-results"
		if code != exitOK || (told == maxListed+7) != all || strings.Contains(stderr.String(), "more results") == all {
			t.Errorf("%s: exit code %d, %d told: %s", flag, code, told, stderr.String()[max(0, stderr.Len()-300):])
		}
	}
}

// TestPackedInput is about a backup as Velero downloads it.
func TestPackedInput(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := Main(t.Context(), []string{"run", "--builtin", "route", "-f", "-"}, "v1",
		Streams{In: strings.NewReader("\x1f\x8b\x08\x00"), Out: &stdout, Err: &stderr})
	want := "Error: read objects: stdin is packed with gzip\nHint: unpack it first; docs/velero.md shows it for a backup\n"
	if code != exitUsage || stdout.Len() > 0 || stderr.String() != want {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout.String(), stderr.String())
	}
}

// TestListOnTerminal: no line of the list is longer than the terminal's.
func TestListOnTerminal(t *testing.T) {
	whole := list(t, 0)
	cases := map[string]struct {
		reason  string
		width   int
		columns string
	}{
		"wide":    {reason: "all fits", width: 1000, columns: "NAME PHASES GRANTS KINDS WHAT IT DOES"},
		"narrow":  {reason: "the name and the start of what it does", width: 80, columns: "NAME WHAT IT DOES"},
		"tiny":    {reason: "nothing breaks where not even the names fit", width: 5, columns: "NAME ..."},
		"no term": {reason: "a program gets all", width: 0, columns: "NAME PHASES GRANTS KINDS WHAT IT DOES"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := list(t, tc.width)
			lines := strings.Split(strings.TrimSpace(got), "\n")
			if header := strings.Join(strings.Fields(lines[0]), " "); header != tc.columns {
				t.Errorf("%s: got columns %q, want %q", tc.reason, header, tc.columns)
			}
			if (tc.width == 0 || tc.width > 500) != (got == whole) {
				t.Errorf("%s: whole is %v", tc.reason, got == whole)
			}
			for _, line := range lines {
				if tc.width > 40 && len(line) > tc.width {
					t.Errorf("%s: %d characters: %q", tc.reason, len(line), line)
				}
			}
		})
	}
}

func list(t *testing.T, width int) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := Main(t.Context(), []string{"fn", "list"}, "v1", Streams{Out: &stdout, Err: &stderr, Width: width}); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	if short := strings.Contains(stderr.String(), "Shortened to the terminal"); short != (width > 0 && width < 500) {
		t.Errorf("width %d: stderr is %q", width, stderr.String())
	}
	return stdout.String()
}

// TestFit leaves out what a reader misses least.
func TestFit(t *testing.T) {
	rows := [][]string{{"NAME", "PHASES", "GRANTS", "KINDS", "WHAT IT DOES"}, {"route", "Restore", "Delete", "Route.route.openshift.io", strings.Repeat("word ", 20) + "end"}}
	for width, want := range map[int]string{
		200: "NAME PHASES GRANTS KINDS WHAT IT DOES",
		100: "NAME PHASES GRANTS KINDS WHAT IT DOES",
		80:  "NAME PHASES GRANTS WHAT IT DOES",
		60:  "NAME GRANTS WHAT IT DOES",
		50:  "NAME WHAT IT DOES",
	} {
		got, short := fit(rows, width)
		if header := strings.Join(got[0], " "); header != want || short != (width < 200) {
			t.Errorf("width %d: got %q and %v, want %q", width, header, short, want)
		}
		if last := got[1][len(got[1])-1]; short && !strings.HasSuffix(last, "word...") {
			t.Errorf("width %d: got %q", width, last)
		}
	}
}
