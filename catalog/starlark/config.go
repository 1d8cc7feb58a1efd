package starlark

import (
	"context"
	"errors"
	"fmt"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/internal/jsonvalue"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function.
type Config struct {
	Spec

	// whole is the functionConfig, which scripts see; program is the script.
	whole   *krm.Item
	program *starlark.Program
}

// Spec is what a StarlarkRun holds beside its metadata.
type Spec struct {
	Source string         `json:"source" required:"true" doc:"the script"`
	Params map[string]any `json:"params" doc:"values for the script, as ctx.params; in a ConfigMap, every key beside source"`
}

const (
	keySource = "source"
	keyParams = "params"
)

// scriptName is what positions in scripts are called.
const scriptName = "source"

// ReadConfig also takes a ConfigMap whose keys are the script and its
// parameters.
func (c *Config) ReadConfig(config *krm.Item) error {
	if config == nil {
		return fn.Invalid(keySource, "is required", "the script")
	}
	c.whole = config
	if config.Identity().Kind == "ConfigMap" {
		return c.readConfigMap(config.Object())
	}
	reader := fn.New(Function().Name(), "Reads the config.", func(_ context.Context, s Spec, _ *fn.List) error {
		c.Spec = s
		return nil
	}, fn.AcceptConfig(runAPIVersion, runKind))
	_, err := reader.Run(context.Background(), &krm.ResourceList{FunctionConfig: config})
	var ce *fn.ConfigError
	if !errors.As(err, &ce) {
		return err
	}
	var errs []error
	for _, p := range ce.Problems {
		errs = append(errs, fn.Invalid(p.Path, p.Reason, p.Hint))
	}
	return errors.Join(errs...)
}

func (c *Config) readConfigMap(config map[string]any) error {
	data, ok := config["data"].(map[string]any)
	if !ok && config["data"] != nil {
		return fn.Invalid("data", "must be a map, is a "+jsonvalue.TypeName(config["data"]), "")
	}
	c.Params = map[string]any{}
	for key, value := range data {
		text, ok := value.(string)
		if !ok {
			return fn.Invalid(fn.FieldPath("data", key), "must be a string, is a "+jsonvalue.TypeName(value), "")
		}
		if key == keySource {
			c.Source = text
		} else {
			c.Params[key] = text
		}
	}
	if c.Source == "" {
		return fn.Invalid("data."+keySource, "is required", "the script")
	}
	return nil
}

// options are those of the public catalogue's function.
func options() *syntax.FileOptions {
	return &syntax.FileOptions{Set: true, While: true, TopLevelControl: true, GlobalReassign: true, Recursion: true}
}

const ctxName = "ctx"

// Validate compiles the script.
func (c *Config) Validate() error {
	isPredeclared := func(name string) bool { return name == ctxName || name == jsonName }
	file, program, err := starlark.SourceProgramOptions(options(), scriptName, c.Source, isPredeclared)
	if err != nil {
		return invalidSource(err)
	}
	if err := checkModules(file); err != nil {
		return err
	}
	c.program = program
	return nil
}

func predeclared(ctx starlark.Value) starlark.StringDict {
	return starlark.StringDict{ctxName: ctx, jsonName: jsonModule()}
}

// invalidSource tells every mistake with its line.
func invalidSource(err error) error {
	var list resolve.ErrorList
	if errors.As(err, &list) {
		var errs []error
		for _, e := range list {
			errs = append(errs, fn.Invalid(keySource, fmt.Sprintf("line %d: %s", e.Pos.Line, e.Msg), ""))
		}
		return errors.Join(errs...)
	}
	if e := (syntax.Error{}); errors.As(err, &e) {
		return fn.Invalid(keySource, fmt.Sprintf("line %d: %s", e.Pos.Line, e.Msg), "")
	}
	return fn.Invalid(keySource, "is no Starlark", "")
}
