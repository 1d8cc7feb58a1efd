// Command bench is the part of `make bench` that needs the real stack: whole
// backups and restores without a plugin, with item actions and with multi-item
// actions, and the memory of the plugin process. It prints a line
// "figure <name> <value> <unit>" for each figure on stdout, and what it is doing
// on stderr.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/velero-krm/velero-krm/internal/bench"

	"github.com/velero-krm/velero-krm/e2e/stack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	bin     string
	backups []int
	restore int
	memory  []int
	runs    int
	// restores is how often each restore is repeated: one takes a minute.
	restores int
	only     []string
}

// rows in the order in which they are measured.
var rows = [...]string{"backup", "restore", "memory"}

func parse(args []string, stderr io.Writer) (options, error) {
	o := options{backups: []int{1800, 10000}, memory: []int{1000, 100000}, only: rows[:]}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.bin, "bin", os.Getenv(stack.BinEnv), "folder of the built programs")
	flags.Func("backups", "sizes of the backups, comma separated (default 1800,10000)", numbers(&o.backups))
	flags.IntVar(&o.restore, "restore", 5000, "size of the restore")
	flags.Func("memory", "sizes of the lists for the plugin alone, comma separated, the smallest first (default 1000,100000)", numbers(&o.memory))
	flags.IntVar(&o.runs, "runs", 3, "how often each backup is repeated; the median counts")
	flags.IntVar(&o.restores, "restore-runs", 2, "how often each restore is repeated; the median counts, the faster of two")
	flags.Func("only", "rows to measure, comma separated: "+strings.Join(rows[:], ", ")+" (default all)", func(text string) error {
		o.only = strings.Split(text, ",")
		for _, name := range o.only {
			if !slices.Contains(rows[:], name) {
				return fmt.Errorf("no row %q", name)
			}
		}
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.bin == "" {
		return o, fmt.Errorf("find the built programs: call `make bench`, or set %s or -bin", stack.BinEnv)
	}
	if o.runs < 1 || o.restore < 1 || o.restores < 1 {
		return o, fmt.Errorf("-runs, -restore and -restore-runs must be at least 1")
	}
	return o, nil
}

// numbers parses a list of sizes.
func numbers(into *[]int) func(string) error {
	return func(text string) error {
		*into = nil
		for _, field := range strings.Split(text, ",") {
			n, err := strconv.Atoi(field)
			if err != nil || n < 1 {
				return fmt.Errorf("%q is no number of objects", field)
			}
			*into = append(*into, n)
		}
		return nil
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	opts, err := parse(args, stderr)
	if err != nil {
		return err
	}
	s := &suite{opts: opts, out: &bench.Report{Figures: stdout, Log: stderr}}
	if slices.Contains(opts.only, "memory") {
		if err := s.measureMemory(ctx); err != nil {
			return fmt.Errorf("measure memory: %w", err)
		}
	}
	if slices.Contains(opts.only, "backup") {
		for _, n := range opts.backups {
			if err := s.measureBackups(ctx, n); err != nil {
				return fmt.Errorf("measure backups of %d objects: %w", n, err)
			}
		}
	}
	if slices.Contains(opts.only, "restore") {
		if err := s.measureRestores(ctx, opts.restore); err != nil {
			return fmt.Errorf("measure restores of %d objects: %w", opts.restore, err)
		}
	}
	s.out.Table()
	return nil
}
