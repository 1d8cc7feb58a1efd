// Command install is the entry point of the plugin's image. Velero runs the
// image as an init container with its plugin folder mounted at the path that is
// the only argument, /target by convention; install copies the plugin there.
//
// The functions of the image go to krm-functions.d in that folder, without the
// permission to be executed: Velero takes every executable in its plugin folder
// for a plugin and does not start if it is none. The plugin runs them from a
// copy when KRM_FN_DIR names the folder.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// functionsFolder is where functions go, below the plugin folder.
const functionsFolder = "krm-functions.d"

func main() {
	if err := run("/", os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "install: "+err.Error())
		os.Exit(1)
	}
}

// run copies from the image, whose root is the folder root.
func run(root string, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: install TARGET; TARGET is Velero's plugin folder")
	}
	target := args[0]
	if err := copyFolder(filepath.Join(root, "plugins"), target, 0o755); err != nil {
		return fmt.Errorf("copy plugin: %w", err)
	}
	functions := filepath.Join(target, functionsFolder)
	if err := os.MkdirAll(functions, 0o755); err != nil { //nolint:gosec // Velero's container may run as another user
		return fmt.Errorf("copy functions: %w", err)
	}
	if err := copyFolder(filepath.Join(root, "functions"), functions, 0o644); err != nil {
		return fmt.Errorf("copy functions: %w", err)
	}
	return nil
}

// copyFolder copies the files of a folder, following links; folders in it are
// left out.
func copyFolder(from, to string, mode os.FileMode) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := os.Stat(filepath.Join(from, entry.Name()))
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			continue
		}
		if err := copyFile(filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name()), mode); err != nil {
			return err
		}
	}
	return nil
}

// copyFile writes beside the target and renames, so that a plugin that is
// running is not written into.
func copyFile(from, to string, mode os.FileMode) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // nothing was written
	out, err := os.CreateTemp(filepath.Dir(to), ".install-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(out.Name()) // the first error is the one to tell
		}
	}()
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	if err = os.Chmod(out.Name(), mode); err != nil {
		return err
	}
	return os.Rename(out.Name(), to)
}
