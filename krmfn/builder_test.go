package krmfn_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/velero-krm/velero-krm/krmfn"
)

func TestBuildErrors(t *testing.T) {
	ok := function(t, "fn-identity")
	input := krmfn.NewRunner().WithInput(configMap("a"))
	tests := map[string]struct {
		reason  string
		builder krmfn.RunnerBuilder
		want    []error
	}{
		"NoInput":    {"as the original", krmfn.NewRunner().WithFunctions(ok), []error{krmfn.ErrInputRequired}},
		"EmptyInput": {"no bytes hold no object", krmfn.NewRunner().WithInput(nil).WithFunctions(ok), []error{krmfn.ErrInputRequired}},
		"NoInputs":   {"no objects", krmfn.NewRunner().WithInputs().WithFunctions(ok), []error{krmfn.ErrInputRequired}},
		"NoFunction": {"as the original", input, []error{krmfn.ErrFunctionRequired}},
		"Nothing":    {"both are told", krmfn.NewRunner(), []error{krmfn.ErrInputRequired, krmfn.ErrFunctionRequired}},
		"NoName": {
			"as the original",
			input.WithFunctions(krmfn.Function{Exec: ok.Exec}),
			[]error{krmfn.ErrFunctionNameRequired},
		},
		"NeitherExecNorImage": {
			"nothing to run",
			input.WithFunctions(krmfn.Function{Name: "a"}),
			[]error{krmfn.ErrExecRequired},
		},
		"ManyAtOnce": {
			"every problem is told",
			input.WithFunctions(krmfn.Function{Image: "a"}).WithInputs(&unstructured.UnstructuredList{}),
			[]error{krmfn.ErrFunctionNameRequired, krmfn.ErrImageUnsupported, krmfn.ErrUnsupportedInputList},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			fr, err := tc.builder.Build()
			if fr != nil {
				t.Errorf("%s: got a runner along with error %v", tc.reason, err)
			}
			for _, want := range tc.want {
				if !errors.Is(err, want) {
					t.Errorf("%s: got %v, want %v in it", tc.reason, err, want)
				}
			}
		})
	}
}

func TestBuildReturnsSentinelsThatCallersCompare(t *testing.T) {
	_, err := krmfn.NewRunner().WithFunctions(function(t, "fn-identity")).Build()
	if err != krmfn.ErrInputRequired { //nolint:errorlint // callers of the original do this
		t.Errorf("got %#v, want %#v itself", err, krmfn.ErrInputRequired)
	}
	_, err = krmfn.NewRunner().WithInput(configMap("a")).Build()
	if err != krmfn.ErrFunctionRequired { //nolint:errorlint // callers of the original do this
		t.Errorf("got %#v, want %#v itself", err, krmfn.ErrFunctionRequired)
	}
}

func TestBadInputs(t *testing.T) {
	var nilObject *unstructured.Unstructured
	tests := map[string]struct {
		reason string
		in     runtime.Object
	}{
		"Nil":        {"nothing to read", nil},
		"NilPointer": {"nothing to read", nilObject},
		"NoKind":     {"a typed object as clients return it", &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: "a"}}},
		"Empty":      {"not a KRM object", &unstructured.Unstructured{}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := krmfn.NewRunner().WithInputs(tc.in).WithFunctions(function(t, "fn-identity")).Build()
			if err == nil {
				t.Errorf("%s: Build gave no error", tc.reason)
			}
		})
	}
}

func TestInputsKeepTheirOrder(t *testing.T) {
	typed := &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Name: "b"},
	}
	got := execute(t, krmfn.NewRunner().
		WithInput(configMap("a")).
		WithInputs(typed, toUnstructured(configMap("c"))).
		WithInput([]byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: e}\n")).
		WithInput([]byte(`{"apiVersion":"v1","kind":"List","items":[`+string(configMap("f"))+`]}`)).
		WithFunctions(function(t, "fn-identity")))
	if diff := cmp.Diff([]string{"a", "b", "c", "d", "e", "f"}, names(t, got)); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestInputsAreCopied(t *testing.T) {
	data, obj := configMap("a"), toUnstructured(configMap("b"))
	b := krmfn.NewRunner().WithInput(data).WithInputs(obj).WithFunctions(function(t, "fn-identity"))
	clear(data)
	obj.SetName("changed")
	if diff := cmp.Diff([]string{"a", "b"}, names(t, execute(t, b))); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestFunctionsRunInOrder(t *testing.T) {
	exe := executable(t, "fn-trace")
	b := krmfn.NewRunner().WithInput(configMap("a"))
	for _, letter := range []string{"x", "y", "z"} {
		b = b.WithFunctions(krmfn.Function{Name: letter, Exec: exe, ConfigMap: map[string]string{"letter": letter}})
	}
	if trace := at(t, execute(t, b), 0).GetAnnotations()["trace"]; trace != "xyz" {
		t.Errorf("got trace %q, want xyz", trace)
	}
}
