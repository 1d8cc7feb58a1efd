package framework

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/spf13/pflag"
	"github.com/velero-krm/velero-krm/multiitem"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	velero "github.com/vmware-tanzu/velero/pkg/plugin/framework"
	"github.com/vmware-tanzu/velero/pkg/plugin/framework/common"
	api "github.com/vmware-tanzu/velero/pkg/plugin/velero"
	"k8s.io/apimachinery/pkg/runtime"
)

// TestMain makes the test binary a plugin when a host of Velero starts it: as
// "<binary> run-plugins" it is the server's own, without plugins, as any other
// file the one that is tested.
func TestMain(m *testing.M) {
	handshake := velero.Handshake()
	if os.Getenv(handshake.MagicCookieKey) != handshake.MagicCookieValue {
		os.Exit(m.Run())
	}
	s := NewServer().BindFlags(pflag.NewFlagSet("plugin", pflag.ContinueOnError))
	if len(os.Args) < 2 || os.Args[1] != "run-plugins" {
		register(s)
	}
	s.Serve()
}

// register registers one plugin of each kind.
func register(s Server) {
	s.RegisterBackupItemAction("example.com/a", none).
		RegisterBackupItemActionV2("example.com/a", newSingle).
		RegisterBackupItemActionsV2(map[string]common.HandlerInitializer{"example.com/b": newSingle}).
		RegisterVolumeSnapshotter("example.com/a", none).
		RegisterObjectStore("example.com/a", none).
		RegisterRestoreItemAction("example.com/a", none).
		RegisterRestoreItemActionV2("example.com/a", none).
		RegisterDeleteItemAction("example.com/a", none).
		RegisterItemBlockAction("example.com/a", none).
		RegisterBackupMultiItemAction("example.com/a", func(logrus.FieldLogger) (multiitem.BackupMultiItemAction, error) { return shout{}, nil }).
		RegisterRestoreMultiItemActions(map[string]RestoreMultiItemInitializer{
			"example.com/b": func(logrus.FieldLogger) (multiitem.RestoreMultiItemAction, error) { return shout{}, nil },
			"example.com/a": func(logrus.FieldLogger) (multiitem.RestoreMultiItemAction, error) { return shout{}, nil },
		})
}

func none(logrus.FieldLogger) (any, error) { return nil, errors.New("not there") }

// single is an action of Velero's kind.
type single struct{}

func newSingle(logrus.FieldLogger) (any, error) { return single{}, nil }

func (single) Name() string { return "" }

func (single) AppliesTo() (api.ResourceSelector, error) {
	return api.ResourceSelector{IncludedResources: []string{"pods"}}, nil
}

func (single) Execute(obj runtime.Unstructured, _ *velerov1api.Backup) (runtime.Unstructured, []api.ResourceIdentifier, string, []api.ResourceIdentifier, error) {
	return obj, nil, "", nil, nil
}

func (single) Progress(string, *velerov1api.Backup) (api.OperationProgress, error) {
	return api.OperationProgress{}, nil
}

func (single) Cancel(string, *velerov1api.Backup) error { return nil }

// shout answers with its item in upper case.
type shout struct{}

func (shout) AppliesTo(context.Context) (multiitem.ResourceSelector, error) {
	return multiitem.ResourceSelector{IncludedResources: []string{"secrets"}}, nil
}

func (shout) Execute(ctx context.Context, _ multiitem.Run, items *multiitem.Stream) error {
	return items.Each(ctx, func(_ context.Context, it *multiitem.Item) (multiitem.Answer, error) {
		return it.Updated([]byte(strings.ToUpper(string(it.Object)))), nil
	})
}
