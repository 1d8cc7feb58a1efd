package main

import (
	"context"
	"fmt"
	"runtime"
	"syscall"
	"time"

	"github.com/velero-krm/velero-krm/internal/bench"
	"github.com/velero-krm/velero-krm/krm"
)

// suite is one run of the benchmarks.
type suite struct {
	opts    options
	out     *bench.Report
	bin     binaries
	objects [][]byte
}

func (s *suite) measure(ctx context.Context, rows []row) error {
	for _, r := range rows {
		s.out.Progress("\n%s: %s", r.name, r.title)
		if err := r.measure(ctx, s); err != nil {
			return fmt.Errorf("measure %s: %w", r.name, err)
		}
	}
	return nil
}

// skip reports whether the flag -function leaves out a function.
func (s *suite) skip(function string) bool {
	return s.opts.function != "" && s.opts.function != function
}

// items returns the objects as fresh items.
func (s *suite) items() ([]*krm.Item, error) { return itemsOf(s.objects) }

// perItem returns d per object in milliseconds.
func (s *suite) perItem(d time.Duration) float64 {
	return perItem(d, len(s.objects))
}

func perItem(d time.Duration, n int) float64 { return d.Seconds() * 1000 / float64(n) }

// cost is what one measurement took.
type cost struct {
	wall time.Duration
	// cpu is the time all cores spent on this process and the children it waited
	// for: the work, whoever else wants the cores.
	cpu time.Duration
}

// timed returns what f takes, from a heap without garbage of others.
func timed(f func() error) (cost, error) {
	runtime.GC()
	cpu := cpuTime()
	start := time.Now() //nolint:forbidigo // a benchmark reads the clock
	err := f()
	return cost{time.Since(start), cpuTime() - cpu}, err
}

// cpuTime returns the time this process and its dead children computed.
func cpuTime() time.Duration {
	var total time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			panic(err) // cannot fail with these arguments
		}
		total += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return total
}

// interleave runs each of fs once unmeasured and then runs times measured, in
// turn, so that what else the machine does hits all of them alike. It returns
// the least of each: what other work disturbed least.
func interleave(ctx context.Context, runs int, fs ...func() error) ([]cost, error) {
	for _, f := range fs {
		if err := f(); err != nil {
			return nil, err
		}
	}
	best := make([]cost, len(fs))
	for run := range runs {
		for i, f := range fs {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			c, err := timed(f)
			if err != nil {
				return nil, err
			}
			if run == 0 {
				best[i] = c
			}
			best[i] = cost{min(best[i].wall, c.wall), min(best[i].cpu, c.cpu)}
		}
	}
	return best, nil
}
