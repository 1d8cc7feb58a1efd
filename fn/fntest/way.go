package fntest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Way runs the function under test as a program: stdin in, stdout, stderr and
// exit code out. err is for when it could not be run at all.
type Way func(ctx context.Context, stdin []byte) (Output, error)

// Output of a program.
type Output struct {
	Stdout, Stderr []byte
	ExitCode       int
}

// Command runs an executable, without a shell and with an empty environment.
func Command(path string, args ...string) Way {
	return func(ctx context.Context, stdin []byte) (Output, error) {
		var stdout, stderr bytes.Buffer
		cmd := exec.CommandContext(ctx, path, args...)
		cmd.Env = []string{}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &stdout, &stderr
		err := cmd.Run()
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			err = nil
		}
		if err != nil {
			return Output{}, fmt.Errorf("run %q: %w", path, err)
		}
		return Output{stdout.Bytes(), stderr.Bytes(), cmd.ProcessState.ExitCode()}, nil
	}
}

// InProcess runs [fn.Main] here: all of a program but the process.
func InProcess(f fn.Function) Way {
	return func(ctx context.Context, stdin []byte) (Output, error) {
		var stdout, stderr bytes.Buffer
		code := fn.Main(ctx, f, bytes.NewReader(stdin), &stdout, &stderr)
		return Output{stdout.Bytes(), stderr.Bytes(), code}, nil
	}
}

// checkWay wants of a way what the function did in the process, be the input
// JSON or YAML.
func (s Suite) checkWay(t *testing.T, c *testCase, want outcome, way Way) {
	t.Helper()
	inputs := map[string][]byte{
		"json": krm.AppendResourceList(nil, c.list()),
		"yaml": krm.EncodeYAML(c.list()),
	}
	for format, stdin := range inputs {
		t.Run(format, func(t *testing.T) {
			out, err := way(t.Context(), stdin)
			if err != nil {
				t.Fatal(err)
			}
			s.checkOutput(t, c, want, out)
			if isJSON := bytes.HasPrefix(out.Stdout, []byte("{")); isJSON != (format == "json") {
				t.Errorf("stdout is not %s as stdin is: %.40q", format, out.Stdout)
			}
		})
	}
}

func (s Suite) checkOutput(t *testing.T, c *testCase, want outcome, out Output) {
	t.Helper()
	list, err := krm.Decode(out.Stdout, krm.DecodeOptions{})
	if err != nil {
		t.Fatalf("decode stdout: %v; stderr: %s", err, out.Stderr)
	}
	if !want.failed() {
		if out.ExitCode != 0 || len(out.Stderr) > 0 {
			t.Fatalf("exit code %d, stderr %q; want 0 and nothing", out.ExitCode, out.Stderr)
		}
		compareItems(t, "items on stdout", want.items, s.settle(t, list.Items))
		compareText(t, "results on stdout", resultText(want.results), resultText(list.Results))
		return
	}
	if out.ExitCode != 1 {
		t.Errorf("exit code %d, want 1", out.ExitCode)
	}
	if lines := strings.Count(string(out.Stderr), "\n"); lines != 1 {
		t.Errorf("stderr has %d lines, want 1: %s", lines, out.Stderr)
	}
	compareItems(t, "items on stdout after a failure", c.items, list.Items)
	failures := 0
	for _, r := range list.Results {
		if r.Failed() {
			failures++
		}
	}
	if failures == 0 {
		t.Error("no result on stdout says why the function failed")
	}
}
