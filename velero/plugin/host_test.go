package plugin

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/spf13/pflag"
)

// newHost returns a host that was started with the server's arguments.
func newHost(t *testing.T, args ...string) *Host {
	t.Helper()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	const nowhere = "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\ncontexts: [{name: c, context: {cluster: c}}]\ncurrent-context: c\n"
	if err := os.WriteFile(kubeconfig, []byte(nowhere), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := pflag.NewFlagSet("velero-plugin-krm", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	h := NewHost("v0", Catalog{}, flags)
	t.Cleanup(h.Close)
	if err := flags.Parse(append(args, "--kubeconfig", kubeconfig)); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHostFlags(t *testing.T) {
	t.Setenv("VELERO_NAMESPACE", "elsewhere")
	h := newHost(t, "--features=EnableCSI,EnableAPIGroupVersions", "--unknown", "x", "--namespace", "openshift-adp")
	action, err := h.NewBackupItemAction(logrus.New())
	if err != nil {
		t.Fatal(err)
	}
	if e := action.(*BackupItemAction).engine; !e.allVersions || e.namespace != "openshift-adp" {
		t.Errorf("allVersions %t, namespace %q: want those of the server's flags", e.allVersions, e.namespace)
	}
}

// TestHostAsksOnce makes the calls that come at once to a process that was
// restarted in the middle of a backup.
func TestHostAsksOnce(t *testing.T) {
	h := newHost(t)
	actions := make([]any, 16)
	var wg sync.WaitGroup
	for i := range actions {
		wg.Go(func() {
			var err error
			if actions[i], err = []func(logrus.FieldLogger) (any, error){h.NewBackupItemAction, h.NewRestoreItemAction}[i%2](logrus.New()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i, a := range actions {
		if a != actions[i%2] {
			t.Errorf("call %d made another action: its pipelines would load again, and its functions stay", i)
		}
	}
	if len(h.engines) != 2 {
		t.Errorf("%d engines were made, want 2", len(h.engines))
	}
}
