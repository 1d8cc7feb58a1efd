package stack

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestControlPlaneAlone(t *testing.T) {
	c, err := StartControlPlane(t.Context(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	stop := func() {
		if err := c.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	}
	t.Cleanup(stop)

	disco, err := discovery.NewDiscoveryClientForConfig(c.Config)
	if err != nil {
		t.Fatal(err)
	}
	version, err := disco.ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if version.Major != "1" || !strings.HasPrefix(version.GitVersion, "v1.") {
		t.Errorf("version: want one that clients parse, got %+v", version)
	}
	t.Run("DeleteNamespace", func(t *testing.T) { checkDeleteNamespace(t, c) })
	stop()
	if _, err := os.Stat(filepath.Dir(c.Kubeconfig)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder after Stop: want none, got error %v", err)
	}
}

// checkDeleteNamespace fills a namespace with what would hold it up and makes
// it again when it is gone.
func checkDeleteNamespace(t *testing.T, c *ControlPlane) {
	t.Helper()
	const name = "full"
	for range 2 {
		if err := c.CreateNamespace(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		meta := metav1.ObjectMeta{Namespace: name, Name: "held", Finalizers: []string{"example.velero-krm.io/hold"}}
		pod := corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}}
		for _, obj := range []client.Object{
			&corev1.ConfigMap{ObjectMeta: meta},
			&corev1.Pod{ObjectMeta: meta, Spec: pod},
			&corev1.Service{ObjectMeta: meta, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}},
		} {
			if err := c.Client.Create(t.Context(), obj); err != nil {
				t.Fatal(err)
			}
		}
		objects, err := c.Objects(t.Context(), name)
		if err != nil || len(objects) != 3 {
			t.Errorf("objects of the namespace: want 3, got %d, error %v", len(objects), err)
		}
		if err := c.DeleteNamespace(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		_, err = c.Get(t.Context(), schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, name, "held")
		if !apierrors.IsNotFound(err) {
			t.Errorf("get what was in it: want not found, got %v", err)
		}
	}
	if err := c.DeleteNamespace(t.Context(), "no-such-namespace"); err != nil {
		t.Errorf("delete a namespace that does not exist: want no error, got %v", err)
	}
}

func TestS3Alone(t *testing.T) {
	dir := t.TempDir()
	s, err := StartS3(t.Context(), Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	keys, err := s.List(t.Context(), "")
	if err != nil || len(keys) > 0 {
		t.Errorf("list an empty bucket: got %v, error %v", keys, err)
	}
	if _, err := s.Get(t.Context(), "no/such/key"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("get what is not there: want os.ErrNotExist, got %v", err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "versitygw.log")); err != nil {
		t.Errorf("a folder that the caller named is kept: %v", err)
	}
}

func TestStartNamesABadPlugin(t *testing.T) {
	plugin := filepath.Join(t.TempDir(), "velero-plugin-dud")
	if err := os.WriteFile(plugin, []byte("#!/bin/sh\nexit 7\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Config{Dir: t.TempDir(), Velero: VeleroConfig{Plugins: []string{plugin}}})
	if err == nil || !strings.Contains(err.Error(), "velero-plugin-dud") {
		t.Errorf("want an error with the plugin's name, got %v", err)
	}
}
