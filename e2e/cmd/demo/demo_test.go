package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFailureKeepsTheLogs plays an example without an application.
func TestFailureKeepsTheLogs(t *testing.T) {
	example := t.TempDir()
	if err := os.CopyFS(filepath.Join(example, "cluster"), os.DirFS(filepath.Join("..", "..", "..", "examples", "shop", "cluster"))); err != nil {
		t.Fatal(err)
	}
	bin := os.Getenv("VELERO_KRM_BIN")
	if bin == "" {
		bin = filepath.Join("..", "..", "..", "bin")
	}
	stdout, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdout.Close() })

	err = run(t.Context(), []string{"--bin", bin, "--example", example}, stdout)
	if err == nil || !strings.Contains(err.Error(), "read manifests") {
		t.Fatalf("want an error that says what is missing, got %v", err)
	}
	said, err := os.ReadFile(stdout.Name())
	if err != nil {
		t.Fatal(err)
	}
	kept := regexp.MustCompile(`(?m)^==> logs and data are kept in (.*)$`).FindSubmatch(said)
	if kept == nil {
		t.Fatalf("the output does not say where the logs are:\n%s", said)
	}
	t.Cleanup(func() { os.RemoveAll(string(kept[1])) })
	if _, err := os.Stat(filepath.Join(string(kept[1]), "velero.log")); err != nil {
		t.Errorf("the log of Velero is not kept: %v", err)
	}
}
