package framework_test

import (
	"context"

	"github.com/sirupsen/logrus"
	"github.com/spf13/pflag"
	"github.com/velero-krm/velero-krm/multiitem"

	"github.com/velero-krm/velero-krm/velero/framework"
)

// skipper leaves out every second item.
type skipper struct{}

func (skipper) AppliesTo(context.Context) (multiitem.ResourceSelector, error) {
	return multiitem.ResourceSelector{IncludedResources: []string{"events"}}, nil
}

func (skipper) Execute(ctx context.Context, _ multiitem.Run, items *multiitem.Stream) error {
	return items.Each(ctx, func(_ context.Context, it *multiitem.Item) (multiitem.Answer, error) {
		if it.Index%2 == 1 {
			return it.Skipped("every second one is enough"), nil
		}
		return it.Unchanged(), nil
	})
}

// A plugin's main function. Velero starts the process.
func Example() {
	framework.NewServer().
		BindFlags(pflag.CommandLine).
		RegisterBackupMultiItemAction("example.com/skip", func(logrus.FieldLogger) (multiitem.BackupMultiItemAction, error) {
			return skipper{}, nil
		}).
		Serve()
}
