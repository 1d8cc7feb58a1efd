package execfn_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/execfn"
	"github.com/velero-krm/velero-krm/runner/runnertest"
	"github.com/velero-krm/velero-krm/runner/runnertest/behave"
)

func byName(tb testing.TB, name string, opts ...execfn.Option) *execfn.Exec {
	tb.Helper()
	b, ok := behave.ByName(name)
	if !ok {
		tb.Fatalf("no behaviour %q", name)
	}
	return function(tb, b, opts...)
}

func oneItem(tb testing.TB) *krm.ResourceList {
	tb.Helper()
	it, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"ns"},"data":{"k":"v"}}`))
	if err != nil {
		tb.Fatal(err)
	}
	return &krm.ResourceList{Items: []*krm.Item{it}}
}

func write(tb testing.TB, content string, mode os.FileMode) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "function")
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		tb.Fatal(err)
	}
	return path
}

// elfHeader is the start of a 64-bit little-endian program for machine.
func elfHeader(machine byte) string {
	head := make([]byte, 128)
	copy(head, "\x7fELF\x02\x01\x01")
	head[16], head[18] = 2, machine
	return string(head)
}

func TestNewRefusesWhatCannotRun(t *testing.T) {
	foreign := map[bool]byte{true: 183, false: 62}[runtime.GOARCH == "amd64"] // arm64, else amd64
	cases := map[string]struct {
		reason  string
		content string
		mode    os.FileMode
		path    func(dir string) string // instead of a file with that content
		opts    []execfn.Option
		want    error
		says    []string
	}{
		"missing": {
			reason: "a name that is misspelt is told with where it was looked for",
			path:   func(dir string) string { return filepath.Join(dir, "nothing") },
			want:   runner.ErrNotFound, says: []string{"nothing", "without such a file"},
		},
		"missing folder": {
			reason: "a volume that is not mounted is the usual cause",
			path:   func(string) string { return "/no-such-volume/bin/x" },
			want:   runner.ErrNotFound, says: []string{"there is no /no-such-volume", "mounted"},
		},
		"folder": {
			reason: "executing a folder fails with a misleading permission error",
			path:   func(dir string) string { return dir },
			want:   runner.ErrNotExecutable, says: []string{"is a directory"},
		},
		"no permission": {
			reason:  "the usual mistake of a COPY into an image",
			content: "#!/bin/sh\n", mode: 0o644,
			want: runner.ErrNotExecutable, says: []string{"chmod +x", "rw-r--r--"},
		},
		"another architecture": {
			reason:  "kustomize issue 5501: exec format error says nothing",
			content: elfHeader(foreign), mode: 0o755,
			want: runner.ErrWrongArchitecture, says: []string{runtime.GOARCH, "built for", "GOARCH="},
		},
		"macOS": {
			reason:  "built on a laptop without GOOS=linux",
			content: "\xcf\xfa\xed\xfe....", mode: 0o755,
			want: runner.ErrWrongArchitecture, says: []string{"macOS", "GOOS=linux"},
		},
		"cut off": {
			reason:  "half a copy",
			content: "\x7fELF\x02\x01", mode: 0o755,
			want: runner.ErrNotExecutable, says: []string{"copied whole"},
		},
		"empty": {
			reason:  "a copy that failed",
			content: "", mode: 0o755,
			want: runner.ErrNotExecutable, says: []string{"empty"},
		},
		"no interpreter line": {
			reason:  "a shell would run it, the kernel does not",
			content: "cat\n", mode: 0o755,
			want: runner.ErrNotExecutable, says: []string{"#!/bin/sh"},
		},
		"missing interpreter": {
			reason:  "the kernel says the script is missing, which it is not",
			content: "#!/opt/no/python9\n", mode: 0o755,
			want: runner.ErrNotFound, says: []string{"/opt/no/python9", "interpreter"},
		},
		"Windows line ends": {
			reason:  "the interpreter would be named sh\\r",
			content: "#!/bin/sh\r\ncat\r\n", mode: 0o755,
			want: runner.ErrNotExecutable, says: []string{"carriage return"},
		},
		"wrong digest": {
			reason:  "what is not pinned is not run",
			content: "#!/bin/sh\ncat\n", mode: 0o755,
			opts: []execfn.Option{execfn.WithSHA256(strings.Repeat("ab", 32))},
			want: runner.ErrDigest, says: []string{strings.Repeat("ab", 32), "change the pin"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			path := write(t, tc.content, tc.mode)
			if tc.path != nil {
				path = tc.path(t.TempDir())
			}
			_, err := execfn.New(path, tc.opts...)
			var fe *runner.FunctionError
			if !errors.As(err, &fe) || !fe.Systemic || !errors.Is(err, tc.want) {
				t.Fatalf("%s: New(...) = %v, want a systemic FunctionError of %v", tc.reason, err, tc.want)
			}
			for _, want := range tc.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s: error does not say %q: %v", tc.reason, want, err)
				}
			}
		})
	}
}

func TestNewRefusesOptions(t *testing.T) {
	path := write(t, "#!/bin/sh\ncat\n", 0o755)
	for name, opt := range map[string]execfn.Option{
		"sha256 too short": execfn.WithSHA256("abc"), "format": execfn.WithFormat("toml"),
		"env without value": execfn.WithEnv("A"), "env name": execfn.WithPassEnv("A=b"),
		"stdout": execfn.WithMaxStdout(0), "stderr": execfn.WithMaxStderr(-1), "grace": execfn.WithKillGrace(-1),
	} {
		if _, err := execfn.New(path, opt); err == nil {
			t.Errorf("%s: New(...) succeeded", name)
		}
	}
}

func TestScript(t *testing.T) {
	f, err := execfn.New(write(t, "#!/bin/sh\necho working >&2\ncat\n", 0o755), execfn.WithName("cat"))
	if err != nil {
		t.Fatal(err)
	}
	totals := &runner.Totals{}
	out, err := runner.WithRecord(f, totals).Run(t.Context(), oneItem(t))
	if err != nil || len(out.Items) != 1 {
		t.Fatalf("Run(...) = %v, %v", out, err)
	}
	calls, failed, sum := totals.Sum()
	if calls != 1 || failed != 0 || sum.Stderr != "working\n" || sum.SHA256 != f.SHA256() || sum.BytesIn == 0 || sum.BytesOut == 0 {
		t.Errorf("record: %d calls, %d failed, %+v", calls, failed, sum)
	}
}

func digest(tb testing.TB, path string) string {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// TestPinnedProgram replaces and rewrites a pinned program: the one that was
// hashed goes on running.
func TestPinnedProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, string(data), 0o755)
	b, _ := behave.ByName("identity")
	f, err := execfn.New(path, execfn.WithSHA256(digest(t, path)), execfn.WithArgs(b.Args()...), execfn.WithEnv(raceEnv))
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []func() error{
		func() error { return nil },
		func() error { return os.WriteFile(path, []byte("#!/bin/sh\nexit 7\n"), 0o755) }, //nolint:gosec // an executable
		func() error { return os.Remove(path) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		out, err := f.Run(t.Context(), oneItem(t))
		if err != nil || len(out.Items) != 1 {
			t.Fatalf("Run(...) = %v, %v", out, err)
		}
	}
}

func TestPinnedScript(t *testing.T) {
	path := write(t, "#!/bin/sh\ncat\n", 0o755)
	f, err := execfn.New(path, execfn.WithSHA256(digest(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := f.Run(t.Context(), oneItem(t)); err != nil || len(out.Items) != 1 {
		t.Fatalf("Run(...) = %v, %v", out, err)
	}
	later := time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Run(t.Context(), oneItem(t)); err != nil {
		t.Errorf("after touching the file: %v, want it hashed again and run", err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\ncat #\n"), 0o755); err != nil { //nolint:gosec // an executable
		t.Fatal(err)
	}
	_, err = f.Run(t.Context(), oneItem(t))
	var fe *runner.FunctionError
	if !errors.Is(err, runner.ErrDigest) || !errors.As(err, &fe) || !fe.Systemic {
		t.Errorf("after changing the file: %v, want a systemic ErrDigest", err)
	}
}

func TestExecutableThatVanishes(t *testing.T) {
	path := write(t, "#!/bin/sh\ncat\n", 0o755)
	f, err := execfn.New(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	items := []*krm.Item{oneItem(t).Items[0], oneItem(t).Items[0]}
	out, err := runner.Transform(t.Context(), f, items, runner.TransformOptions{MaxBatchItems: 1, MaxConcurrency: 1})
	if err != nil || out.Calls != 1 || !errors.Is(out.Items[1].Err, runner.ErrNotFound) {
		t.Errorf("Transform(...) = %+v, %v; want one call and ErrNotFound", out, err)
	}
}

// environment runs tell-environment and returns what it saw.
func environment(t *testing.T, opts ...execfn.Option) (dir string, env []string) {
	t.Helper()
	totals := &runner.Totals{}
	if _, err := runner.WithRecord(byName(t, "tell-environment", opts...), totals).Run(t.Context(), oneItem(t)); err != nil {
		t.Fatal(err)
	}
	_, _, sum := totals.Sum()
	lines := strings.Split(strings.TrimSpace(sum.Stderr), "\n")
	dir = strings.TrimPrefix(lines[0], "dir=")
	for _, line := range lines[1:] {
		if line != raceEnv {
			env = append(env, strings.ReplaceAll(line, dir, "<dir>"))
		}
	}
	slices.Sort(env)
	return dir, env
}

func TestEnvironmentIsAnAllowlist(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "must-not-be-seen")
	t.Setenv("PASSED", "seen")
	base := []string{"HOME=<dir>", "LANG=C.UTF-8", "PATH=/usr/local/bin:/usr/bin:/bin", "TMPDIR=<dir>"}
	dir, env := environment(t)
	if diff := cmp.Diff(base, env); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("working directory %s is still there: %v", dir, err)
	}
	own := t.TempDir()
	dir, env = environment(t, execfn.WithDir(own), execfn.WithPassEnv("PASSED", "NOT_SET"), execfn.WithEnv("LANG=de", "MORE=1=2"))
	if dir != own {
		t.Errorf("working directory %s, want %s", dir, own)
	}
	want := []string{"HOME=<dir>", "LANG=de", "MORE=1=2", "PASSED=seen", "PATH=/usr/local/bin:/usr/bin:/bin", "TMPDIR=<dir>"}
	if diff := cmp.Diff(want, env); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWorkingDirectoryIsRemoved(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	for _, name := range []string{"write-files", "kill-self", "nothing"} {
		_, _ = byName(t, name).Run(t.Context(), oneItem(t))
	}
	left, err := os.ReadDir(tmp)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestMissingWorkingDirectory(t *testing.T) {
	_, err := byName(t, "identity", execfn.WithDir("/no/such/dir")).Run(t.Context(), oneItem(t))
	if err == nil || !strings.Contains(err.Error(), "working directory") {
		t.Errorf("Run(...): %v, want an error about the working directory", err)
	}
}

// TestChildLeftBehind: a grandchild that holds stdout delays nobody and is gone.
func TestChildLeftBehind(t *testing.T) { checkChildGone(t, "leave-child-with-stdout") }

// checkChildGone runs a behaviour that leaves a child behind and tells its
// process id on stderr.
func checkChildGone(t *testing.T, behaviour string) {
	t.Helper()
	runnertest.CheckNoLeak(t)
	totals := &runner.Totals{}
	out, err := runner.WithRecord(byName(t, behaviour), totals).Run(t.Context(), oneItem(t))
	if err != nil || len(out.Items) != 1 {
		t.Fatalf("Run(...) = %v, %v", out, err)
	}
	_, _, sum := totals.Sum()
	pids := runnertest.PIDs(sum.Stderr)
	if len(pids) != 1 {
		t.Fatalf("stderr %q, want one process id", sum.Stderr)
	}
	if !runnertest.Eventually(func() bool { return runnertest.Gone(pids[0]) }) {
		t.Errorf("process %d still runs", pids[0])
		_ = syscall.Kill(pids[0], syscall.SIGKILL)
	}
}

func TestKillGrace(t *testing.T) {
	script := write(t, "#!/bin/sh\ntrap 'echo cleaned up >&2; exit 5' TERM\necho ready >&2\nwhile :; do sleep 0.01; done\n", 0o755)
	f, err := execfn.New(script, execfn.WithKillGrace(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	for d := 100 * time.Millisecond; ; d *= 3 {
		_, err = runner.WithTimeout(f, d).Run(t.Context(), oneItem(t))
		if !errors.Is(err, runner.ErrTimeout) {
			t.Fatalf("Run(...): %v, want ErrTimeout", err)
		}
		var fe *runner.FunctionError
		if errors.As(err, &fe) && strings.Contains(fe.Stderr, "cleaned up") {
			return
		}
		if d > 20*time.Second {
			t.Fatalf("the function was not asked to end: %v", err)
		}
	}
}

// TestLimits looks at the limits after the input was read: they are there by then.
func TestLimits(t *testing.T) {
	script := write(t, "#!/bin/sh\ncat > in\nulimit -n >&2; ulimit -c >&2; ulimit -f >&2; head -c 100000 /dev/zero > big || exit 3\ncat in\n", 0o755)
	f, err := execfn.New(script, execfn.WithLimits(execfn.Limits{OpenFiles: 33, FileSize: 4096, CPUSeconds: 60, AddressSpace: 1 << 30}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Run(t.Context(), oneItem(t))
	var fe *runner.FunctionError
	if !errors.As(err, &fe) || fe.ExitCode != 3 || !strings.HasPrefix(fe.Stderr, "33\n0\n8\n") {
		t.Errorf("Run(...): %v; want exit code 3 and the limits 33, 0, 8", err)
	}
}

func TestMaxStdout(t *testing.T) {
	_, err := byName(t, "identity", execfn.WithMaxStdout(10)).Run(t.Context(), oneItem(t))
	if !errors.Is(err, runner.ErrOutputTooLarge) || !strings.Contains(err.Error(), "10 bytes") {
		t.Errorf("Run(...): %v, want ErrOutputTooLarge", err)
	}
	if strings.Contains(err.Error(), "signal") {
		t.Errorf("%v: tells of the signal by which it was killed for that", err)
	}
}

// TestMaxYAML: reading much YAML would take more memory than a pod has.
func TestMaxYAML(t *testing.T) {
	const script = "#!/bin/sh\ncat >/dev/null\necho 'apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:'\nyes -- '- {}' | head -c 17000000\nexit $0\n"
	for _, code := range []string{"0", "3"} {
		f, err := execfn.New(write(t, strings.Replace(script, "$0", code, 1), 0o755))
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Run(t.Context(), oneItem(t))
		want := map[string]error{"0": runner.ErrOutputTooLarge, "3": runner.ErrExit}[code]
		if !errors.Is(err, want) {
			t.Errorf("exit %s: %v, want %v", code, err, want)
		}
	}
}

func TestFunctionErrorText(t *testing.T) {
	f, err := execfn.New(write(t, "#!/bin/sh\ncat >/dev/null\necho one >&2\necho two >&2\nexit 127\n", 0o755), execfn.WithName("route"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Run(t.Context(), oneItem(t))
	want := `run function "route": exit code 127: stderr: one | two (127 is a shell's or a loader's: a program or library it needs is not here; PATH is /usr/local/bin:/usr/bin:/bin)`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if !errors.Is(err, runner.ErrExit) {
		t.Errorf("%v is no ErrExit", err)
	}
}

// TestBusyExecutable: a file that is open for writing for a moment is waited for.
func TestBusyExecutable(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, string(data), 0o755)
	b, _ := behave.ByName("identity")
	f, err := execfn.New(path, execfn.WithArgs(b.Args()...), execfn.WithEnv(raceEnv))
	if err != nil {
		t.Fatal(err)
	}
	writer, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	release := time.AfterFunc(5*time.Millisecond, func() { _ = writer.Close() })
	defer release.Stop()
	if _, err := f.Run(t.Context(), oneItem(t)); err != nil {
		t.Errorf("Run(...): %v", err)
	}
}

func TestManyCallsAtOnce(t *testing.T) {
	runnertest.CheckNoLeak(t)
	f := byName(t, "touch")
	if _, err := f.Run(t.Context(), oneItem(t)); err != nil { // opens what the Go runtime keeps open
		t.Fatal(err)
	}
	before := openFiles(t)
	errs := make(chan error)
	for range 16 {
		go func() {
			out, err := f.Run(t.Context(), oneItem(t))
			if err == nil && len(out.Items) != 1 {
				err = fmt.Errorf("%d items", len(out.Items))
			}
			errs <- err
		}()
	}
	for range 16 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if !runnertest.Eventually(func() bool { return openFiles(t) <= before }) {
		t.Errorf("%d files open, %d before", openFiles(t), before)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}
