package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// binaries are the executables that are measured.
type binaries struct {
	dir   string // the root of the tree
	json  string // krm-functions under the name set-labels
	kyaml string // bench/cmd/kyaml-fn
}

// build compiles the executables into dir. functions replaces krm-functions
// when it is not empty.
func build(ctx context.Context, dir, functions string, log io.Writer) (binaries, error) {
	module, err := moduleDir(ctx)
	if err != nil {
		return binaries{}, err
	}
	b := binaries{
		dir:   filepath.Dir(module),
		json:  filepath.Join(dir, "set-labels"),
		kyaml: filepath.Join(dir, "kyaml-fn"),
	}
	if err := compile(ctx, module, "./cmd/kyaml-fn", b.kyaml, log); err != nil {
		return b, err
	}
	if functions != "" {
		abs, err := filepath.Abs(functions)
		if err != nil {
			return b, err
		}
		return b, os.Symlink(abs, b.json)
	}
	// The file's name selects the function: krm-functions is multi-call.
	return b, compile(ctx, b.dir, "./cmd/krm-functions", b.json, log)
}

// moduleDir returns the folder of this module.
func moduleDir(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find module: %w", err)
	}
	dir := filepath.Dir(strings.TrimSpace(string(out)))
	if filepath.Base(dir) != "bench" {
		return "", fmt.Errorf("find module: run from the bench folder, not from %s", dir)
	}
	return dir, nil
}

// compile builds the command pkg of the module in dir to target, as a release
// is built.
func compile(ctx context.Context, dir, pkg, target string, log io.Writer) error {
	fmt.Fprintln(log, "building", filepath.Base(target)) //nolint:errcheck // progress
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "nocel", "-trimpath", "-ldflags", "-s -w", "-o", target, pkg)
	cmd.Dir = dir
	cmd.Stderr = log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build %s: %w", pkg, err)
	}
	return nil
}
