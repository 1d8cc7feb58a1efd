package fndoc

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Page is all that a function says of itself, as -o json and -o yaml print it.
type Page struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	// Kinds that it changes; none for one that changes nothing.
	Kinds []string `json:"kinds,omitempty"`
	// Validates is true for one that is meant for validators.
	Validates bool     `json:"validates,omitempty"`
	Phases    []string `json:"phases"`
	// Needs is what a step must grant.
	Needs        []fn.Grant `json:"needs,omitempty"`
	Irreversible string     `json:"irreversible,omitempty"`
	// ConfigKind is the kind of the functionConfig, of apiVersion
	// velero-krm.io/v1alpha1.
	ConfigKind string  `json:"configKind"`
	Config     []Field `json:"config,omitempty"`
	// Step is a step of a pipeline, YAML; empty without Example.
	Step string `json:"step,omitempty"`
	// Example is what the function does with the config of Step; nil when it was
	// not asked for.
	Example *Example `json:"example,omitempty"`
}

// Field is one field of the config.
type Field struct {
	Name     string  `json:"name"`
	Type     string  `json:"type"`
	Required bool    `json:"required,omitempty"`
	Default  string  `json:"default,omitempty"`
	Doc      string  `json:"doc,omitempty"`
	Fields   []Field `json:"fields,omitempty"`
}

// Example is one run of a function.
type Example struct {
	// Before and After are YAML documents with sorted keys; After is empty when the
	// run failed.
	Before string `json:"before"`
	After  string `json:"after,omitempty"`
	// Says are the results, one line each.
	Says []string `json:"says,omitempty"`
	// Context is true when the function was given the context of a run as well.
	Context bool `json:"context,omitempty"`

	diff []diffLine
}

// Describe gathers the page of a function of the catalogue. Ending ctx ends
// the run of its example.
func Describe(ctx context.Context, f fn.Function) (*Page, error) {
	p := Summarize(f)
	example, err := catalog.ExampleOf(f.Name())
	if err != nil {
		return nil, err
	}
	if p.Step, err = step(p, example.Config); err != nil {
		return nil, fmt.Errorf("describe %q: %w", f.Name(), err)
	}
	if p.Example, err = run(ctx, f, example); err != nil {
		return nil, fmt.Errorf("describe %q: %w", f.Name(), err)
	}
	return p, nil
}

// Summarize is [Describe] without step and example, which lists do not show.
func Summarize(f fn.Function) *Page {
	about := f.About()
	return &Page{
		Name: f.Name(), Summary: f.Summary(),
		Kinds: about.Kinds, Validates: about.Validates, Phases: about.Phases,
		Needs: about.Needs.Grants(), Irreversible: about.Irreversible,
		ConfigKind: f.ConfigKind(), Config: fieldsOf(f.ConfigFields()),
	}
}

func fieldsOf(list []fn.ConfigField) []Field {
	fields := make([]Field, len(list))
	for i, f := range list {
		fields[i] = Field{Name: f.Name, Type: f.Type, Required: f.Required, Default: f.Default, Doc: f.Doc, Fields: fieldsOf(f.Fields)}
	}
	return fields
}

// run runs the example. That objects fail is part of what it shows.
func run(ctx context.Context, f fn.Function, e catalog.Example) (*Example, error) {
	in, err := e.List()
	if err != nil {
		return nil, err
	}
	out, err := f.Run(ctx, in)
	var failed *fn.RunError
	if errors.As(err, &failed) {
		out = &krm.ResourceList{Results: append(failed.Results, krm.Result{Severity: krm.Error, Message: failed.Error()})}
	} else if err != nil {
		return nil, fmt.Errorf("run example: %w", err)
	}
	return show(in.Items, out)
}

// show makes an Example of what went in and what came out.
func show(in []*krm.Item, out *krm.ResourceList) (*Example, error) {
	before, local := withoutLocal(in)
	shown := &Example{Context: local}
	failed := false
	for _, r := range out.Results {
		shown.Says = append(shown.Says, says(r))
		failed = failed || r.Failed()
	}
	after, _ := withoutLocal(out.Items)
	if failed {
		after = before
	}
	var err error
	if shown.diff, err = diffItems(before, after); err != nil {
		return shown, err
	}
	if shown.Before, err = yamlOf(before...); err != nil || failed {
		return shown, err
	}
	shown.After, err = yamlOf(after...)
	return shown, err
}

// withoutLocal leaves out what an orchestrator hands to a function beside the
// objects, and reports whether there was any.
func withoutLocal(items []*krm.Item) (objects []*krm.Item, found bool) {
	for _, item := range items {
		if v, _ := item.Annotation("config.kubernetes.io/local-config"); v == "true" {
			found = true
			continue
		}
		objects = append(objects, item)
	}
	return objects, found
}

// yamlOf writes objects with their keys sorted: what changed is told by lines,
// and an object that changed has sorted keys.
func yamlOf(items ...*krm.Item) (string, error) {
	var sorted []*krm.Item
	for _, item := range items {
		if item == nil {
			continue
		}
		s, err := krm.FromObject(item.Object())
		if err != nil {
			return "", fmt.Errorf("encode example: %w", err)
		}
		sorted = append(sorted, s)
	}
	var b bytes.Buffer
	if err := krm.WriteYAML(&b, sorted); err != nil {
		return "", fmt.Errorf("encode example: %w", err)
	}
	return b.String(), nil
}

// says is a result as one line.
func says(r krm.Result) string {
	line := string(r.Severity)
	if line == "" {
		line = string(krm.Info)
	}
	if ref := r.ResourceRef; ref != nil {
		id := krm.Identity{APIVersion: ref.APIVersion, Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name}
		line += " " + id.String()
	}
	if r.Field != nil && r.Field.Path != "" {
		line += " " + r.Field.Path
	}
	return line + ": " + r.Message
}
