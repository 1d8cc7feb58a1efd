package main

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDocs runs the commands of the pages for people and compares what they
// print with what the page says. A fenced block marked "console" holds them:
// after a line that begins with "$ " stands its output, stdout and stderr
// together. UPDATE_DOCS=1 rewrites the pages.
func TestDocs(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	var pages []string
	for _, glob := range []string{"README.md", "docs/*.md", "examples/*/README.md", "catalog/README.md", "catalog/*/README.md", "deploy/README.md", "bench/README.md", "CONTRIBUTING.md"} {
		found, err := filepath.Glob(filepath.Join(root, glob))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	dir := docsDir(t, root)
	commands := 0
	for _, page := range pages {
		name, err := filepath.Rel(root, page)
		if err != nil {
			t.Fatal(err)
		}
		if name == writingPage {
			continue // its steps change the repository: TestWritingAFunction
		}
		t.Run(name, func(t *testing.T) { commands += checkPage(t, dir, page) })
	}
	if commands == 0 {
		t.Error("no page has a command: the blocks are not found any more")
	}
}

// link matches the target of a Markdown link.
var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestLinks follows the links from page to page within the repository.
func TestLinks(t *testing.T) {
	root := filepath.Join("..", "..")
	links := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "bin") {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, ":") {
				continue
			}
			links++
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), target)); err != nil {
				t.Errorf("%s links to %s: %v", path, m[1], err)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if links == 0 {
		t.Error("no page has a link: they are not found any more")
	}
}

// docsDir returns a folder that looks like the top of the repository after
// `make build`, to run commands in.
func docsDir(t *testing.T, root string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"docs", "examples", "deploy"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(root, name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"velero-krm", "krm-functions"} {
		build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "bin", name), "./cmd/"+name)
		build.Dir = root
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", name, err, out)
		}
	}
	return dir
}

// checkPage runs the commands of one page and returns how many there were.
func checkPage(t *testing.T, dir, page string) int {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	got, commands := replay(t.Context(), dir, string(text))
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return commands
	}
	if diff := cmp.Diff(string(text), got); diff != "" {
		t.Errorf("the page does not show what its commands print (-page +printed); UPDATE_DOCS=1 rewrites it:\n%s", diff)
	}
	return commands
}

// replay returns text with the output of each command in place of what stood
// there.
func replay(ctx context.Context, dir, text string) (string, int) {
	var out strings.Builder
	commands, inBlock := 0, false
	for line := range strings.Lines(text) {
		switch command, isCommand := strings.CutPrefix(line, "$ "); {
		case !inBlock:
			inBlock = strings.TrimSpace(line) == "```console"
			out.WriteString(line)
		case strings.HasPrefix(line, "```"):
			inBlock = false
			out.WriteString(line)
		case isCommand:
			commands++
			out.WriteString(line)
			out.WriteString(shell(ctx, dir, command))
		}
	}
	return out.String(), commands
}

// shell runs one command as a person would after `make build`, with bin in PATH.
func shell(ctx context.Context, dir, command string) string {
	cmd := exec.CommandContext(ctx, "bash", "-c", command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"), "NO_COLOR=1")
	out, _ := cmd.CombinedOutput() // a page may show a failure
	return strings.ReplaceAll(string(out), dir+"/", "")
}
