package krmfn

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
)

// step is one function, ready to run.
type step struct {
	name   string
	path   string // absolute
	config *krm.Item
}

// newStep checks f and reports every problem of it.
func newStep(f Function) (step, error) {
	var errs []error
	if f.Name == "" {
		errs = append(errs, ErrFunctionNameRequired)
	}
	path, err := executable(f)
	errs = append(errs, err)
	config, err := configOf(f)
	errs = append(errs, err)
	return step{name: f.Name, path: path, config: config}, errors.Join(errs...)
}

// executable returns the absolute path of the executable of f.
func executable(f Function) (string, error) {
	switch {
	case f.Image != "":
		return "", fmt.Errorf("image %q: %w", f.Image, ErrImageUnsupported)
	case f.Exec == "":
		return "", ErrExecRequired
	}
	// LookPath also checks paths with a slash: that the file is there and may
	// be executed. It never takes a bare name from the current directory.
	found, err := exec.LookPath(f.Exec)
	if err != nil {
		return "", hintPath(f.Exec, err)
	}
	return filepath.Abs(found)
}

// hintPath adds where a name was looked for.
func hintPath(name string, err error) error {
	if strings.ContainsRune(name, filepath.Separator) {
		return fmt.Errorf("find executable: %w", err)
	}
	return fmt.Errorf("find executable: %w (a name without a slash is looked up in $PATH)", err)
}

// configOf returns the functionConfig of f.
func configOf(f Function) (*krm.Item, error) {
	if f.Config == nil {
		return configMap(f.ConfigMap)
	}
	if f.ConfigMap != nil {
		return nil, ErrConfigConflict
	}
	if isNil(f.Config) {
		return nil, errors.New("config is a nil pointer")
	}
	raw, err := encode(f.Config)
	if err != nil {
		return nil, err
	}
	item, err := krm.ParseConfig(raw)
	if err != nil {
		return nil, fmt.Errorf("read config: %w", hintTypeMeta(f.Config, err))
	}
	return item, nil
}

// configMap returns the functionConfig that kpt and the original library make
// of a map.
func configMap(data map[string]string) (*krm.Item, error) {
	values := make(map[string]any, len(data))
	for k, v := range data {
		values[k] = v
	}
	item, err := krm.FromObject(map[string]any{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata":   map[string]any{"name": "function-input"},
		"data":       values,
	})
	if err != nil {
		return nil, fmt.Errorf("make config map: %w", err)
	}
	return item, nil
}
