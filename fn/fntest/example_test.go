package fntest_test

import (
	"context"
	"fmt"

	"github.com/velero-krm/velero-krm/fn/fntest"
)

func ExampleInProcess() {
	way := fntest.InProcess(function(setLabel))
	out, err := way(context.Background(), []byte(`{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList","items":[]}`))
	fmt.Println(out.ExitCode, err)
	fmt.Print(string(out.Stderr))
	// Output:
	// 1 <nil>
	// label: read config: value: is required
}
