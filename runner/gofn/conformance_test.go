package gofn_test

import (
	"testing"

	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/gofn"
	"github.com/velero-krm/velero-krm/runner/runnertest"
)

func TestConformance(t *testing.T) {
	runnertest.Run(t, func(_ *testing.T, b runnertest.Behaviour) runner.Function {
		if b.List == nil {
			return nil
		}
		return gofn.New(b.Name, b.List)
	})
}
