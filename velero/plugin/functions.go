package plugin

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/velero-krm/velero-krm/pipeline"
)

// functions is the folder that holds executables and configuration files.
//
// Where an init container can write into Velero's plugin folder alone, as under
// OADP, functions have to lie in a folder in there, without the permission to
// be executed, because Velero takes every executable in there for a plugin.
// They are then copied to a folder of this process and made executable.
type functions struct {
	// dir is the folder that the operator named.
	dir string
	// pluginDir is Velero's.
	pluginDir string

	once   sync.Once
	copied string
	err    error
}

// path returns the folder to run from.
func (f *functions) path() (string, error) {
	if !within(f.dir, f.pluginDir) {
		return f.dir, nil
	}
	f.once.Do(func() { f.copied, f.err = copyFunctions(f.dir) })
	return f.copied, f.err
}

// remove removes the copy, if there is one.
func (f *functions) remove() error {
	f.once.Do(func() { f.err = errors.New("the functions were removed") })
	if f.copied == "" {
		return nil
	}
	return os.RemoveAll(f.copied)
}

// within reports whether path is dir or lies below it.
func within(path, dir string) bool {
	if dir == "" || path == "" {
		return false
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
}

// copyFunctions copies the regular files right in dir and makes them
// executable.
func copyFunctions(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("copy functions: %w", err)
	}
	copied, err := os.MkdirTemp("", "krm-functions-")
	if err != nil {
		return "", fmt.Errorf("copy functions: %w", err)
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		if err := copyFile(filepath.Join(dir, entry.Name()), filepath.Join(copied, entry.Name())); err != nil {
			return "", errors.Join(fmt.Errorf("copy functions: %w", err), os.RemoveAll(copied))
		}
	}
	return copied, nil
}

// copyFile closes the copy before it returns: a file open for writing cannot
// be executed.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // nothing was written
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o500)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// needsFunctions reports whether a step of p uses the folder.
func needsFunctions(p *pipeline.Pipeline) bool {
	return slices.ContainsFunc(slices.Concat(p.Spec.Mutators, p.Spec.Validators), func(s pipeline.Step) bool {
		return s.Exec != "" || s.ConfigPath != ""
	})
}
