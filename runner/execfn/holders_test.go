package execfn_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner/execfn"
	"github.com/velero-krm/velero-krm/runner/runnertest"
)

// TestChildInOwnSession: what left the group is found by the stdout it holds.
func TestChildInOwnSession(t *testing.T) { checkChildGone(t, "leave-child-in-own-session") }

// TestHolderOfStdinAlone: a process that left the group and never reads does
// not hold up the call either, and calls at the same time are left alone.
func TestHolderOfStdinAlone(t *testing.T) {
	runnertest.CheckNoLeak(t)
	pidFile := filepath.Join(t.TempDir(), "pid")
	f, err := execfn.New(write(t, "#!/bin/sh\nexec 3<&0\nsetsid sh -c 'echo $$ > "+pidFile+"; exec sleep 1000' <&3 3<&- >/dev/null 2>&1 &\n"+
		"while [ ! -s "+pidFile+" ]; do sleep 0.01; done\n"+
		`echo '{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList","items":[]}'`+"\n", 0o755))
	if err != nil {
		t.Fatal(err)
	}
	big := oneItem(t)
	obj := big.Items[0].Object()
	obj["data"] = strings.Repeat("x", 1<<20) // more than a pipe holds
	if big.Items[0], err = krm.FromObject(obj); err != nil {
		t.Fatal(err)
	}
	others := make(chan error)
	for range 2 {
		go func() {
			var err error
			for range 20 {
				if _, e := byName(t, "identity").Run(t.Context(), big); e != nil {
					err = e
				}
			}
			others <- err
		}()
	}
	if _, err := f.Run(t.Context(), big); err != nil {
		t.Errorf("Run(...): %v", err)
	}
	for range 2 {
		if err := <-others; err != nil {
			t.Errorf("a call at the same time: %v", err)
		}
	}
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if !runnertest.Eventually(func() bool { return runnertest.Gone(pid) }) {
		t.Errorf("process %d still runs", pid)
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}
