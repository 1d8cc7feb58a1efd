package krmfn_test

import (
	"encoding/json"
	"io"
	"os"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/velero-krm/velero-krm/krmfn"
)

// configMap is the JSON of a ConfigMap.
func configMap(name string) []byte {
	raw, err := json.Marshal(configMapNamed(name))
	if err != nil {
		panic(err)
	}
	return raw
}

func toUnstructured(raw []byte) *unstructured.Unstructured {
	var u unstructured.Unstructured
	if err := u.UnmarshalJSON(raw); err != nil {
		panic(err)
	}
	return &u
}

// function runs the test function called name, with a label as its config.
func function(t *testing.T, name string) krmfn.Function {
	t.Helper()
	return krmfn.Function{
		Name: name, Exec: executable(t, name), ConfigMap: map[string]string{"team": "payments"},
	}
}

func build(t *testing.T, b krmfn.RunnerBuilder) krmfn.FunctionRunner {
	t.Helper()
	fr, err := b.Build()
	if err != nil {
		t.Fatalf("Build: %v", err)
	}
	return fr
}

func execute(t *testing.T, b krmfn.RunnerBuilder) krmfn.ResourceList {
	t.Helper()
	got, err := build(t, b).Execute()
	if err != nil {
		t.Fatalf("Execute: %v", err)
	}
	return got
}

// at returns item i.
func at(t *testing.T, l krmfn.ResourceList, i int) *unstructured.Unstructured {
	t.Helper()
	if i >= len(l.Items) {
		t.Fatalf("got %d items, want one at %d", len(l.Items), i)
	}
	u, ok := l.Items[i].(*unstructured.Unstructured)
	if !ok {
		t.Fatalf("item %d is a %T, want *unstructured.Unstructured", i, l.Items[i])
	}
	return u
}

func names(t *testing.T, l krmfn.ResourceList) []string {
	t.Helper()
	var out []string
	for i := range l.Items {
		out = append(out, at(t, l, i).GetName())
	}
	return out
}

// captureStderr returns what f writes to the stderr of this process.
func captureStderr(t *testing.T, f func()) string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "stderr")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	saved := os.Stderr
	os.Stderr = file
	defer func() { os.Stderr = saved }()
	f()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
