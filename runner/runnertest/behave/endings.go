package behave

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"

	"github.com/velero-krm/velero-krm/krm"
)

// PIDPrefix stands before the process ids that programs write to stderr.
const PIDPrefix = "pid="

// endings are behaviours of how a function ends, or does not.
func endings() []Behaviour {
	return []Behaviour{
		{Name: "panic", List: func(_ context.Context, in *list) (*list, error) {
			panic("panicked with " + string(in.Items[0].Raw()))
		}},
		{Name: "hang", List: hang, Program: func(p *Process) int { say(p); block(); return 0 }},
		{Name: "hang-ignoring-sigterm", Program: func(p *Process) int {
			signal.Ignore(syscall.SIGTERM)
			say(p)
			block()
			return 0
		}},
		{Name: "hang-with-child", Program: func(p *Process) int {
			if err := startChild(p, nil); err != nil {
				return 9
			}
			say(p)
			block()
			return 0
		}},
		{Name: "leave-child-with-stdout", Program: leaveChild(nil)},
		{Name: "leave-child-in-own-session", Program: leaveChild(&syscall.SysProcAttr{Setsid: true})},
		{Name: "kill-self", Program: dieBy(syscall.SIGKILL)},
		{Name: "terminate-self", Program: dieBy(syscall.SIGTERM)},
		{Name: "blame-and-exit-1", Program: blameAnd(func() int { return 1 })},
		{Name: "blame-and-exit-2", Program: blameAnd(func() int { return 2 })},
		{Name: "blame-and-kill-self", Program: blameAnd(func() int { return killSelf(syscall.SIGKILL) })},
		{Name: "sleep-on-poison", List: sleepOnPoison},
		{Name: "tell-environment", Program: tellEnvironment},
		{Name: "write-files", Program: writeFiles},
		{Name: "sleep", Program: func(*Process) int { block(); return 0 }},
	}
}

// hang waits for the end of ctx.
func hang(ctx context.Context, _ *krm.ResourceList) (*krm.ResourceList, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

func sleepOnPoison(ctx context.Context, in *list) (*list, error) {
	for _, it := range in.Items {
		if hasLabel(it.Object(), Poison) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}
	}
	return in, nil
}

// block never returns: a program that waits, unlike an empty select, which
// the Go runtime ends as a deadlock.
func block() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR2)
	for range c {
	}
}

func say(p *Process) { _, _ = fmt.Fprintf(p.Stderr, "%s%d\n", PIDPrefix, os.Getpid()) }

// startChild starts this program again, to sleep and hold stdout and stderr.
func startChild(p *Process, attr *syscall.SysProcAttr) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	child := exec.Command(self, Behaviour{Name: "sleep"}.Args()...) //nolint:noctx // it is meant to stay
	child.Stdout, child.Stderr, child.SysProcAttr = os.Stdout, os.Stderr, attr
	if err := child.Start(); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(p.Stderr, "%s%d\n", PIDPrefix, child.Process.Pid)
	return nil
}

// leaveChild prints its input and exits, with a child left that holds stdout.
func leaveChild(attr *syscall.SysProcAttr) func(*Process) int {
	return func(p *Process) int {
		if err := startChild(p, attr); err != nil {
			return 9
		}
		_, _ = io.Copy(p.Stdout, p.Stdin)
		return 0
	}
}

func dieBy(sig syscall.Signal) func(*Process) int {
	return func(p *Process) int {
		_, _ = io.Copy(io.Discard, p.Stdin)
		return killSelf(sig)
	}
}

func killSelf(sig syscall.Signal) int {
	signal.Reset(sig)
	_ = syscall.Kill(os.Getpid(), sig)
	block()
	return 0
}

// blameAnd names the objects that have the label [Poison] or, when it sees none
// of them any more, all: they need them. It ends by end when it named some.
func blameAnd(end func() int) func(*Process) int {
	return func(p *Process) int {
		data, err := io.ReadAll(p.Stdin)
		if err != nil {
			return 9
		}
		in, err := krm.Decode(data, krm.DecodeOptions{})
		if err != nil {
			return 9
		}
		poisoned := func(it *krm.Item) bool { return hasLabel(it.Object(), Poison) }
		seen := slices.ContainsFunc(in.Items, poisoned)
		for _, it := range in.Items {
			if !seen || poisoned(it) {
				in.Results = append(in.Results, krm.Result{Message: "blamed", Severity: krm.Error, ResourceRef: krm.RefTo(it.Identity())})
			}
		}
		_, _ = p.Stdout.Write(krm.AppendResourceList(nil, in))
		if len(in.Results) == 0 {
			return 0
		}
		return end()
	}
}

// tellEnvironment writes its environment and working directory to stderr.
func tellEnvironment(p *Process) int {
	dir, err := os.Getwd()
	if err != nil {
		return 1
	}
	_, _ = fmt.Fprintf(p.Stderr, "dir=%s\n", dir)
	for _, kv := range os.Environ() {
		_, _ = fmt.Fprintln(p.Stderr, kv)
	}
	_, _ = io.Copy(p.Stdout, p.Stdin)
	return 0
}

// writeFiles leaves a folder that cannot be removed just so.
func writeFiles(p *Process) int {
	if os.Mkdir("d", 0o700) != nil || os.WriteFile("d/f", []byte("x"), 0o600) != nil || os.Chmod("d", 0) != nil {
		return 1
	}
	return tellEnvironment(p)
}
