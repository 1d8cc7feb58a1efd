package execfn

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is one run of an executable.
type process struct {
	path      string
	argv      []string
	dir       string
	env       []string
	stdin     []byte
	maxStdout int64
	maxStderr int
	grace     time.Duration
	limits    Limits
	clock     func() time.Time

	mu     sync.Mutex
	pid    int
	reaped bool // the pid may belong to somebody else
}

// run starts the process and returns when it, its group and whoever holds its
// pipes are gone and no goroutine of the call is left.
func (p *process) run(ctx context.Context) ending {
	// Pdeathsig is sent when the thread that forked ends, not the process
	// (prctl(2)); a locked thread cannot be ended by other goroutines.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	begin := p.clock()
	pipes, cmd, err := p.start()
	if err != nil {
		return ending{startErr: err}
	}
	end := ending{maxStdout: p.maxStdout, started: p.clock().Sub(begin)}
	p.setLimits()

	var streams sync.WaitGroup
	streams.Go(func() { feed(pipes.stdin, p.stdin) })
	streams.Go(func() { end.stdout, end.tooLarge = p.readStdout(pipes.stdout) })
	tail := headTail{max: p.maxStderr}
	streams.Go(func() { _, _ = io.Copy(&tail, pipes.stderr) })

	exited := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() { end.ctxEnded = p.watch(ctx, exited) })
	p.waitExit()
	close(exited)
	watch.Wait()
	p.signal(unix.SIGKILL) // what it left behind
	state, err := p.reap(cmd)

	p.drain(pipes, &streams)
	pipes.close()

	end.stderr = tail.String()
	if end.waitErr = err; state != nil {
		end.exitCode, end.signal = exitOf(state)
	}
	return end
}

// start starts the command. Another thread may hold the file open for writing
// at this moment, because it forked while the file was being copied: that
// passes (golang/go#22315).
func (p *process) start() (*pipes, *exec.Cmd, error) {
	for try := 0; ; try++ {
		pipes, child, err := newPipes()
		if err != nil {
			return nil, nil, err
		}
		cmd := &exec.Cmd{
			Path: p.path, Args: p.argv, Dir: p.dir, Env: p.env,
			Stdin: child.stdin, Stdout: child.stdout, Stderr: child.stderr,
			SysProcAttr: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
		}
		err = cmd.Start()
		child.close()
		if err == nil {
			p.pid = cmd.Process.Pid
			return pipes, cmd, nil
		}
		pipes.close()
		if !errors.Is(err, syscall.ETXTBSY) || try == textBusyTries {
			return nil, nil, err
		}
		time.Sleep(time.Millisecond << try)
	}
}

// textBusyTries are 127 ms of waiting in all.
const textBusyTries = 7

// setLimits sets the limits of the child; it can fail only when the child is
// gone already. Without core dumps: they would hold what it was given.
func (p *process) setLimits() {
	zero := uint64(0)
	for _, l := range []struct {
		resource int
		value    *uint64
	}{
		{unix.RLIMIT_CORE, &zero},
		{unix.RLIMIT_AS, nonZero(&p.limits.AddressSpace)},
		{unix.RLIMIT_FSIZE, nonZero(&p.limits.FileSize)},
		{unix.RLIMIT_NOFILE, nonZero(&p.limits.OpenFiles)},
		{unix.RLIMIT_CPU, nonZero(&p.limits.CPUSeconds)},
	} {
		if l.value != nil {
			_ = unix.Prlimit(p.pid, l.resource, &unix.Rlimit{Cur: *l.value, Max: *l.value}, nil)
		}
	}
}

func nonZero(v *uint64) *uint64 {
	if *v == 0 {
		return nil
	}
	return v
}

// feed writes the input. A function may stop reading when it wants to.
func feed(w *os.File, body []byte) {
	_, _ = w.Write(body)
	_ = w.Close()
}

// readStdout reads until the end, or until it is too much.
func (p *process) readStdout(r *os.File) (out []byte, tooLarge bool) {
	buf := make([]byte, 0, len(p.stdin)+len(p.stdin)/8+4<<10)
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > p.maxStdout:
			p.signal(unix.SIGKILL)
			return nil, true
		case err != nil:
			return buf, false
		case len(buf) == cap(buf):
			buf = append(buf, 0)[:len(buf)]
		}
	}
}

// watch ends the process group when ctx ends, and reports whether it did.
func (p *process) watch(ctx context.Context, exited <-chan struct{}) bool {
	select {
	case <-exited:
		return false
	case <-ctx.Done():
	}
	if p.grace > 0 {
		p.signal(unix.SIGTERM)
		timer := time.NewTimer(p.grace)
		defer timer.Stop()
		select {
		case <-exited:
			return true
		case <-timer.C:
		}
	}
	p.signal(unix.SIGKILL)
	return true
}

// waitExit waits until the process has exited and leaves it a zombie, so that
// its group's id belongs to nobody else when it is killed.
func (p *process) waitExit() {
	for {
		err := unix.Waitid(unix.P_PID, p.pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// reap collects the process. The state says how it ended; there is an error
// and no state when that cannot be told.
func (p *process) reap(cmd *exec.Cmd) (*os.ProcessState, error) {
	p.mu.Lock()
	p.reaped = true
	p.mu.Unlock()
	if err := cmd.Wait(); cmd.ProcessState == nil {
		return nil, err
	}
	return cmd.ProcessState, nil
}

// signal sends sig to the whole process group.
func (p *process) signal(sig unix.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		_ = unix.Kill(-p.pid, sig)
	}
}

func exitOf(state *os.ProcessState) (code int, signal string) {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return -1, status.Signal().String()
	}
	return state.ExitCode(), ""
}

// pipes are the ends of three pipes, ours or the child's.
type pipes struct{ stdin, stdout, stderr *os.File }

func (p *pipes) close() {
	for _, f := range []*os.File{p.stdin, p.stdout, p.stderr} {
		if f != nil {
			_ = f.Close()
		}
	}
}

func newPipes() (ours, child *pipes, err error) {
	ours, child = &pipes{}, &pipes{}
	child.stdin, ours.stdin, err = os.Pipe()
	if err == nil {
		ours.stdout, child.stdout, err = os.Pipe()
	}
	if err == nil {
		ours.stderr, child.stderr, err = os.Pipe()
	}
	if err != nil {
		ours.close()
		child.close()
		return nil, nil, err
	}
	return ours, child, nil
}
