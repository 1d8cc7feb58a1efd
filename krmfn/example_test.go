package krmfn_test

import (
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/velero-krm/velero-krm/krmfn"
)

// A program written for the original library, with one import changed.
func Example() {
	// A function is any executable that reads and prints a ResourceList. This
	// one sets the labels given in the data of its config on every object.
	function, cleanup := linkFunction("fn-label")
	defer cleanup()

	runner, err := krmfn.NewRunner().
		WithInput([]byte(`{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"}}`)).
		WithFunctions(krmfn.Function{
			Name:      "set-labels",
			Exec:      function,
			ConfigMap: map[string]string{"team": "payments"},
		}).
		WhereExecWorkingDir("/usr").
		Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	list, err := runner.Execute()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, item := range list.Items {
		service := item.(*unstructured.Unstructured)
		fmt.Println(service.GetKind(), service.GetName(), service.GetLabels())
	}
	// Output: Service web map[team:payments]
}

// What is wrong with a builder is told by Build, all at once.
func ExampleRunnerBuilder_build() {
	_, err := krmfn.NewRunner().
		WithInput([]byte(`{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"}}`)).
		WithFunctions(
			krmfn.Function{Exec: "/bin/sh"},
			krmfn.Function{Name: "set-labels", Image: "registry.example/set-labels:v1"},
		).
		Build()
	fmt.Println(err)
	// Output:
	// read function 0 "": function must have a name
	// read function 1 "set-labels": image "registry.example/set-labels:v1": container image functions are not supported: use exec
}

// linkFunction makes one of the functions of the tests an executable.
func linkFunction(name string) (path string, cleanup func()) {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		panic(err)
	}
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	path = filepath.Join(dir, name)
	if err := os.Symlink(self, path); err != nil {
		panic(err)
	}
	return path, func() { os.RemoveAll(dir) }
}
