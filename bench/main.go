package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/pprof"
	"strings"

	"github.com/velero-krm/velero-krm/internal/bench"
	"github.com/velero-krm/velero-krm/internal/bench/objects"
)

func main() {
	if err := interruptible(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// interruptible runs until it is done or the user interrupts it.
func interruptible() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// options are the flags.
type options struct {
	n, runs    int
	only       string
	function   string
	functions  string
	cpuProfile string
	docs       string
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&o.n, "n", 1800, "how many objects")
	flags.IntVar(&o.runs, "runs", 7, "how often each measurement is repeated, at least 1")
	flags.StringVar(&o.only, "only", "", "rows to measure, comma separated: original, overhead, inprocess, scaling (default all)")
	flags.StringVar(&o.function, "function", "", "measure only this function: json or kyaml, or in rows inprocess and scaling one of the catalogue")
	flags.StringVar(&o.functions, "functions", "", "krm-functions executable (default: built from this tree)")
	flags.StringVar(&o.cpuProfile, "cpuprofile", "", "write a CPU profile of this process to the file")
	flags.StringVar(&o.docs, "docs", "", "page to write the table of row scaling to, as ../docs/performance.md")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.n < 1 || o.runs < 1 {
		return o, fmt.Errorf("-n and -runs must be at least 1")
	}
	return o, nil
}

// row is one row of the table in docs/performance.md.
type row struct {
	name, title string
	measure     func(ctx context.Context, s *suite) error
}

func rows() []row {
	return []row{
		{"original", "one exec function: the original library's way over ours", measureOriginal},
		{"overhead", "batched exec through the runner over the bare executable", measureOverhead},
		{"inprocess", "catalogue function in the process over decode and encode", measureInProcess},
		{"scaling", "catalogue functions over 1,000 and 10,000 objects in one call", measureScaling},
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	opts, err := parse(args, stderr)
	if err != nil {
		return err
	}
	selected, err := choose(rows(), opts.only)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "velero-krm-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a leftover temporary directory changes no figure

	s := &suite{opts: opts, out: &bench.Report{Figures: stdout, Log: stderr}}
	if s.bin, err = build(ctx, dir, opts.functions, stderr); err != nil {
		return err
	}
	s.objects = objects.Generate(opts.n)
	s.out.Machine(s.objects)
	if err := profiled(opts.cpuProfile, func() error { return s.measure(ctx, selected) }); err != nil {
		return err
	}
	s.out.Table()
	return nil
}

// choose returns the rows named in only.
func choose(all []row, only string) ([]row, error) {
	if only == "" {
		return all, nil
	}
	var out []row
	for _, name := range strings.Split(only, ",") {
		found := false
		for _, r := range all {
			if r.name == strings.TrimSpace(name) {
				out, found = append(out, r), true
			}
		}
		if !found {
			return nil, fmt.Errorf("-only: no row %q", name)
		}
	}
	return out, nil
}

// profiled runs f, with a CPU profile when path is not empty.
func profiled(path string, f func() error) error {
	if path == "" {
		return f()
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // a truncated profile does not load, which says it all
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return f()
}
