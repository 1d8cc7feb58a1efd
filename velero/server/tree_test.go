package server

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// versions of Velero that the edits are made for: those with a folder.
func versions(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join("versions", "v*"))
	if err != nil || len(dirs) < 3 {
		t.Fatalf("list versions: got %d, error %v", len(dirs), err)
	}
	for i := range dirs {
		dirs[i] = filepath.Base(dirs[i])
	}
	return dirs
}

func treeFor(t *testing.T, version string) Tree {
	t.Helper()
	source, err := Download(t.Context(), "go", version)
	if err != nil {
		t.Fatal(err)
	}
	return Tree{
		Source:     source,
		Own:        "_velero",
		ModFiles:   filepath.Join("versions", version),
		Library:    filepath.Join("..", "..", "multiitem"),
		LibraryMod: filepath.Join("versions", "multiitem.mod"),
		Edits:      Edits(),
	}
}

// TestEditsFitEveryVersion applies the declared list to the sources of all
// versions, without compiling them.
func TestEditsFitEveryVersion(t *testing.T) {
	for _, version := range versions(t) {
		t.Run(version, func(t *testing.T) {
			files, err := treeFor(t, version).files()
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range Edits() {
				for line := range strings.Lines(e.Insert) {
					if !bytes.Contains(files[e.File], []byte(strings.TrimSpace(line))) {
						t.Errorf("edit %q: line %q is not in %s", e.Name, line, e.File)
					}
				}
			}
			for _, name := range []string{"go.mod", "pkg/backup/multi_items.go", "third_party/velero-krm/multiitem/runner.go", "cmd/velero/velero.go"} {
				if len(files[name]) == 0 {
					t.Errorf("%s is missing", name)
				}
			}
			if _, ok := files["third_party/velero-krm/multiitem/runner_test.go"]; ok {
				t.Error("the library's tests are in the tree: want them left out")
			}
		})
	}
}

// TestWriteTwice checks that a tree is written once, and put right when it was
// changed.
func TestWriteTwice(t *testing.T) {
	tree := smallTree(t, "package a\n\nfunc F() {\n\tg()\n}\n")
	dir := t.TempDir()
	if err := tree.Write(dir); err != nil {
		t.Fatal(err)
	}
	first := contents(t, dir)
	for name, data := range map[string]string{"pkg/a.go": "changed", "pkg/stray.go": "package a"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := tree.Write(dir); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, contents(t, dir)); diff != "" {
		t.Errorf("written again (-want +got):\n%s", diff)
	}
	if got, want := first["pkg/a.go"], "package a\n\nfunc F() {\n\tg()\n\th()\n}\n"; got != want {
		t.Errorf("edited file: want %q, got %q", want, got)
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Run("an anchor that is missing", func(t *testing.T) {
		tree := smallTree(t, "package a\n\nfunc F() {}\n")
		dir := t.TempDir()
		err := tree.Write(dir)
		if err == nil || !strings.Contains(err.Error(), `apply edit "call h" to pkg/a.go, function F: statement "g()" found 0 times`) {
			t.Errorf("Write: want an error that names the anchor, got %v", err)
		}
		if files := contents(t, dir); len(files) != 0 {
			t.Errorf("Write: want nothing written, got %v", files)
		}
	})
	t.Run("an own file that Velero has", func(t *testing.T) {
		tree := smallTree(t, "package a\n\nfunc F() {\n\tg()\n}\n")
		write(t, tree.Own, "pkg/a.go", "package a\n")
		if err := tree.Write(t.TempDir()); err == nil || !strings.Contains(err.Error(), "pkg/a.go") {
			t.Errorf("Write: want an error that names the file, got %v", err)
		}
	})
	t.Run("a file that is gone", func(t *testing.T) {
		tree := smallTree(t, "package a\n")
		tree.Edits[0].File = "pkg/gone.go"
		if err := tree.Write(t.TempDir()); err == nil || !strings.Contains(err.Error(), "pkg/gone.go: no such file") {
			t.Errorf("Write: want an error that names the file, got %v", err)
		}
	})
}

func TestDiff(t *testing.T) {
	tree := smallTree(t, "package a\n\nfunc F() {\n\tg()\n}\n")
	var out bytes.Buffer
	if err := tree.Diff(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"diff --git a/pkg/a.go b/pkg/a.go\n", "--- a/pkg/a.go\n+++ b/pkg/a.go\n", " \tg()\n+\th()\n",
		"diff --git a/pkg/own.go b/pkg/own.go\n", "--- /dev/null\n+++ b/pkg/own.go\n", "-module old\n+module new\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("Diff: want %q in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "third_party") {
		t.Errorf("Diff: want the library left out, got\n%s", out.String())
	}
}

func TestDownloadUnknownVersion(t *testing.T) {
	if _, err := Download(t.Context(), "go", "v0.0.0-not-a-version"); err == nil || !strings.Contains(err.Error(), "v0.0.0-not-a-version") {
		t.Errorf("Download: want an error that names the version, got %v", err)
	}
}

// smallTree is a module with one file to edit.
func smallTree(t *testing.T, source string) Tree {
	t.Helper()
	dir := t.TempDir()
	tree := Tree{
		Source: filepath.Join(dir, "source"), Own: filepath.Join(dir, "own"), ModFiles: filepath.Join(dir, "mod"),
		Library: filepath.Join(dir, "library"), LibraryMod: filepath.Join(dir, "library.mod"),
		Edits: []Edit{{Name: "call h", File: "pkg/a.go", Func: "F", Anchor: "g()", Where: After, Insert: "h()"}},
	}
	write(t, tree.Source, "pkg/a.go", source)
	write(t, tree.Source, "go.mod", "module old\n")
	write(t, tree.Source, "go.sum", "")
	write(t, tree.Source, "site/page.md", "left out")
	write(t, tree.Own, "pkg/own.go", "package a\n")
	write(t, tree.ModFiles, "go.mod", "module new\n")
	write(t, tree.ModFiles, "go.sum", "")
	write(t, tree.Library, "lib.go", "package lib\n")
	write(t, dir, "library.mod", "module lib\n")
	return tree
}

func write(t *testing.T, dir, name, data string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestTableIsCurrent checks the table in the README.
func TestTableIsCurrent(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if err := WriteTable(&table, Edits()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(readme, table.Bytes()) {
		t.Errorf("README.md: the table of edits is not current; want\n%s", table.String())
	}
}
