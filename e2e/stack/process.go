package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// tailBytes is as much of a log as an error quotes.
	tailBytes = 4 << 10
	// groupGone bounds the wait for a killed process group; the kernel needs
	// milliseconds.
	groupGone = 10 * time.Second
)

// command is what to run.
type command struct {
	name string // in the stack; the log is <name>.log
	path string
	args []string
	env  []string
	dir  string // for logs, and the working directory
}

// process is a running program that leads a process group.
type process struct {
	name    string
	pid     int
	logFile string
	ended   chan struct{} // closed when the process itself has ended
	err     error         // how; read it after ended
	guard   *guard
	stopped sync.Once
}

// startProcess starts a program with its output in a file.
func startProcess(c command) (*process, error) {
	logFile := filepath.Join(c.dir, c.name+".log")
	out, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name, err)
	}
	defer func() { _ = out.Close() }()
	cmd := exec.Command(c.path, c.args...) //nolint:noctx // its whole group is killed, by stop
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.dir, c.env, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}

	p := &process{name: c.name, logFile: logFile, ended: make(chan struct{})}
	if err := p.launch(cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name, err)
	}
	if p.guard, err = startGuard(p.pid); err != nil {
		p.stop(0)
		return nil, fmt.Errorf("start the guard of %s: %w", c.name, err)
	}
	return p, nil
}

// launch starts cmd and waits for it on one thread of its own: the kernel sends
// the parent-death signal when the thread that forked ends, not the process.
func (p *process) launch(cmd *exec.Cmd) error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		p.pid = cmd.Process.Pid
		started <- nil
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return <-started
}

// stop ends the process group: SIGTERM and up to grace for the process itself,
// then SIGKILL for whatever is left. It returns when nothing of it runs. Safe
// to call more than once.
func (p *process) stop(grace time.Duration) {
	p.stopped.Do(func() {
		if grace > 0 {
			_ = syscall.Kill(p.pid, syscall.SIGTERM)
			select {
			case <-p.ended:
			case <-time.After(grace):
			}
		}
		_ = syscall.Kill(-p.pid, syscall.SIGKILL)
		<-p.ended
		for deadline := time.After(groupGone); len(groupMembers(p.pid)) > 0; {
			select {
			case <-deadline:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
		if p.guard != nil {
			p.guard.stop()
		}
	})
}

// status says whether the process runs or how it ended.
func (p *process) status() string {
	select {
	case <-p.ended:
		if p.err == nil {
			return "exit status 0"
		}
		return p.err.Error()
	default:
		return "running"
	}
}

// failure dresses err with what the process has to say.
func (p *process) failure(err error) error {
	return &ProcessError{
		Process: p.name, Status: p.status(), LogFile: p.logFile,
		Tail: tail(p.logFile, tailBytes), Err: err,
	}
}

// waitReady polls until ready reports true, the process ends, or timeout.
func (p *process) waitReady(ctx context.Context, timeout time.Duration, ready condition) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := poll(ctx, func(ctx context.Context) (bool, error) {
		select {
		case <-p.ended:
			return false, errEnded
		default:
			return ready(ctx)
		}
	})
	if err != nil {
		return p.failure(fmt.Errorf("wait until ready: %w", err))
	}
	return nil
}

// errEnded says that a process ended that should run.
var errEnded = fatal{errors.New("the process has ended")}

// tail returns the last whole lines of a file, at most limit bytes.
func tail(file string, limit int64) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	from := max(0, info.Size()-limit)
	buf := make([]byte, info.Size()-from)
	n, _ := f.ReadAt(buf, from)
	text := string(buf[:n])
	if _, rest, found := strings.Cut(text, "\n"); from > 0 && found {
		text = rest
	}
	return strings.TrimRight(text, "\n")
}

// groupMembers lists the processes of a group that still run; zombies, which
// wait only for their parent to look, do not count.
func groupMembers(pgid int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		data, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "stat"))
		if err != nil {
			continue
		}
		// pid (comm) state ppid pgrp ...; comm may hold anything, even ")".
		rest := string(data)
		fields := strings.Fields(rest[strings.LastIndexByte(rest, ')')+1:])
		if len(fields) > 2 && fields[0] != "Z" && fields[0] != "X" && fields[2] == strconv.Itoa(pgid) {
			pids = append(pids, pid)
		}
	}
	return pids
}
