package runner_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// withMetadata is the ConfigMap ns/<name> with more metadata.
func withMetadata(tb testing.TB, name, metadata string) *krm.Item {
	tb.Helper()
	return newItem(tb, fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q,"namespace":"ns"%s}}`, name, metadata))
}

// writing puts metadata into the objects named so, and keeps the others.
func writing(tb testing.TB, metadata map[string]string) runner.FunctionFunc {
	tb.Helper()
	return func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		out := &krm.ResourceList{}
		for _, it := range in.Items {
			if more, ok := metadata[it.Identity().Name]; ok {
				id, _ := it.Annotation(runner.IDAnnotation)
				it = withMetadata(tb, it.Identity().Name, more).WithAnnotation(runner.IDAnnotation, id)
			}
			out.Items = append(out.Items, it)
		}
		return out, nil
	}
}

func TestMetadataOfAWrongTypeFailsTheObject(t *testing.T) {
	tests := map[string]struct {
		reason, before, after string
		want                  []string // in the error; none: it does not fail
	}{
		"label": {
			reason: "a stock Velero would lose all labels", before: `,"labels":{"app":"shop"}`, after: `,"labels":{"app":"shop","tier":1}`,
			want: []string{"metadata.labels.tier must be a string, is a number", `'"1"'`},
		},
		"annotation": {
			reason: "a nested map is told how it comes about", after: `,"annotations":{"example":{"com/a":"x"}}`,
			want: []string{"metadata.annotations.example must be a string, is a map", `metadata.annotations["example.com/a"]`},
		},
		"null among labels": {
			reason: "Velero 1.16 would lose all labels", after: `,"labels":{"app":"shop","tier":null}`,
			want: []string{"metadata.labels.tier must be a string, is null (null does not remove it: take the key"},
		},
		"null among finalizers": {
			reason: "as among labels", after: `,"finalizers":[null]`,
			want: []string{"metadata.finalizers[0] must be a string, is null (null does not remove it: take the key or element"},
		},
		"finalizers": {reason: "they are a list", after: `,"finalizers":"a"`, want: []string{"metadata.finalizers must be a list, is a string"}},
		"null":       {reason: "it stands for none", before: `,"labels":{"app":"shop"}`, after: `,"labels":null`},
		"before": {
			reason: "it came from elsewhere", before: `,"labels":{"a":1}`, after: `,"labels":{"a":1,"b":"x"}`,
		},
		"before, at another place": {
			reason: "it only moved", before: `,"finalizers":["a",1]`, after: `,"finalizers":[1]`,
		},
		"before, and one more": {
			reason: "one came from elsewhere, the other did not", before: `,"finalizers":[1]`, after: `,"finalizers":["a",1,2]`,
			want: []string{"metadata.finalizers[2] must be a string, is a number"},
		},
		"before, of another type": {
			reason: "that one is gone", before: `,"finalizers":[1]`, after: `,"finalizers":[true]`,
			want: []string{"metadata.finalizers[0] must be a string, is a boolean"},
		},
		"before, as a whole": {
			reason: "one label is not all of them", before: `,"labels":[]`, after: `,"labels":{"":1}`,
			want: []string{`metadata.labels[""] must be a string`},
		},
		"another before": {
			reason: "what the function wrote is told", before: `,"labels":{"a":1}`, after: `,"labels":{"a":1,"b":2}`,
			want: []string{"metadata.labels.b must be a string"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			items := []*krm.Item{object(t, "first"), withMetadata(t, "bad", tc.before), object(t, "last")}
			f := writing(t, map[string]string{"first": `,"labels":{"seen":"yes"}`, "bad": tc.after, "last": `,"labels":{"seen":"yes"}`})
			out := transform(t, f, items, runner.TransformOptions{Name: "f"})
			for _, i := range []int{0, 2} {
				if out.Items[i].Status != runner.Changed {
					t.Errorf("%s: object %d: want Changed, got %s", tc.reason, i, out.Items[i].Status)
				}
			}
			err := out.Items[1].Err
			if len(tc.want) == 0 {
				if err != nil {
					t.Errorf("%s: got %v", tc.reason, err)
				}
				return
			}
			var field *krm.FieldTypeError
			if !errors.Is(err, runner.ErrFieldType) || !errors.As(err, &field) {
				t.Fatalf("%s: got %v", tc.reason, err)
			}
			for _, want := range append(tc.want, `run function "f"`) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s: want %q in %v", tc.reason, want, err)
				}
			}
		})
	}
}

func TestMetadataOfAWrongTypeThatIsThereAlready(t *testing.T) {
	it := withMetadata(t, "a", `,"labels":{"a":1}`)
	same := runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) { return in, nil })
	if got := transform(t, same, []*krm.Item{it}, runner.TransformOptions{}).Items[0]; got.Status != runner.Unchanged {
		t.Errorf("got %s, %v", got.Status, got.Err)
	}
}

// TestPathsTellNoSecret: a function may make a key of a Secret's value, in a way
// that redaction cannot see. Keys that say nothing of the kind stay.
func TestPathsTellNoSecret(t *testing.T) {
	secret := newItem(t, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","namespace":"ns"},"stringData":{"a":"correct-horse"}}`)
	script := newItem(t, `{"apiVersion":"v1","kind":"Script","metadata":{"name":"s"},"source":"metadata['labels'] = {\"tier\": 1, \"xCORRECTx\": 2}"}`)
	hidden, shown := "metadata.labels[...] must be a string", "metadata.labels.%s must be a string"
	cases := map[string]struct {
		reason, before, key string
		others              []*krm.Item
		config              *krm.Item
		want                string
	}{
		"upper-cased":    {reason: "no Secret holds it so", key: "CORRECT-HORSE", others: []*krm.Item{secret}, want: hidden},
		"a part":         {reason: "too short to be found", key: "corre", others: []*krm.Item{secret}, want: hidden},
		"a harmless one": {reason: "nobody knows that it is", key: "tier", others: []*krm.Item{secret}, want: hidden},
		"no Secret":      {reason: "there is nothing to be told", key: "tier", others: []*krm.Item{object(t, "other")}, want: shown},
		"a reference": {
			reason: "it holds no values", key: "tier", want: shown,
			others: []*krm.Item{newItem(t, `{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"a"},"secrets":[{"kind":"Secret","name":"s"}]}`)},
		},
		"there before":      {reason: "the function did not make it", before: `,"labels":{"tier":"x"}`, key: "tier", others: []*krm.Item{secret}, want: shown},
		"in the config":     {reason: "it is the step's own word", key: "tier", others: []*krm.Item{secret}, config: script, want: shown},
		"part of a word":    {reason: "it is not", key: "CORRECT", others: []*krm.Item{secret}, config: script, want: hidden},
		"not in the config": {reason: "it is not", key: "CORRECT-HORSE", others: []*krm.Item{secret}, config: script, want: hidden},
		"the config":        {reason: "a config may be a Secret", key: "stringData", config: secret, want: hidden},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := writing(t, map[string]string{"bad": fmt.Sprintf(`,"labels":{%q:1}`, tc.key)})
			items := append([]*krm.Item{withMetadata(t, "bad", tc.before)}, tc.others...)
			out := transform(t, f, items, runner.TransformOptions{Config: tc.config})
			err := out.Items[0].Err
			var field *krm.FieldTypeError
			if !errors.As(err, &field) {
				t.Fatalf("%s: got %v", tc.reason, err)
			}
			want := strings.ReplaceAll(tc.want, "%s", tc.key)
			for what, text := range map[string]string{"error": err.Error(), "cause": field.Error()} {
				if !strings.Contains(text, want) {
					t.Errorf("%s: %s: want %q in %q", tc.reason, what, want, text)
				}
			}
			if tc.want == hidden && strings.Contains(fmt.Sprintf("%v %+v", err, field), tc.key) {
				t.Errorf("%s: %+v tells the key", tc.reason, field)
			}
		})
	}
}

func TestAddedObjectWithMetadataOfAWrongType(t *testing.T) {
	adding := runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		if strings.HasSuffix(in.Items[0].Identity().Name, "1") {
			in.Items = append(in.Items, withMetadata(t, "new", `,"labels":{"a":1}`))
		}
		return in, nil
	})
	opts := runner.TransformOptions{Allow: runner.Permissions{Create: true}, MaxBatchItems: 1}
	out := transform(t, adding, objects(t, 3), opts)
	if diff := cmp.Diff([]int{1}, failed(out)); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	if err := out.Items[1].Err; !errors.Is(err, runner.ErrFieldType) || !strings.Contains(err.Error(), "ConfigMap ns/new") {
		t.Errorf("got %v", err)
	}
}
