package execfn_test

import (
	"os"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/execfn"
	"github.com/velero-krm/velero-krm/runner/runnertest"
	"github.com/velero-krm/velero-krm/runner/runnertest/behave"
)

// TestMain lets the test binary be the functions under test.
func TestMain(m *testing.M) {
	behave.Main()
	os.Exit(m.Run())
}

const raceEnv = "GORACE=atexit_sleep_ms=0"

// function returns this binary as a function that behaves so.
func function(tb testing.TB, b behave.Behaviour, opts ...execfn.Option) *execfn.Exec {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	f, err := execfn.New(self, append([]execfn.Option{
		execfn.WithName(b.Name), execfn.WithArgs(b.Args()...),
		// A program built with -race sleeps for a second when it exits.
		execfn.WithEnv(raceEnv),
	}, opts...)...)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func TestConformance(t *testing.T) {
	runnertest.Run(t, func(t *testing.T, b runnertest.Behaviour) runner.Function {
		t.Helper()
		return function(t, b)
	})
}

// TestConformanceOfYAMLInput holds the same when functions are sent YAML. The
// behaviours that read with encoding/json cannot be asked.
func TestConformanceOfYAMLInput(t *testing.T) {
	runnertest.Run(t, func(t *testing.T, b runnertest.Behaviour) runner.Function {
		t.Helper()
		switch b.Name {
		case "tell-envelope", "json-recode", "yaml-print", "legacy-results":
			return nil
		}
		return function(t, b, execfn.WithFormat(krm.YAML))
	})
}
