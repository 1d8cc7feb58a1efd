package behave

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/velero-krm/velero-krm/krm"
)

// Behaviour is one way in which a function behaves.
type Behaviour struct {
	// Name is unique and fit for a command line.
	Name string
	// List is the behaviour in the process; nil for one that only a program
	// can have.
	List func(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error)
	// Program is the behaviour as an executable and returns its exit code; nil
	// for one that does what List does.
	Program func(p *Process) int
}

// Process is what a program has.
type Process struct {
	Stdin          io.ReadCloser
	Stdout, Stderr io.Writer
}

// firstArg tells a test binary to behave.
const firstArg = "krm-behave"

// Args are the arguments with which a test binary that calls [Main] behaves so.
func (b Behaviour) Args() []string { return []string{firstArg, b.Name} }

// Main becomes the program that the command line names and does not return;
// it returns at once when the command line names none.
func Main() {
	if len(os.Args) != 3 || os.Args[1] != firstArg {
		return
	}
	b, ok := ByName(os.Args[2])
	if !ok {
		fmt.Fprintf(os.Stderr, "no behaviour %q\n", os.Args[2])
		os.Exit(2)
	}
	os.Exit(b.run(&Process{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}))
}

// ByName returns the behaviour of that name.
func ByName(name string) (Behaviour, bool) {
	for _, b := range All() {
		if b.Name == name {
			return b, true
		}
	}
	return Behaviour{}, false
}

// All returns every behaviour.
func All() []Behaviour {
	var all []Behaviour
	for _, group := range [][]Behaviour{lists(), additional(), wires(), endings()} {
		all = append(all, group...)
	}
	return all
}

func (b Behaviour) run(p *Process) int {
	if b.Program != nil {
		return b.Program(p)
	}
	return program(b.List, p)
}

// program does what list does, as an executable that keeps the specification.
func program(list func(context.Context, *krm.ResourceList) (*krm.ResourceList, error), p *Process) int {
	data, err := io.ReadAll(p.Stdin)
	if err != nil {
		_, _ = fmt.Fprintln(p.Stderr, err)
		return 1
	}
	in, err := krm.Decode(data, krm.DecodeOptions{})
	if err != nil {
		_, _ = fmt.Fprintln(p.Stderr, err)
		return 1
	}
	// A context that a signal can end: waiting for one that never ends is what
	// the Go runtime calls a deadlock and exits for.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGUSR2)
	defer stop()
	out, err := list(ctx, in)
	if out != nil {
		_, _ = p.Stdout.Write(krm.AppendResourceList(nil, out))
	}
	if err != nil {
		var exit ExitError
		_, _ = fmt.Fprintln(p.Stderr, err)
		if errors.As(err, &exit) {
			return exit.Code
		}
		return 1
	}
	return 0
}

// ExitError is the error of a List whose program exits with Code.
type ExitError struct{ Code int }

func (e ExitError) Error() string { return fmt.Sprintf("failed on purpose with %d", e.Code) }
