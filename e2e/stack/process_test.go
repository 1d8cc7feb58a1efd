package stack

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// soon bounds waits for what takes milliseconds on an idle machine.
const soon = 30 * time.Second

func TestStopKillsTheGroup(t *testing.T) {
	cases := map[string]struct {
		reason string
		script string
		grace  time.Duration
	}{
		"Child": {
			reason: "a plugin of a killed server must not live on",
			script: "sleep 1000 & sleep 1000",
		},
		"OrphanedChild": {
			reason: "the leader has ended, its child has not",
			script: "sleep 1000 &",
		},
		"IgnoresTerm": {
			reason: "SIGTERM is only the first word",
			script: "trap '' TERM; sleep 1000 & wait; sleep 1000",
			grace:  50 * time.Millisecond,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := startProcess(command{name: "sh", path: "/bin/sh", args: []string{"-c", tc.script}, dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			p.stop(tc.grace)
			if left := groupMembers(p.pid); len(left) > 0 {
				t.Errorf("%s: still running: %v", tc.reason, left)
			}
			if p.guard.cmd.ProcessState == nil {
				t.Errorf("%s: the guard still runs", tc.reason)
			}
			p.stop(tc.grace) // a second call returns
		})
	}
}

func TestGuardKillsTheGroupOfADeadProgram(t *testing.T) {
	program := startProgram(t, "process", "DIR="+t.TempDir())
	pgid, err := strconv.Atoi(program.line(t))
	if err != nil {
		t.Fatal(err)
	}
	if members := groupMembers(pgid); len(members) == 0 {
		t.Fatalf("group %d: want members", pgid)
	}
	if err := program.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return len(groupMembers(pgid)) == 0 })
}

func TestProgramEndsItsStack(t *testing.T) {
	cases := map[string]struct {
		reason   string
		signal   os.Signal
		wantGone bool
	}{
		"Interrupt": {reason: "Ctrl-C in a terminal", signal: os.Interrupt, wantGone: true},
		"Kill":      {reason: "nothing of the program's own code runs any more", signal: os.Kill},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			program := startProgram(t, "stack")
			dir := program.line(t)
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			if n := len(processesOf(t, dir)); n < 3 {
				t.Fatalf("%s: want control plane, S3 server and Velero, got %d processes", tc.reason, n)
			}
			if err := program.cmd.Process.Signal(tc.signal); err != nil {
				t.Fatal(err)
			}
			_ = program.cmd.Wait()
			waitFor(t, func() bool { return len(processesOf(t, dir)) == 0 })
			_, err := os.Stat(dir)
			if gone := errors.Is(err, os.ErrNotExist); gone != tc.wantGone {
				t.Errorf("%s: folder %s gone: want %v, got %v", tc.reason, dir, tc.wantGone, gone)
			}
		})
	}
}

func TestStartStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Start(ctx, Config{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	waitFor(t, func() bool { return len(processesOf(t, s.Dir)) == 0 })
	if err := s.Stop(); err != nil {
		t.Errorf("stop what is stopped: %v", err)
	}
	if err := s.StartVelero(t.Context(), VeleroConfig{}); err == nil {
		t.Error("start Velero in a stopped stack: want an error")
	}
}

func TestStartFailureLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	_, err := Start(t.Context(), Config{Dir: dir, Velero: VeleroConfig{Flags: []string{"--no-such-flag"}}})
	var failed *ProcessError
	if !errors.As(err, &failed) {
		t.Fatalf("want a *ProcessError, got %v", err)
	}
	for _, want := range []string{"velero (exit status 1)", "unknown flag: --no-such-flag", filepath.Join(dir, "velero.log")} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in the error:\n%v", want, err)
		}
	}
	if left := processesOf(t, dir); len(left) > 0 {
		t.Errorf("still running: %v", left)
	}
}

func TestProcessError(t *testing.T) {
	p, err := startProcess(command{name: "sh", path: "/bin/sh", args: []string{"-c", "echo first; echo last >&2; exit 3"}, dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop(0)
	err = p.waitReady(t.Context(), soon, func(context.Context) (bool, error) { return false, errors.New("not yet") })
	if !errors.Is(err, errEnded) {
		t.Errorf("want errEnded, got %v", err)
	}
	for _, want := range []string{"sh (exit status 3)", p.logFile, "first\n", "last"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in the error:\n%v", want, err)
		}
	}
}

func TestWaitReadyTimesOutWithTheLastLook(t *testing.T) {
	p, err := startProcess(command{name: "sh", path: "/bin/sh", args: []string{"-c", "sleep 1000"}, dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop(0)
	notYet := errors.New("not yet")
	err = p.waitReady(t.Context(), 10*time.Millisecond, func(context.Context) (bool, error) { return false, notYet })
	if !errors.Is(err, notYet) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("want the deadline and the last look, got %v", err)
	}
	if want := "sh (running)"; !strings.Contains(err.Error(), want) {
		t.Errorf("want %q in the error:\n%v", want, err)
	}
}

func TestTail(t *testing.T) {
	cases := map[string]struct {
		reason, content, want string
		limit                 int64
	}{
		"Whole":     {reason: "shorter than the limit", content: "a\nb\n", limit: 10, want: "a\nb"},
		"WholeLine": {reason: "half a line misleads", content: "first\nsecond\n", limit: 9, want: "second"},
		"OneLine":   {reason: "half a line beats nothing", content: "0123456789", limit: 4, want: "6789"},
		"Empty":     {reason: "nothing was written", limit: 4},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "log")
			if err := os.WriteFile(file, []byte(tc.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := tail(file, tc.limit); got != tc.want {
				t.Errorf("%s: want %q, got %q", tc.reason, tc.want, got)
			}
		})
	}
}

// program is the test binary running as another program.
type program struct {
	cmd    *exec.Cmd
	stdout *bufio.Scanner
}

func startProgram(t *testing.T, role string, env ...string) *program {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), roleEnv+"="+role), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return &program{cmd: cmd, stdout: bufio.NewScanner(out)}
}

// line waits for a line of the program's output.
func (p *program) line(t *testing.T) string {
	t.Helper()
	if !p.stdout.Scan() {
		t.Fatalf("read the program's output: it ended, %v", p.stdout.Err())
	}
	return p.stdout.Text()
}

// processesOf lists the running processes that have dir in their command line:
// all of a stack's, plugins too.
func processesOf(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(data), dir) {
			found = append(found, filepath.Base(filepath.Dir(file))+" "+strings.ReplaceAll(string(data), "\x00", " "))
		}
	}
	return found
}

func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if err := poll(ctx, func(context.Context) (bool, error) { return holds(), nil }); err != nil {
		t.Fatal(err)
	}
}
