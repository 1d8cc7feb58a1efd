package features

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/velero-krm/velero-krm/e2e/stack"
)

// TestStackRoundTrip backs up, deletes and restores into another namespace,
// with nothing of ours in between: what the other features compare against.
func TestStackRoundTrip(t *testing.T) {
	s := stack.ForTest(t)
	applyApp(t, s)
	backUpApp(t, s)

	files, err := s.BackupContents(t.Context(), "app")
	if err != nil {
		t.Fatal(err)
	}
	const widget = "resources/widgets.example.velero-krm.io/namespaces/app/wheel.json"
	if got := string(files[widget]); !strings.Contains(got, "9007199254740993") {
		t.Errorf("%s in the tarball: want the number 9007199254740993, got %s", widget, got)
	}
	var settings corev1.ConfigMap
	const configMap = "resources/configmaps/namespaces/app/settings.json"
	if err := json.Unmarshal(files[configMap], &settings); err != nil {
		t.Fatalf("%s in the tarball: %v", configMap, err)
	}
	if diff := cmp.Diff(wantSettings, settings.Data); diff != "" {
		t.Errorf("%s in the tarball (-want +got):\n%s", configMap, diff)
	}

	if err := s.ControlPlane.DeleteNamespace(t.Context(), "app"); err != nil {
		t.Fatal(err)
	}
	err = s.ControlPlane.Client.Get(t.Context(), client.ObjectKey{Name: "app"}, &corev1.Namespace{})
	if !apierrors.IsNotFound(err) {
		t.Fatalf("get the deleted namespace: want not found, got %v", err)
	}

	restore, err := s.Restore(t.Context(), "app", velerov1api.RestoreSpec{
		BackupName:       "app",
		NamespaceMapping: map[string]string{"app": "app-dr"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Completed(t.Context(), restore); err != nil {
		t.Fatal(err)
	}
	checkRestored(t, s, "app-dr")
	if log, err := s.RestoreLog(t.Context(), "app"); err != nil || !strings.Contains(string(log), "wheel") {
		t.Errorf("the stored log of the restore: want a line about wheel, got error %v and %d bytes", err, len(log))
	}
}

// TestStackRestartVelero stops and starts the server alone: the cluster, the
// bucket and the backups stay.
func TestStackRestartVelero(t *testing.T) {
	s := stack.ForTest(t)
	applyApp(t, s)
	backUpApp(t, s)
	if err := s.RestartVelero(t.Context(), stack.VeleroConfig{}); err != nil {
		t.Fatal(err)
	}
	restore, err := s.Restore(t.Context(), "again", velerov1api.RestoreSpec{
		BackupName:       "app",
		NamespaceMapping: map[string]string{"app": "again"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Completed(t.Context(), restore); err != nil {
		t.Fatal(err)
	}
	checkRestored(t, s, "again")
}

// TestStacksSideBySide starts two stacks at once and finds in each only its
// own.
func TestStacksSideBySide(t *testing.T) {
	var stacks [2]*stack.Stack
	var errs [2]error
	var wait sync.WaitGroup
	for i := range stacks {
		wait.Go(func() { stacks[i], errs[i] = stack.Start(t.Context(), stack.Config{}) })
	}
	wait.Wait()
	for i, s := range stacks {
		if errs[i] != nil {
			t.Fatalf("stack %d: %v", i, errs[i])
		}
		t.Cleanup(func() {
			if err := s.Stop(); err != nil {
				t.Errorf("stop stack %d: %v", i, err)
			}
		})
	}
	applyApp(t, stacks[0])
	backUpApp(t, stacks[0])

	keys, err := stacks[1].S3.List(t.Context(), "backups/app/")
	if err != nil || len(keys) > 0 {
		t.Errorf("the other stack's bucket: want no backup, got %v, error %v", keys, err)
	}
	err = stacks[1].ControlPlane.Client.Get(t.Context(), client.ObjectKey{Name: "app"}, &corev1.Namespace{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("get the namespace in the other stack: want not found, got %v", err)
	}
}

// TestStackStopLeavesNothing counts what runs, plugins and all, and looks for
// each after Stop.
func TestStackStopLeavesNothing(t *testing.T) {
	s, err := stack.Start(t.Context(), stack.Config{})
	if err != nil {
		t.Fatal(err)
	}
	pids := s.Processes()
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	// Control plane, S3 server, Velero, and a guard for each.
	if len(pids) < 6 {
		t.Errorf("processes of a running stack: want 6 or more, got %v", pids)
	}
	for _, pid := range pids {
		if stat, ok := running(pid); ok {
			t.Errorf("process %d after Stop: want none, got %s", pid, stat)
		}
	}
	if _, err := os.Stat(s.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("folder %s after Stop: want none, got error %v", s.Dir, err)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("stop again: %v", err)
	}
}

// TestStackValidationError shows what a test reads when Velero refuses.
func TestStackValidationError(t *testing.T) {
	s := stack.ForTest(t)
	restore, err := s.Restore(t.Context(), "nothing", velerov1api.RestoreSpec{BackupName: "no-such-backup"})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Completed(t.Context(), restore)
	if err == nil {
		t.Fatal("restore from a backup that does not exist: want an error, got Completed")
	}
	for _, want := range []string{`restore "nothing" ended FailedValidation`, "no-such-backup"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in %q", want, err)
		}
	}
}

// running reports whether a process runs. One that has ended may stay in the
// table until somebody looks; in a container that may be never.
func running(pid int) (string, bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return string(stat), err == nil && !strings.Contains(string(stat), ") Z ")
}

var wantSettings = map[string]string{"documents.yaml": "a: yes\n---\nb: 0o17\n"}

func applyApp(t *testing.T, s *stack.Stack) {
	t.Helper()
	if err := s.ApplyDir(t.Context(), "testdata/stack"); err != nil {
		t.Fatal(err)
	}
}

func backUpApp(t *testing.T, s *stack.Stack) {
	t.Helper()
	backup, err := s.Backup(t.Context(), "app", velerov1api.BackupSpec{IncludedNamespaces: []string{"app"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Completed(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
}

// checkRestored reads the application back from the API server.
func checkRestored(t *testing.T, s *stack.Stack, namespace string) {
	t.Helper()
	api := s.ControlPlane.Client
	var settings corev1.ConfigMap
	if err := api.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "settings"}, &settings); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantSettings, settings.Data); diff != "" {
		t.Errorf("restored ConfigMap (-want +got):\n%s", diff)
	}
	var password corev1.Secret
	if err := api.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "password"}, &password); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("not a real one", string(password.Data["password"])); diff != "" {
		t.Errorf("restored Secret (-want +got):\n%s", diff)
	}
	wheel := &unstructured.Unstructured{}
	wheel.SetAPIVersion("example.velero-krm.io/v1")
	wheel.SetKind("Widget")
	if err := api.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "wheel"}, wheel); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"large": int64(9007199254740993), "text": "null"}
	if diff := cmp.Diff(want, wheel.Object["spec"]); diff != "" {
		t.Errorf("restored Widget (-want +got):\n%s", diff)
	}
}
