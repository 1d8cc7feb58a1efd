package stack_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"

	"github.com/velero-krm/velero-krm/e2e/stack"
)

// A program that backs up a namespace and stops everything at the end, or on
// Ctrl-C.
func ExampleStart() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	s, err := stack.Start(ctx, stack.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = s.Stop() }()

	if err := s.ControlPlane.CreateNamespace(ctx, "app"); err != nil {
		fmt.Println(err)
		return
	}
	backup, err := s.Backup(ctx, "app", velerov1api.BackupSpec{IncludedNamespaces: []string{"app"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(backup.Name, backup.Status.Phase)
	// Output: app Completed
}
