package behave_test

import (
	"context"
	"fmt"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner/runnertest/behave"
)

func ExampleByName() {
	b, ok := behave.ByName("error-result")
	if !ok {
		fmt.Println("no such behaviour")
		return
	}
	out, err := b.List(context.Background(), &krm.ResourceList{})
	fmt.Println(out.Results[0].Severity, out.Results[0].Message, err)
	fmt.Println(b.Args())
	// Output:
	// error it is wrong <nil>
	// [krm-behave error-result]
}
