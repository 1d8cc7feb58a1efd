package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"

	"github.com/velero-krm/velero-krm/internal/bench"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// maxOverhead is the target of row overhead.
const maxOverhead = 1.3

// measureOverhead compares batches through the runner with the least that
// running the same executable can cost: the same bytes on its stdin, in the
// same batches, and its output read and thrown away.
func measureOverhead(ctx context.Context, s *suite) error {
	for _, e := range s.executables() {
		if err := s.overheadOf(ctx, e); err != nil {
			return fmt.Errorf("%s: %w", e.title, err)
		}
	}
	return nil
}

func (s *suite) overheadOf(ctx context.Context, e executable) error {
	inputs, err := s.inputs(ctx, e)
	if err != nil {
		return err
	}
	s.out.Figure("overhead."+e.name+".calls", float64(len(inputs)), "calls")
	for _, concurrency := range []int{1, 2} {
		s.out.Progress("  %s: %d batches, %d at a time", e.title, len(inputs), concurrency)
		ours, err := s.transformer(ctx, e, concurrency)
		if err != nil {
			return err
		}
		best, err := interleave(
			ctx, s.opts.runs,
			func() error { return pipeAll(ctx, e.path, inputs, concurrency) },
			func() error { _, err := ours(); return err },
		)
		if err != nil {
			return err
		}
		s.reportOverhead(e, concurrency, best[0], best[1])
	}
	return nil
}

func (s *suite) reportOverhead(e executable, concurrency int, bare, mine cost) {
	prefix := fmt.Sprintf("overhead.%s.concurrency_%d.", e.name, concurrency)
	s.out.Figure(prefix+"bare", s.perItem(bare.wall), "ms/item")
	s.out.Figure(prefix+"runner", s.perItem(mine.wall), "ms/item")
	s.out.Figure(prefix+"cpu_ratio", mine.cpu.Seconds()/bare.cpu.Seconds(), "ratio")
	s.out.Judge(prefix+"ratio", bench.Verdict{
		Title:  fmt.Sprintf("%s: runner over bare executable, %d at a time", e.title, concurrency),
		Today:  fmt.Sprintf("%.4f ms/item", s.perItem(bare.wall)),
		Ours:   fmt.Sprintf("%.4f ms/item", s.perItem(mine.wall)),
		Ratio:  mine.wall.Seconds() / bare.wall.Seconds(),
		Target: maxOverhead,
	})
}

// inputs returns what the runner would write to the executable, call by call.
func (s *suite) inputs(ctx context.Context, e executable) ([][]byte, error) {
	items, err := s.items()
	if err != nil {
		return nil, err
	}
	config, err := configMap(e.config)
	if err != nil {
		return nil, err
	}
	var inputs [][]byte
	record := func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		inputs = append(inputs, krm.AppendResourceList(nil, in))
		return in, nil
	}
	_, err = transform(ctx, runner.FunctionFunc(record), items, runner.TransformOptions{Config: config, MaxConcurrency: 1})
	return inputs, err
}

// pipeAll runs the executable once for each input, some at a time.
func pipeAll(ctx context.Context, path string, inputs [][]byte, concurrency int) error {
	var wg sync.WaitGroup
	errs := make([]error, len(inputs))
	free := make(chan struct{}, concurrency)
	for i, in := range inputs {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			errs[i] = pipe(ctx, path, in)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// pipe runs the executable and drops what it prints.
func pipe(ctx context.Context, path string, in []byte) error {
	cmd := exec.CommandContext(ctx, path)
	cmd.Dir = "/"
	cmd.Stdin = bytes.NewReader(in)
	// Not nil, which would be /dev/null: the output is read, as ours is.
	cmd.Stdout = struct{ io.Writer }{io.Discard}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run bare executable: %w", err)
	}
	return nil
}
