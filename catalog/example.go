package catalog

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
)

// fixtures are the cases that pages show. The linker leaves them out of a
// program that does not call [ExampleOf].
//
//go:embed */testdata/example/*.* */testdata/ordinary/*.*
var fixtures embed.FS

// ErrNoExample says that a function has no fixture to show.
var ErrNoExample = errors.New("function has no fixture")

// Example is one fixture of a function, for pages and measurements: its case
// "example", which is small and made to be read, or without one its case
// "ordinary".
type Example struct {
	// Config is config.yaml as it stands there; empty for a function that needs
	// none.
	Config []byte
	// Shown is the config for pages: shown-config.yaml, for a config that names a
	// file, which an operator has elsewhere than the tests; else Config.
	Shown []byte
	// Input are the objects, with the context of a run among them for a function
	// that needs it.
	Input []*krm.Item
	// Expected are the objects that come out, nil when the function is to fail,
	// for pages: shown-expected.yaml, where what comes out differs in every run,
	// as with encryption, and the fixtures compare something else; else
	// expected.yaml.
	Expected []*krm.Item
	// Says are the results, or what the function fails with, one line each.
	Says []string
}

// List returns what the function is given. It is a list of its own. It fails
// when Config is no KRM object.
func (e Example) List() (*krm.ResourceList, error) {
	config, err := e.FunctionConfig()
	return &krm.ResourceList{Items: append([]*krm.Item{}, e.Input...), FunctionConfig: config}, err
}

// FunctionConfig returns Config as an object, nil when there is none. It fails
// when Config is no KRM object.
func (e Example) FunctionConfig() (*krm.Item, error) {
	if len(e.Config) == 0 {
		return nil, nil //nolint:nilnil // a function without config is given none
	}
	return krm.ParseConfig(e.Config)
}

// ExampleOf returns the example of a function of the catalogue. It is there for
// every name that [Lookup] knows; for others it fails with [ErrNoExample].
func ExampleOf(name string) (Example, error) {
	for _, c := range []string{"example", "ordinary"} {
		dir := path.Join(name, "testdata", c)
		raw, err := fixtures.ReadFile(path.Join(dir, "input.yaml"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Example{}, fmt.Errorf("read example of %q: %w", name, err)
		}
		return readExample(dir, raw)
	}
	return Example{}, fmt.Errorf("read example of %q: %w", name, ErrNoExample)
}

func readExample(dir string, input []byte) (Example, error) {
	items, err := krm.ReadItems(bytes.NewReader(input), path.Join(dir, "input.yaml"))
	if err != nil {
		return Example{}, err
	}
	e := Example{Input: items}
	if e.Config, err = optional(dir, "config.yaml"); err != nil {
		return e, err
	}
	if e.Shown, err = optional(dir, "shown-config.yaml"); err != nil {
		return e, err
	}
	if e.Shown == nil {
		e.Shown = e.Config
	}
	if e.Says, err = said(dir); err != nil {
		return e, err
	}
	for _, name := range []string{"shown-expected.yaml", "expected.yaml"} {
		expected, err := optional(dir, name)
		if err != nil {
			return e, err
		}
		if expected != nil {
			e.Expected, err = krm.ReadItems(bytes.NewReader(expected), path.Join(dir, name))
			return e, err
		}
	}
	return e, nil
}

// said reads results.txt and errors.txt. The latter has regular expressions,
// which fntest writes by quoting a text.
func said(dir string) ([]string, error) {
	results, err := optional(dir, "results.txt")
	if err != nil {
		return nil, err
	}
	failures, err := optional(dir, "errors.txt")
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(string(results) + strings.ReplaceAll(string(failures), `\`, "")) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// optional returns nil for a file that is not there.
func optional(dir, name string) ([]byte, error) {
	raw, err := fixtures.ReadFile(path.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read example: %w", err)
	}
	return raw, nil
}
