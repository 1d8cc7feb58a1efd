package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writingPage is the page whose steps change the repository.
const writingPage = "docs/writing-a-function.md"

// TestWritingAFunction does what the page says, in a copy of the repository:
// every block marked "shell" is a step that must succeed, and the commands of
// every block marked "console" must print what the page shows. UPDATE_DOCS=1
// rewrites it.
func TestWritingAFunction(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, writingPage))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	copyRepository(t, root, dir)
	got, steps := followPage(t, dir, string(page))
	if steps < 8 {
		t.Errorf("the page has %d steps: they are not found any more", steps)
	}
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(filepath.Join(root, writingPage), []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(page), got); diff != "" {
		t.Errorf("the page does not show what its commands print (-page +printed); UPDATE_DOCS=1 rewrites it:\n%s", diff)
	}
}

// followPage runs the blocks of a page in their order and returns the page with
// what the commands print, and how many blocks there were.
func followPage(t *testing.T, dir, page string) (string, int) {
	t.Helper()
	var out, block strings.Builder
	steps, kind := 0, ""
	for line := range strings.Lines(page) {
		switch {
		case kind == "" && strings.HasPrefix(line, "```"):
			kind = strings.TrimSpace(line)
			out.WriteString(line)
			block.Reset()
		case kind == "":
			out.WriteString(line)
		case strings.HasPrefix(line, "```"):
			out.WriteString(runBlock(t, dir, kind, block.String()))
			out.WriteString(line)
			if kind == "```shell" || kind == "```console" {
				steps++
			}
			kind = ""
		default:
			block.WriteString(line)
		}
	}
	return out.String(), steps
}

// runBlock runs a block and returns it as it must stand on the page.
func runBlock(t *testing.T, dir, kind, block string) string {
	t.Helper()
	switch kind {
	case "```shell":
		cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", block)
		cmd.Dir = dir
		// A make around the tests must not speak to the one on the page.
		cmd.Env = append(os.Environ(), "NO_COLOR=1", "MAKEFLAGS=", "MAKELEVEL=")
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("a step of the page fails: %v\n%s\n%s", err, block, text)
		}
		return block
	case "```console":
		text, _ := replay(t.Context(), dir, "```console\n"+block)
		return strings.TrimPrefix(text, "```console\n")
	default:
		return block
	}
}

// copyRepository copies the root module with its docs and examples, and of the
// other modules what make reads.
func copyRepository(t *testing.T, root, dir string) {
	t.Helper()
	other := map[string]bool{".git": true, "bin": true}
	for _, module := range []string{"bench", "e2e", "tools", "velero"} {
		other[module] = true
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() && other[name] {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() {
			return nil
		}
		return copyFile(path, filepath.Join(dir, name))
	})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := filepath.Glob(filepath.Join(root, "*", "*.mk"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		name := filepath.Join(filepath.Base(filepath.Dir(part)), filepath.Base(part))
		if err := copyFile(part, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, data, info.Mode().Perm())
}
