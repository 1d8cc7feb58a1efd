package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

// Diff writes the change to Velero as one unified diff, as git shows it: edited
// files, new files, go.mod and go.sum. It needs git.
func (t Tree) Diff(ctx context.Context, out io.Writer) error {
	files, err := t.files()
	if err != nil {
		return err
	}
	names, err := t.Changed()
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "velero-diff-")
	if err != nil {
		return fmt.Errorf("diff trees: %w", err)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	if err := t.layOut(tmp, names, files); err != nil {
		return fmt.Errorf("diff trees: %w", err)
	}

	var stderr bytes.Buffer
	// --no-index makes git compare two folders; the prefixes are their names.
	cmd := exec.CommandContext(ctx, "git", "--no-pager", "diff", "--no-index", "--no-color", "--no-ext-diff",
		"--src-prefix=", "--dst-prefix=", "a", "b")
	var diff bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = tmp, &diff, &stderr
	var exit *exec.ExitError
	// 1 means that there are differences.
	if err := cmd.Run(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return fmt.Errorf("diff trees: run git: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	// For a new file git writes the prefix of its only side twice.
	_, err = out.Write(newFile.ReplaceAll(diff.Bytes(), []byte("diff --git a/$1")))
	return err
}

var newFile = regexp.MustCompile(`(?m)^diff --git b/(\S+ b/)`)

// layOut writes the changed files to a, as they were, and b, as they are.
func (t Tree) layOut(tmp string, names []string, files map[string][]byte) error {
	for _, side := range []string{"a", "b"} {
		if err := os.Mkdir(filepath.Join(tmp, side), 0o755); err != nil {
			return err
		}
	}
	for _, name := range names {
		path := filepath.FromSlash(name)
		if err := writeIfDiffers(filepath.Join(tmp, "b", path), files[name]); err != nil {
			return err
		}
		old, err := os.ReadFile(filepath.Join(t.Source, path))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := writeIfDiffers(filepath.Join(tmp, "a", path), old); err != nil {
			return err
		}
	}
	return nil
}
