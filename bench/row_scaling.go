package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/internal/bench"
	"github.com/velero-krm/velero-krm/runner"
)

const (
	// few and many are how many objects row scaling gives each function.
	few, many = 1000, 10000
	// maxGrowth is how much more an object may cost among many than among few.
	// What takes time in proportion to the square would cost ten times as much.
	// Up to 1.8 was measured (2026-11-22), for a function that takes 3 µs: ten
	// thousand objects are in no cache, and the collector has more to look at.
	maxGrowth = 2
	// manyRuns bounds how often many objects are measured.
	manyRuns = 3
)

// scaled is a line of the table of row scaling.
type scaled struct {
	function, objects string
	changed           int
	few, many         cost
	fewBase, manyBase cost
}

// measureScaling runs each function of the catalogue over one list of few and
// one of many objects, each in a single call, as a step of scope List has it:
// in batches of the usual size no function could take long. Beside it are
// decoding and encoding the same objects. What counts is computing time: of
// dozens of short measurements some meet a busy machine.
func measureScaling(ctx context.Context, s *suite) error {
	dir, err := os.MkdirTemp("", "velero-krm-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a leftover temporary directory changes no figure
	var table []scaled
	for _, f := range catalog.Functions() {
		if s.skip(f.Name()) {
			continue
		}
		line, err := s.scalingOf(ctx, f, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name(), err)
		}
		s.reportScaling(line)
		table = append(table, line)
	}
	if s.opts.docs == "" {
		return nil
	}
	if s.opts.function != "" {
		return errors.New("-docs writes the table of all functions: leave out -function")
	}
	return fillScaling(s.opts.docs, scalingTable(table))
}

func (s *suite) scalingOf(ctx context.Context, f fn.Function, dir string) (scaled, error) {
	line := scaled{function: f.Name()}
	w, err := workloadOf(ctx, f, dir)
	if err != nil {
		return line, err
	}
	line.objects = w.what
	fewCosts, changed, err := s.scalingAt(ctx, f, w, few, s.opts.runs)
	if err != nil {
		return line, err
	}
	line.changed = changed
	manyCosts, _, err := s.scalingAt(ctx, f, w, many, min(manyRuns, s.opts.runs))
	if err != nil {
		return line, err
	}
	line.fewBase, line.few = fewCosts[0], fewCosts[1]
	line.manyBase, line.many = manyCosts[0], manyCosts[1]
	return line, nil
}

// scalingAt measures decoding and encoding, and the function, on n objects, and
// returns how many of them it changed or dropped.
func (s *suite) scalingAt(ctx context.Context, f fn.Function, w workload, n, runs int) ([]cost, int, error) {
	raw, err := w.make(n)
	if err != nil {
		return nil, 0, err
	}
	changed := 0
	opts := runner.TransformOptions{
		Config: w.config, Context: w.context, WholeList: true, MaxConcurrency: 1,
		Allow:   runner.Permissions{Create: true, Delete: true, Rename: true},
		Sayings: runner.NewSayings(f.Sayings()...), // as in a pipeline
	}
	costs, err := interleave(
		ctx, runs,
		func() error { return decodeAndEncode(raw) },
		func() error {
			items, err := itemsOf(raw)
			if err != nil {
				return err
			}
			out, err := transform(ctx, f, items, opts)
			changed = countChanged(items, out)
			return err
		},
	)
	return costs, changed, err
}

func (s *suite) reportScaling(l scaled) {
	prefix := "scaling." + l.function + "."
	s.out.Progress("  %s: changes %d of %d objects, %s", l.function, l.changed, few, l.objects)
	s.out.Figure(prefix+"n1000", perItem(l.few.cpu, few), "ms/item")
	s.out.Figure(prefix+"n10000", perItem(l.many.cpu, many), "ms/item")
	s.out.Figure(prefix+"decode_encode_n1000", perItem(l.fewBase.cpu, few), "ms/item")
	s.out.Figure(prefix+"decode_encode_n10000", perItem(l.manyBase.cpu, many), "ms/item")
	s.out.Judge(prefix+"growth", bench.Verdict{
		Title:  fmt.Sprintf("%s: an object among %d over one among %d", l.function, many, few),
		Today:  fmt.Sprintf("%.4f ms/item", perItem(l.few.cpu, few)),
		Ours:   fmt.Sprintf("%.4f ms/item", perItem(l.many.cpu, many)),
		Ratio:  l.growth(),
		Target: maxGrowth,
	})
	s.out.Judge(prefix+"ratio", bench.Verdict{
		Title:  fmt.Sprintf("%s: %d objects in one call over decode and encode", l.function, many),
		Today:  fmt.Sprintf("%.4f ms/item", perItem(l.manyBase.cpu, many)),
		Ours:   fmt.Sprintf("%.4f ms/item", perItem(l.many.cpu, many)),
		Ratio:  l.over(),
		Target: maxInProcess,
	})
}

// growth is what an object costs among many over what it costs among few.
func (l scaled) growth() float64 {
	return perItem(l.many.cpu, many) / perItem(l.few.cpu, few)
}

// over is what the function takes for many objects over decoding and encoding.
func (l scaled) over() float64 { return l.many.cpu.Seconds() / l.manyBase.cpu.Seconds() }

// scalingTable is Markdown.
func scalingTable(table []scaled) string {
	var b strings.Builder
	b.WriteString("| function | objects | changed of 1,000 | 1,000 | 10,000 | growth | over decode and encode |\n|---|---|---|---|---|---|---|\n")
	for _, l := range table {
		fmt.Fprintf(&b, "| `%s` | %s | %d | %.1f µs | %.1f µs | %.2fx | %.2fx |\n", l.function, l.objects, l.changed,
			1000*perItem(l.few.cpu, few), 1000*perItem(l.many.cpu, many), l.growth(), l.over())
	}
	return b.String()
}

// decodeAndEncode is the least that a function on decoded objects costs.
func decodeAndEncode(raw [][]byte) error {
	for _, r := range raw {
		var o map[string]any
		if err := json.Unmarshal(r, &o); err != nil {
			return err
		}
		if _, err := json.Marshal(o); err != nil {
			return err
		}
	}
	return nil
}
