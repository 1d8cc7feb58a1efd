// Command demo is `make demo`: on a real Velero, API server and S3 server it
// backs an application up, deletes it, restores it into another namespace
// through a pipeline of three functions, and shows what changed, object by
// object.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/velero-krm/velero-krm/internal/paint"
	"golang.org/x/term"

	"github.com/velero-krm/velero-krm/e2e/stack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

// run parses args and plays the demo.
func run(ctx context.Context, args []string, stdout *os.File) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	bin := flags.String("bin", os.Getenv(stack.BinEnv), "folder of the built programs")
	example := flags.String("example", filepath.Join("..", "examples", "shop"), "folder of the example application")
	velero := flags.String("velero", "velero", "file name of the Velero server in the folder of the built programs: velero calls multi-item actions, velero-stock is unmodified")
	keep := flags.Bool("keep", false, "keep the logs and data of the stack also when all goes well")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *bin == "" {
		return fmt.Errorf("find the built programs: call `make demo`, or set %s or --bin", stack.BinEnv)
	}
	colour := term.IsTerminal(int(stdout.Fd())) && os.Getenv("NO_COLOR") == ""
	d := &demo{out: &printer{paint.Painter{W: stdout, Color: colour, Indent: "    "}}, bin: *bin, velero: *velero, example: *example, keep: *keep}
	return d.play(ctx)
}
