package main

import (
	"context"
	"fmt"
	"time"

	"github.com/velero-krm/velero-krm/internal/bench"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
)

// measureRestores measures whole restores of n objects into namespaces that do
// not exist.
func (s *suite) measureRestores(ctx context.Context, n int) error {
	s.out.Progress("\nrestore of %d objects", n)
	// Velero has actions of its own for other kinds, which take longer than all
	// else: 70 ms for a Deployment (measured 2026-11-22).
	c, err := s.newCluster(ctx, n, "ConfigMap", "Secret")
	if err != nil {
		return err
	}
	each, many := perItem, execs
	each.once, many.once = true, true
	ways := []way{bare, builtins, many, each}
	middle, err := c.restores(ctx, s, ways)
	if stopped := c.close(); err == nil {
		err = stopped
	}
	if err != nil {
		return err
	}
	s.reportAll(fmt.Sprintf("restore.%d", n), ways, middle)
	for _, w := range []way{builtins, execs} {
		s.out.Judge(fmt.Sprintf("restore.%d.%s-over-none", n, w.name), bench.Verdict{
			Title: fmt.Sprintf("restore of %d objects, 3 functions, %s", n, w.title),
			Today: seconds(middle[bare.name]), Ours: seconds(middle[w.name]),
			Ratio: middle[w.name].wall.Seconds() / middle[bare.name].wall.Seconds(), Target: 1.05,
		})
	}
	return nil
}

// restores backs the objects up and restores them in every way.
func (c *cluster) restores(ctx context.Context, s *suite, ways []way) (map[string]took, error) {
	if _, err := c.backUp(ctx, s, bare, "source"); err != nil {
		return nil, err
	}
	return s.repeat(ctx, s.opts.restores, ways, func(ctx context.Context, w way, run int) (took, error) {
		return c.restore(ctx, s, w, runName(w, run))
	})
}

func (c *cluster) restore(ctx context.Context, s *suite, w way, name string) (took, error) {
	if err := c.serve(ctx, s, w); err != nil {
		return took{}, err
	}
	mapping := map[string]string{}
	for _, ns := range c.namespaces {
		mapping[ns] = name + "-" + ns
	}
	start := time.Now() //nolint:forbidigo // a benchmark reads the clock
	restore, err := c.Restore(ctx, name, velerov1api.RestoreSpec{BackupName: "source", NamespaceMapping: mapping}, choice(w))
	wall := time.Since(start)
	if err == nil {
		err = c.Completed(ctx, restore)
	}
	if err != nil {
		return took{}, err
	}
	log, err := c.RestoreLog(ctx, name)
	if err != nil {
		return took{}, err
	}
	calls, err := callsIn(string(log), w)
	if err != nil {
		return took{}, err
	}
	// What stays behind would slow the next one down.
	for _, ns := range mapping {
		if err := c.ControlPlane.DeleteNamespace(ctx, ns); err != nil {
			return took{}, err
		}
	}
	return took{wall: wall, calls: calls}, nil
}
