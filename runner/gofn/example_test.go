package gofn_test

import (
	"context"
	"fmt"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner/gofn"
)

func ExampleNew() {
	count := gofn.New("count", func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		in.Results = []krm.Result{{Message: fmt.Sprintf("%d objects", len(in.Items))}}
		return in, nil
	})
	out, err := count.Run(context.Background(), &krm.ResourceList{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(out.Results[0].Message)
	// Output: 0 objects
}
