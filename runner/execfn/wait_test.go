package execfn_test

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/execfn"
)

// TestIgnoredSIGCHLD runs itself again: what a process ignores it cannot undo.
func TestIgnoredSIGCHLD(t *testing.T) {
	const env = "EXECFN_TEST_IGNORES_SIGCHLD"
	if os.Getenv(env) == "" {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestIgnoredSIGCHLD$", "-test.v")
		cmd.Env = append(os.Environ(), env+"=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestIgnoredSIGCHLD") {
			t.Errorf("%v:\n%s", err, out)
		}
		return
	}
	f, err := execfn.New(write(t, "#!/bin/sh\nexec cat\n", 0o755))
	if err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGCHLD)
	_, err = f.Run(t.Context(), oneItem(t))
	var fe *runner.FunctionError
	if !errors.As(err, &fe) || !fe.Systemic || !strings.Contains(err.Error(), "SIGCHLD") {
		t.Errorf("Run(...): %v; want a systemic error that names SIGCHLD", err)
	}
}

// TestNoTemporaryDirectory: the file is there, so the error must not say it is not.
func TestNoTemporaryDirectory(t *testing.T) {
	f, err := execfn.New(write(t, "#!/bin/sh\nexec cat\n", 0o755))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	_, err = f.Run(t.Context(), oneItem(t))
	if err == nil || errors.Is(err, runner.ErrNotFound) || !strings.Contains(err.Error(), "make working directory") || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("Run(...): %v", err)
	}
}
