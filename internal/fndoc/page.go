package fndoc

import (
	"bytes"
	"fmt"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/runcontext"
	"github.com/velero-krm/velero-krm/krm"
)

// Page is all that a function says of itself, as -o json and -o yaml print it.
type Page struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	// Kinds that it changes; none for one that changes nothing.
	Kinds []string `json:"kinds,omitempty"`
	// AdditionalItems are the resources that it asks Velero for beside the
	// objects; none for most.
	AdditionalItems []string `json:"additionalItems,omitempty"`
	// Validates is true for one that is meant for validators.
	Validates bool     `json:"validates,omitempty"`
	Phases    []string `json:"phases"`
	// Needs is what a step must grant.
	Needs []fn.Grant `json:"needs,omitempty"`
	// Facts of the cluster that it reads from the context of the run, as
	// docs/run-context.md names them; none for most.
	Facts        []runcontext.Fact `json:"facts,omitempty"`
	Irreversible string            `json:"irreversible,omitempty"`
	// Follows are the references that it changes in objects that its config does
	// not name; empty for most.
	Follows string `json:"follows,omitempty"`
	// IfIgnored is why a step may not have onError: Ignore; empty when it may.
	IfIgnored string `json:"ifIgnored,omitempty"`
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

// Example is what a function does to objects.
type Example struct {
	// Before and After are YAML documents with sorted keys; After is empty when the
	// function fails.
	Before string `json:"before"`
	After  string `json:"after,omitempty"`
	// Says are the results, one line each.
	Says []string `json:"says,omitempty"`
	// Context is true when the function was given the context of a run as well.
	Context bool `json:"context,omitempty"`

	diff []diffLine
}

// Describe gathers the page of a function of the catalogue.
func Describe(f fn.Function) (*Page, error) {
	p := Summarize(f)
	example, err := catalog.ExampleOf(f.Name())
	if err != nil {
		return nil, err
	}
	if p.Example, err = show(example); err != nil {
		return nil, fmt.Errorf("describe %q: %w", f.Name(), err)
	}
	if p.Step, err = step(p, example.Shown, p.Example.Context); err != nil {
		return nil, fmt.Errorf("describe %q: %w", f.Name(), err)
	}
	return p, nil
}

// Summarize is [Describe] without step and example, which lists do not show.
func Summarize(f fn.Function) *Page {
	about := f.About()
	return &Page{
		Name: f.Name(), Summary: f.Summary(),
		Kinds: about.Kinds, AdditionalItems: about.AdditionalItems, Validates: about.Validates, Phases: about.Phases,
		Needs: about.Needs.Grants(), Facts: f.Facts(), Irreversible: about.Irreversible, Follows: about.Follows, IfIgnored: about.IfIgnored,
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

// show makes an Example of a fixture. What it says was compared with what the
// function does by the tests of the catalogue.
func show(e catalog.Example) (*Example, error) {
	before, local := withoutLocal(e.Input)
	after, _ := withoutLocal(e.Expected)
	shown := &Example{Context: local, Says: e.Says}
	var err error
	if shown.Before, err = yamlOf(before...); err != nil {
		return nil, err
	}
	if e.Expected == nil {
		after = before // it fails, and changes nothing
	} else if shown.After, err = yamlOf(after...); err != nil {
		return nil, err
	}
	shown.diff, err = diffItems(before, after)
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
