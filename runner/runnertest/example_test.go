package runnertest_test

import (
	"fmt"
	"testing"

	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/gofn"
	"github.com/velero-krm/velero-krm/runner/runnertest"
)

// A runtime's tests call Run with a func that makes its functions.
func ExampleRun() {
	test := func(t *testing.T) {
		t.Helper()
		runnertest.Run(t, func(_ *testing.T, b runnertest.Behaviour) runner.Function {
			if b.List == nil {
				return nil // this runtime has no stdin and stdout
			}
			return gofn.New(b.Name, b.List)
		})
	}
	fmt.Printf("%T\n", test)
	// Output: func(*testing.T)
}

func ExampleItems() {
	items := runnertest.Items()
	fmt.Println(len(items), items[0].Name(), items[48].Name())
	// Output: 49 01-input-is-one-document 49-additional-items-go-with-their-object
}
