package pipeline_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
	"github.com/velero-krm/velero-krm/runner"
)

// testFunction is a function of the tests' own catalogue.
type testFunction struct {
	name  string
	check func(config map[string]string) error
	run   func(config map[string]string, list *krm.ResourceList) error
	harm  string // what IfIgnored says
	needs func(config map[string]string) fn.Needs
	only  []string // phases
	// follows is what Follows says.
	follows string
}

var _ pipeline.Needer = testFunction{}

func (f testFunction) Needs(config *krm.Item) []fn.Grant {
	if f.needs == nil {
		return nil
	}
	return f.needs(data(config)).Grants()
}

var _ pipeline.PhaseMinder = testFunction{}

func (f testFunction) OnlyPhases(*krm.Item) []string { return f.only }

var _ pipeline.Follower = testFunction{}

func (f testFunction) Follows() string { return f.follows }

var _ pipeline.IgnoreMinder = testFunction{}

func (f testFunction) IfIgnored() string { return f.harm }

var _ pipeline.Builtin = testFunction{}

func (f testFunction) Name() string { return f.name }

func (f testFunction) CheckConfig(config *krm.Item) error {
	if f.check == nil {
		return nil
	}
	return f.check(data(config))
}

// Run hands run a list of its own.
func (f testFunction) Run(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out := &krm.ResourceList{Items: slices.Clone(in.Items)}
	if err := f.run(data(in.FunctionConfig), out); err != nil {
		return nil, &runner.FunctionError{Function: f.name, Err: err, Results: out.Results}
	}
	return out, nil
}

// data returns the data of a ConfigMap.
func data(config *krm.Item) map[string]string {
	out := map[string]string{}
	if config == nil {
		return out
	}
	values, _ := config.Object()["data"].(map[string]any)
	for k, v := range values {
		out[k], _ = v.(string)
	}
	return out
}

// catalogue returns the tests' functions by name.
func catalogue() map[string]testFunction {
	functions := map[string]testFunction{}
	for _, f := range []testFunction{
		{name: "identity", run: func(map[string]string, *krm.ResourceList) error { return nil }},
		{name: "trail", run: trail},
		{name: "fail", run: failOn},
		{name: "drop", run: drop},
		{name: "create", run: create},
		{name: "rename", run: rename},
		{name: "replace", run: replace},
		{name: "shift", run: shift},
		{name: "twice", run: twice},
		{name: "reverse", run: reverse},
		{name: "say", run: say},
		{name: "empty", run: func(_ map[string]string, l *krm.ResourceList) error { l.Items = nil; return nil }},
		{name: "want-context", run: wantContext},
		{name: "needy", run: idle, needs: func(map[string]string) fn.Needs {
			return fn.Needs{Delete: fn.Always, Rename: fn.Always, Context: fn.Always, List: fn.Always}
		}},
		{name: "sometimes-needy", run: idle, needs: sometimes, check: func(config map[string]string) error {
			if config["wrong"] != "" {
				return errors.New("data.wrong: unknown key")
			}
			return nil
		}},
		{name: "for-backups", run: idle, only: []string{"Backup"}},
		{name: "hide-or-fail", run: failOn, harm: "A secret would stay."},
		{name: "hide", run: func(map[string]string, *krm.ResourceList) error { return nil }, harm: "A secret would stay."},
		{name: "picky", run: reverse, check: func(map[string]string) error {
			return errors.Join(errors.New("data.a: must be above 3"), errors.New(`data.b: unknown key`))
		}},
	} {
		functions[f.name] = f
	}
	return functions
}

// idle does nothing.
func idle(map[string]string, *krm.ResourceList) error { return nil }

// sometimes is what a function needs whose config says it.
func sometimes(config map[string]string) fn.Needs {
	var needs fn.Needs
	if config["objects"] != "" {
		needs.Rename = "with objects"
	}
	if config["mappings"] == "" {
		needs.Context = "without mappings"
	}
	return needs
}

// trail appends config.add to an annotation of each item.
func trail(config map[string]string, l *krm.ResourceList) error {
	for i, it := range l.Items {
		before, _ := it.Annotation("trail")
		l.Items[i] = it.WithAnnotation("trail", before+config["add"])
	}
	return nil
}

// failOn fails when the item config.name is there, having said so.
func failOn(config map[string]string, l *krm.ResourceList) error {
	for _, it := range l.Items {
		if it.Identity().Name == config["name"] {
			l.Results = append(l.Results, krm.Result{Message: "cannot do " + config["name"], Severity: krm.Error})
			return fmt.Errorf("will not touch %s", config["name"])
		}
	}
	return trail(config, l)
}

// drop removes the item config.name.
func drop(config map[string]string, l *krm.ResourceList) error {
	l.Items = slices.DeleteFunc(l.Items, func(it *krm.Item) bool { return it.Identity().Name == config["name"] })
	return nil
}

// create adds an object of config.kind named config.name, in each call.
func create(config map[string]string, l *krm.ResourceList) error {
	metadata := map[string]any{"name": config["name"], "namespace": "shop"}
	if prefix := config["generateName"]; prefix != "" {
		metadata = map[string]any{"generateName": prefix, "namespace": "shop", "annotations": map[string]any{"made": "true"}}
	}
	it, err := krm.FromObject(map[string]any{
		"apiVersion": cmp.Or(config["apiVersion"], "v1"), "kind": config["kind"], "metadata": metadata,
	})
	l.Items = append(l.Items, it)
	return err
}

// rename names the item config.from config.to, of config.apiVersion if given.
func rename(config map[string]string, l *krm.ResourceList) error {
	for i, it := range l.Items {
		if it.Identity().Name != config["from"] {
			continue
		}
		obj := it.Object()
		obj["metadata"].(map[string]any)["name"] = config["to"]
		if v := config["apiVersion"]; v != "" {
			obj["apiVersion"] = v
		}
		renamed, err := krm.FromObject(obj)
		if err != nil {
			return err
		}
		l.Items[i] = renamed
	}
	return nil
}

// replace drops the Secret config.from, if it is there, and creates config.to.
func replace(config map[string]string, l *krm.ResourceList) error {
	before := len(l.Items)
	if err := drop(map[string]string{"name": config["from"]}, l); err != nil || len(l.Items) == before {
		return err
	}
	return create(map[string]string{"kind": "Secret", "name": config["to"]}, l)
}

// shift gives each item the name of the one before it, the first one "first".
func shift(_ map[string]string, l *krm.ResourceList) error {
	to := "first"
	for i, it := range l.Items {
		from := it.Identity().Name
		obj := it.Object()
		obj["metadata"].(map[string]any)["name"] = to
		renamed, err := krm.FromObject(obj)
		if err != nil {
			return err
		}
		l.Items[i], to = renamed, from
	}
	return nil
}

// twice returns each item twice.
func twice(_ map[string]string, l *krm.ResourceList) error {
	l.Items = append(l.Items, l.Items...)
	return nil
}

func reverse(_ map[string]string, l *krm.ResourceList) error {
	slices.Reverse(l.Items)
	return nil
}

// say gives a result of config.severity about each item.
func say(config map[string]string, l *krm.ResourceList) error {
	for _, it := range l.Items {
		l.Results = append(l.Results, krm.Result{
			Message: config["message"], Severity: krm.Severity(config["severity"]), ResourceRef: krm.RefTo(it.Identity()),
			Field: &krm.Field{Path: "spec.host"},
		})
	}
	return nil
}

// wantContext notes the name of the context object on each item.
func wantContext(_ map[string]string, l *krm.ResourceList) error {
	name := ""
	for _, it := range l.Items {
		if it.Identity().Kind == "RunContext" {
			name = it.Identity().Name
		}
	}
	if name == "" {
		return errors.New("no context")
	}
	return trail(map[string]string{"add": name}, l)
}

// env is an environment with the tests' functions.
func env() pipeline.Env {
	functions := catalogue()
	e := pipeline.Env{
		Builtins: func(name string) (pipeline.Builtin, bool) {
			f, ok := functions[name]
			return f, ok
		},
	}
	for name := range functions {
		e.BuiltinNames = append(e.BuiltinNames, name)
	}
	slices.Sort(e.BuiltinNames)
	return e
}

// counting wraps the builtins of e so that calls are counted by name.
func counting(e pipeline.Env, count func(name string, in *krm.ResourceList)) pipeline.Env {
	next := e.Builtins
	e.Builtins = func(name string) (pipeline.Builtin, bool) {
		b, ok := next(name)
		if !ok {
			return nil, false
		}
		return counted{Builtin: b, count: count}, true
	}
	return e
}

type counted struct {
	pipeline.Builtin
	count func(name string, in *krm.ResourceList)
}

func (c counted) Run(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
	c.count(c.Name(), in)
	return c.Builtin.Run(ctx, in)
}

// item makes an object of kind in namespace shop; extra are further fields of it.
func item(t *testing.T, kind, name string, extra map[string]any) *krm.Item {
	t.Helper()
	apiVersion := map[string]string{"Route": "route.openshift.io/v1", "Deployment": "apps/v1"}[kind]
	if apiVersion == "" {
		apiVersion = "v1"
	}
	obj := map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"name": name, "namespace": "shop"}}
	for k, v := range extra {
		obj[k] = v
	}
	raw, err := json.Marshal(obj)
	if err != nil {
		t.Fatal(err)
	}
	it, err := krm.NewItem(raw)
	if err != nil {
		t.Fatal(err)
	}
	return it
}
