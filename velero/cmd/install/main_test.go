package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRun(t *testing.T) {
	root, target := t.TempDir(), t.TempDir()
	for name, content := range map[string]string{"plugins/velero-plugin-krm": "plugin", "functions/krm-functions": "functions", "plugins/folder/x": "x"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o755); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	if err := os.Symlink("krm-functions", filepath.Join(root, "functions", "route")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a restarted init container runs again
		if err := run(root, []string{target}); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]string{}
	err := filepath.WalkDir(target, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		got[path[len(target)+1:]] = info.Mode().String() + " " + string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"velero-plugin-krm":             "-rwxr-xr-x plugin",
		"krm-functions.d/krm-functions": "-rw-r--r-- functions",
		"krm-functions.d/route":         "-rw-r--r-- functions",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("run(): -want +got:\n%s", diff)
	}
}

func TestRunFails(t *testing.T) {
	for name, tc := range map[string]struct {
		reason string
		args   []string
	}{
		"NoTarget":      {reason: "usage"},
		"TwoTargets":    {reason: "usage", args: []string{"a", "b"}},
		"NotAnImage":    {reason: "no plugins folder", args: []string{t.TempDir()}},
		"MissingTarget": {reason: "not mounted", args: []string{"/nowhere"}},
	} {
		if err := run(t.TempDir(), tc.args); err == nil {
			t.Errorf("%s: %s: run() = nil", name, tc.reason)
		}
	}
}
