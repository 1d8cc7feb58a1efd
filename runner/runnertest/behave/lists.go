package behave

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
)

// TouchMe is the label of the objects that touch-marked changes, and Poison
// that of those on which fail-on-poison fails.
const (
	TouchMe = "behave/touch-me"
	Poison  = "behave/poison"
)

type list = krm.ResourceList

// lists are the behaviours that Go code and programs can have alike.
func lists() []Behaviour {
	return []Behaviour{
		{Name: "identity", List: func(_ context.Context, in *list) (*list, error) { return in, nil }},
		{Name: "reverse", List: func(_ context.Context, in *list) (*list, error) { slices.Reverse(in.Items); return in, nil }},
		{Name: "sort", List: sorted},
		{Name: "touch", List: each(touch)},
		{Name: "touch-marked", List: each(marked(TouchMe, touch))},
		{Name: "rename", List: each(metadata(func(m map[string]any) { m["name"] = "renamed-" + m["name"].(string) }))},
		{Name: "rename-all-alike", List: each(metadata(func(m map[string]any) { m["name"] = "the-one" }))},
		{Name: "change-kind", List: each(func(o map[string]any) { o["kind"] = "Other" })},
		{Name: "drop-annotations", List: each(dropAnnotations)},
		{Name: "drop-annotations-and-rename", List: each(func(o map[string]any) {
			dropAnnotations(o)
			o["metadata"].(map[string]any)["name"] = "nameless"
		})},
		{Name: "drop-annotations-and-touch", List: each(func(o map[string]any) { dropAnnotations(o); touch(o) })},
		{Name: "copy-path-annotations", List: each(annotate("config.kubernetes.io/path", "a/b.yaml",
			"internal.config.kubernetes.io/path", "a/b.yaml", "config.kubernetes.io/index", "3",
			"internal.config.kubernetes.io/index", "3", "config.k8s.io/id", "7", "internal.config.kubernetes.io/id", "7"))},
		{Name: "unknown-id", List: each(annotate("internal.config.kubernetes.io/velero-krm-id", "1000000"))},
		{Name: "add", List: added},
		{Name: "remove-all", List: func(_ context.Context, in *list) (*list, error) { in.Items = nil; return in, nil }},
		{Name: "remove-marked", List: removeMarked},
		{Name: "twice", List: func(_ context.Context, in *list) (*list, error) {
			in.Items = append(in.Items, in.Items...)
			return in, nil
		}},
		{Name: "fail-on-poison", List: failOnPoison},
		{Name: "name-the-poison", List: nameThePoison},
		{Name: "perfect-then-exit-3", List: func(_ context.Context, in *list) (*list, error) {
			in.Results = []krm.Result{{Message: "kept on failure", Severity: krm.Warning}}
			return in, ExitError{Code: 3}
		}},
		{Name: "all-severities", List: func(_ context.Context, in *list) (*list, error) {
			in.Results = []krm.Result{{Message: "none"}, {Message: "i", Severity: krm.Info}, {Message: "w", Severity: krm.Warning}}
			return in, nil
		}},
		{Name: "error-result", List: resultOf(krm.Error)},
		{Name: "unknown-severity", List: resultOf("fatal")},
		{Name: "nothing", List: func(context.Context, *list) (*list, error) { return nil, nil }, Program: func(*Process) int { return 0 }},
		{Name: "echo-in-results", List: echoInResults},
		{Name: "tell-config", List: tellConfig},
		{Name: "forget-context", List: each(func(o map[string]any) {
			if _, isContext := annotationsOf(o)["config.kubernetes.io/local-config"]; isContext {
				dropAnnotations(o)
			}
		})},
	}
}

// each returns the behaviour that changes every object by change.
func each(change func(obj map[string]any)) func(context.Context, *list) (*list, error) {
	return func(_ context.Context, in *list) (*list, error) {
		for i, it := range in.Items {
			obj := it.Object()
			change(obj)
			out, err := krm.FromObject(obj)
			if err != nil {
				return nil, err
			}
			in.Items[i] = out
		}
		return in, nil
	}
}

func marked(label string, change func(map[string]any)) func(map[string]any) {
	return func(o map[string]any) {
		if hasLabel(o, label) {
			change(o)
		}
	}
}

func hasLabel(o map[string]any, label string) bool {
	m, _ := o["metadata"].(map[string]any)
	labels, _ := m["labels"].(map[string]any)
	_, ok := labels[label]
	return ok
}

func metadata(change func(map[string]any)) func(map[string]any) {
	return func(o map[string]any) { change(o["metadata"].(map[string]any)) }
}

// touch makes a change that does not touch annotations.
func touch(o map[string]any) { o["touched"] = true }

func dropAnnotations(o map[string]any) { delete(o["metadata"].(map[string]any), "annotations") }

func annotationsOf(o map[string]any) map[string]any {
	m, _ := o["metadata"].(map[string]any)
	annotations, _ := m["annotations"].(map[string]any)
	return annotations
}

func annotate(pairs ...string) func(map[string]any) {
	return metadata(func(m map[string]any) {
		annotations, _ := m["annotations"].(map[string]any)
		if annotations == nil {
			annotations = map[string]any{}
			m["annotations"] = annotations
		}
		for i := 0; i < len(pairs); i += 2 {
			annotations[pairs[i]] = pairs[i+1]
		}
	})
}

// sorted is what the Go SDK does to every list.
func sorted(_ context.Context, in *list) (*list, error) {
	slices.SortStableFunc(in.Items, func(a, b *krm.Item) int {
		return strings.Compare(a.Identity().String(), b.Identity().String())
	})
	return in, nil
}

func added(_ context.Context, in *list) (*list, error) {
	it, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"added",` +
		`"annotations":{"internal.config.kubernetes.io/path":"x.yaml"}}}`))
	in.Items = append([]*krm.Item{it}, in.Items...)
	return in, err
}

func removeMarked(_ context.Context, in *list) (*list, error) {
	in.Items = slices.DeleteFunc(in.Items, func(it *krm.Item) bool { return hasLabel(it.Object(), TouchMe) })
	return in, nil
}

func failOnPoison(ctx context.Context, in *list) (*list, error) {
	for _, it := range in.Items {
		if hasLabel(it.Object(), Poison) {
			return nil, errors.New("poison in the list")
		}
	}
	return each(touch)(ctx, in)
}

func nameThePoison(ctx context.Context, in *list) (*list, error) {
	var results []krm.Result
	for _, it := range in.Items {
		if hasLabel(it.Object(), Poison) {
			results = append(results, krm.Result{Message: "poison", Severity: krm.Error, ResourceRef: krm.RefTo(it.Identity())})
		}
	}
	in.Results = results
	out, err := each(touch)(ctx, in)
	return out, err
}

func resultOf(s krm.Severity) func(context.Context, *list) (*list, error) {
	return func(_ context.Context, in *list) (*list, error) {
		in.Results = []krm.Result{{Message: "it is wrong", Severity: s}}
		return in, nil
	}
}

// echoInResults puts the whole input wherever a result has room for text.
func echoInResults(_ context.Context, in *list) (*list, error) {
	for _, it := range in.Items {
		all := string(it.Raw())
		value := map[string]any{"all": []any{all}}
		in.Results = append(in.Results,
			krm.Result{
				Message: all, ResourceRef: krm.RefTo(it.Identity()), Tags: map[string]string{"all": all},
				Field: &krm.Field{Path: "data", CurrentValue: value, ProposedValue: it.Object()["data"]},
			},
			krm.Result{
				Message: "about another object", ResourceRef: &krm.ResourceRef{APIVersion: "v1", Kind: "ConfigMap", Name: "x"},
				Field: &krm.Field{Path: "data", CurrentValue: value, ProposedValue: it.Object()["data"]},
			})
	}
	return in, nil
}

// tellConfig returns the functionConfig as it came, and its keys in order.
func tellConfig(_ context.Context, in *list) (*list, error) {
	r := krm.Result{Message: "no functionConfig"}
	if in.FunctionConfig != nil {
		r.Message = string(in.FunctionConfig.Raw())
		keys, err := json.Marshal(slices.Sorted(maps.Keys(in.FunctionConfig.Object())))
		if err != nil {
			return nil, err
		}
		r.Tags = map[string]string{"keys": string(keys)}
	}
	in.Results = []krm.Result{r}
	return in, nil
}
