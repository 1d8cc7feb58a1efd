package plugin

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFunctionsInThePluginFolder(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	plugins := t.TempDir()
	dir := filepath.Join(plugins, "krm-functions.d")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	// Without the permission to be executed, or Velero would take it for a plugin.
	script := "#!/bin/sh\nsed 's/\"name\":\"c\"/\"name\":\"c\",\"labels\":{\"marked\":\"yes\"}/'\n"
	if err := os.WriteFile(filepath.Join(dir, "marker"), []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, []string{yamlPipeline("p", "\tmutators: [{exec: marker}]\n")})
	w.functions = &functions{dir: dir, pluginDir: plugins}
	out, _, _, _, err := (&BackupItemAction{engine: w.engine}).Execute(configMap(t, "c"), aBackup("b1", wants("p")))
	if err != nil || out == nil {
		t.Fatalf("a function of the plugin folder must run from a copy: %v, %v", out, err)
	}
	info, err := os.Stat(filepath.Join(dir, "marker"))
	if err != nil || info.Mode().Perm()&0o111 != 0 {
		t.Errorf("the function in the plugin folder must stay as it was: %v, %v", info.Mode(), err)
	}
	w.close()
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 0 {
		t.Errorf("close() left %v, %v", left, err)
	}
}

func TestFunctionsFolderMissing(t *testing.T) {
	w := newWorld(t, []string{yamlPipeline("p", "\tmutators: [{exec: marker}]\n")}, aBackup("b1", wants("p")))
	w.functions = &functions{dir: "/nowhere/plugins/functions", pluginDir: "/nowhere/plugins"}
	_, err := (&BackupItemAction{engine: w.engine}).AppliesTo()
	checkError(t, "the run must end with what to do", err, FunctionsDirEnv)
	checkError(t, "and name the folder", err, "/nowhere/plugins/functions")
}

func TestWithin(t *testing.T) {
	for path, want := range map[string]bool{
		"/plugins": true, "/plugins/x": true, "/plugins/a/b": true, "/plugins-x": false, "/data": false, "": false, "/plugins/../data": false,
	} {
		if got := within(path, "/plugins"); got != want {
			t.Errorf("within(%q, /plugins) = %t, want %t", path, got, want)
		}
	}
	if within("/data", "") {
		t.Error("without a plugin folder nothing lies within it")
	}
}
