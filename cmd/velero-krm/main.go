// Command velero-krm runs pipelines of KRM functions over files.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"github.com/velero-krm/velero-krm/internal/cli"
)

// version is set by the linker in releases.
var version string

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The second Ctrl-C ends the process, whatever it waits for.
	context.AfterFunc(ctx, stop)
	terminal := isTerminal(os.Stderr)
	// https://no-color.org: any value that is not empty turns colour off.
	color := os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return cli.Main(ctx, os.Args[1:], version, cli.Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Terminal: terminal,
		Color:    color && terminal,
		ColorOut: color && isTerminal(os.Stdout),
		Width:    width(os.Stdout),
	})
}

func isTerminal(file *os.File) bool {
	return term.IsTerminal(int(file.Fd())) //nolint:gosec // a file descriptor fits
}

// width is how many characters a line of a terminal has, 0 for what is none.
func width(file *os.File) int {
	columns, _, err := term.GetSize(int(file.Fd())) //nolint:gosec // a file descriptor fits
	if err != nil {
		return 0
	}
	return columns
}
