package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/velero-krm/velero-krm/internal/bench"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/execfn"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/velero-krm/velero-krm/bench/internal/original"
)

// executable is one function that is measured as a child process.
type executable struct {
	name, title string
	path        string
	config      map[string]string
	target      float64 // of row original
}

func (s *suite) executables() []executable {
	// Both set one label; each reads it from the ConfigMap in its own way.
	all := []executable{
		{"json", "JSON function", s.bin.json, map[string]string{"labels": `{"example.com/restored-by":"velero-krm"}`}, 100},
		{"kyaml", "kyaml function", s.bin.kyaml, map[string]string{"example.com/restored-by": "velero-krm"}, 15},
	}
	return slices.DeleteFunc(all, func(e executable) bool { return s.skip(e.name) })
}

// measureOriginal compares one exec per object, the original library's way,
// with batches through the runner. Every object goes through the original
// once, in as many parts as there are runs of ours, which take turns with it.
// The time per object of the fastest part counts: all parts have the same mix
// of kinds.
func measureOriginal(ctx context.Context, s *suite) error {
	for _, e := range s.executables() {
		if err := s.originalOver(ctx, e); err != nil {
			return fmt.Errorf("%s: %w", e.title, err)
		}
	}
	return nil
}

func (s *suite) originalOver(ctx context.Context, e executable) error {
	f := original.Function{Exec: e.path, ConfigMap: e.config}
	ours, err := s.transformer(ctx, e, defaultConcurrency)
	if err != nil {
		return err
	}
	// Unmeasured: caches, and kyaml's schema, which it parses once per process.
	if _, err := original.Execute(s.objects[0], f); err != nil {
		return fmt.Errorf("original: %w", err)
	}
	if _, err := ours(); err != nil {
		return err
	}
	var theirs, mine []float64 // ms per item
	var total time.Duration
	var theirOut []runtime.Object
	var myOut []*krm.Item
	parts := min(s.opts.runs, len(s.objects))
	for i := range parts {
		from, to := i*len(s.objects)/parts, (i+1)*len(s.objects)/parts
		s.out.Progress("  %s: objects %d to %d one by one", e.title, from, to)
		d, err := timed(func() error {
			out, err := executeEach(ctx, s.objects[from:to], f)
			theirOut = append(theirOut, out...)
			return err
		})
		if err != nil {
			return fmt.Errorf("original: %w", err)
		}
		total += d.wall
		theirs = append(theirs, perItem(d.wall, to-from))
		d, err = timed(func() error { myOut, err = ours(); return err })
		if err != nil {
			return err
		}
		mine = append(mine, s.perItem(d.wall))
	}
	if err := same(theirOut, myOut); err != nil {
		return err
	}
	s.out.Figure("original."+e.name+".original_total", total.Seconds(), "s")
	s.reportOriginal(e, slices.Min(theirs), slices.Min(mine))
	return nil
}

// reportOriginal reports ms per item.
func (s *suite) reportOriginal(e executable, theirs, mine float64) {
	s.out.Figure("original."+e.name+".original", theirs, "ms/item")
	s.out.Figure("original."+e.name+".batched", mine, "ms/item")
	s.out.Judge("original."+e.name+".speedup", bench.Verdict{
		Title:   e.title + ": original's way over batched",
		Today:   fmt.Sprintf("%.3f ms/item", theirs),
		Ours:    fmt.Sprintf("%.4f ms/item", mine),
		Ratio:   theirs / mine,
		Target:  e.target,
		AtLeast: true,
	})
}

// executeEach runs f once per object, as a Velero plugin of the original does.
func executeEach(ctx context.Context, objects [][]byte, f original.Function) ([]runtime.Object, error) {
	var all []runtime.Object
	for i, raw := range objects {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out, err := original.Execute(raw, f)
		if err != nil {
			return nil, fmt.Errorf("object %d: %w", i, err)
		}
		all = append(all, out...)
	}
	return all, nil
}

// defaultConcurrency leaves it to the runner how many calls it makes at once.
const defaultConcurrency = 0

// transformer returns a func that runs e over all objects, from their bytes,
// in batches.
func (s *suite) transformer(ctx context.Context, e executable, concurrency int) (func() ([]*krm.Item, error), error) {
	f, err := execfn.New(e.path)
	if err != nil {
		return nil, err
	}
	config, err := configMap(e.config)
	if err != nil {
		return nil, err
	}
	return func() ([]*krm.Item, error) {
		items, err := s.items()
		if err != nil {
			return nil, err
		}
		return transform(ctx, f, items, runner.TransformOptions{Config: config, MaxConcurrency: concurrency})
	}, nil
}

// transform runs f over items and returns what they became.
func transform(
	ctx context.Context, f runner.Function, items []*krm.Item, opts runner.TransformOptions,
) ([]*krm.Item, error) {
	outcome, err := runner.Transform(ctx, f, items, opts)
	if err != nil {
		return nil, err
	}
	out := make([]*krm.Item, len(items))
	for i, it := range outcome.Items {
		if it.Err != nil {
			return nil, it.Err
		}
		out[i] = it.Out
	}
	return out, nil
}

// configMap returns a ConfigMap functionConfig.
func configMap(data map[string]string) (*krm.Item, error) {
	raw, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": "function-input"},
		"data":     data,
	})
	if err != nil {
		return nil, err
	}
	return krm.ParseConfig(raw)
}

// same checks that both ways did the same work.
func same(theirs []runtime.Object, mine []*krm.Item) error {
	if len(theirs) != len(mine) {
		return fmt.Errorf("the original's way gave %d objects, ours %d", len(theirs), len(mine))
	}
	for i := range mine {
		raw, err := json.Marshal(theirs[i])
		if err != nil {
			return err
		}
		item, err := krm.NewItem(raw)
		if err != nil {
			return fmt.Errorf("read object %d of the original's way: %w", i, err)
		}
		if !item.Equal(mine[i]) {
			return fmt.Errorf("object %d, %s, differs: %v", i, mine[i].Identity(), krm.Diff(item, mine[i]))
		}
	}
	return nil
}
