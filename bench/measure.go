package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/velero-krm/velero-krm/krm"
)

// suite is one run of the benchmarks.
type suite struct {
	opts    options
	out     *report
	bin     binaries
	objects [][]byte
}

func (s *suite) measure(ctx context.Context, rows []row) error {
	for _, r := range rows {
		s.out.progress("\n%s: %s", r.name, r.title)
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

// items returns the objects as fresh items, so that nothing one measurement
// decoded is there for the next.
func (s *suite) items() ([]*krm.Item, error) {
	out := make([]*krm.Item, len(s.objects))
	for i, raw := range s.objects {
		item, err := krm.NewItem(raw)
		if err != nil {
			return nil, fmt.Errorf("make item %d: %w", i, err)
		}
		out[i] = item
	}
	return out, nil
}

// perItem returns d per object in milliseconds.
func (s *suite) perItem(d time.Duration) float64 {
	return d.Seconds() * 1000 / float64(len(s.objects))
}

// timed returns how long f takes, from a heap without garbage of others.
func timed(f func() error) (time.Duration, error) {
	runtime.GC()
	start := time.Now() //nolint:forbidigo // a benchmark reads the clock
	err := f()
	return time.Since(start), err
}

// interleave runs each of fs once unmeasured and then runs times measured, in
// turn, so that what else the machine does hits all of them alike. It returns
// the shortest time of each: the one that other work disturbed least.
func interleave(ctx context.Context, runs int, fs ...func() error) ([]time.Duration, error) {
	for _, f := range fs {
		if err := f(); err != nil {
			return nil, err
		}
	}
	all := make([][]time.Duration, len(fs))
	for range runs {
		for i, f := range fs {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			d, err := timed(f)
			if err != nil {
				return nil, err
			}
			all[i] = append(all[i], d)
		}
	}
	best := make([]time.Duration, len(fs))
	for i := range all {
		best[i] = slices.Min(all[i])
	}
	return best, nil
}

// median returns the middle of ds, the lower of two.
func median(ds []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(ds))
	return sorted[(len(sorted)-1)/2]
}
