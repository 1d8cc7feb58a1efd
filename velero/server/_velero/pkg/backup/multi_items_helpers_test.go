/*
Copyright the Velero contributors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	mia "github.com/velero-krm/velero-krm/multiitem"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	velerov1 "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"github.com/vmware-tanzu/velero/pkg/plugin/multiitem"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	biav2 "github.com/vmware-tanzu/velero/pkg/plugin/velero/backupitemaction/v2"
	ibav1 "github.com/vmware-tanzu/velero/pkg/plugin/velero/itemblockaction/v1"
	vsv1 "github.com/vmware-tanzu/velero/pkg/plugin/velero/volumesnapshotter/v1"
	"github.com/vmware-tanzu/velero/pkg/test"
	"github.com/vmware-tanzu/velero/pkg/util/logging"
)

// multiItemAction is a multi-item action whose Execute can be plugged.
type multiItemAction struct {
	selector mia.ResourceSelector
	execute  func(ctx context.Context, run mia.Run, items *mia.Stream) error

	mu   sync.Mutex
	runs []mia.Run
	seen []string
}

func (a *multiItemAction) AppliesTo(context.Context) (mia.ResourceSelector, error) {
	return a.selector, nil
}

func (a *multiItemAction) Execute(ctx context.Context, run mia.Run, items *mia.Stream) error {
	a.mu.Lock()
	a.runs = append(a.runs, run)
	a.mu.Unlock()
	return a.execute(ctx, run, items)
}

// each makes an action of a function for one item, which notes its name.
func (a *multiItemAction) each(f func(it *mia.Item, items *mia.Stream, run mia.Run) mia.Answer) *multiItemAction {
	a.execute = func(ctx context.Context, run mia.Run, items *mia.Stream) error {
		return items.Each(ctx, func(_ context.Context, it *mia.Item) (mia.Answer, error) {
			a.mu.Lock()
			a.seen = append(a.seen, it.ID.Name)
			a.mu.Unlock()
			return f(it, items, run), nil
		})
	}
	return a
}

// calls returns how often the action was called for the list, and for late
// items.
func (a *multiItemAction) calls() (list, late int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, run := range a.runs {
		if run.Late {
			late++
		} else {
			list++
		}
	}
	return list, late
}

// multiItemManager is a plugin manager with multi-item actions, each served on
// a listener of its own.
type multiItemManager struct {
	actions map[string]*multiItemAction
}

var _ multiitem.Getter = multiItemManager{}

func (m multiItemManager) GetVolumeSnapshotter(string) (vsv1.VolumeSnapshotter, error) {
	return nil, errors.New("no volume snapshotters")
}

func (m multiItemManager) MultiItemActions(kind mia.Kind) []multiitem.Plugin {
	var plugins []multiitem.Plugin
	for _, name := range sortedNames(m.actions) {
		plugins = append(plugins, multiitem.Plugin{Name: name, Start: func(context.Context) (*mia.Process, error) {
			return serveMultiItemAction(kind, name, m.actions[name])
		}})
	}
	return plugins
}

func sortedNames(actions map[string]*multiItemAction) []string {
	registry := mia.NewRegistry()
	for name, action := range actions {
		_ = registry.RegisterBackup(name, func(*slog.Logger) (mia.BackupMultiItemAction, error) { return action, nil })
	}
	return registry.Names(mia.KindBackup)
}

func serveMultiItemAction(kind mia.Kind, name string, action *multiItemAction) (*mia.Process, error) {
	registry := mia.NewRegistry()
	if err := registry.RegisterBackup(name, func(*slog.Logger) (mia.BackupMultiItemAction, error) { return action, nil }); err != nil {
		return nil, err
	}
	server := grpc.NewServer()
	registry.RegisterServices(server)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	stop := func(bool) {
		_ = conn.Close()
		server.Stop()
		<-served
	}
	return &mia.Process{Client: mia.NewClient(kind, name, conn), Stop: stop}, nil
}

// multiItemBackup is a backup with multi-item actions and what came of it.
type multiItemBackup struct {
	request *Request
	// files of the tarball by their names, without those of the versioned
	// folders, which are the same.
	files map[string]*unstructured.Unstructured
	// results of the log, as the backup controller counts them.
	results *logging.LogHook
	err     error
}

func (b *multiItemBackup) errors() string   { return b.entries(logrus.ErrorLevel) }
func (b *multiItemBackup) warnings() string { return b.entries(logrus.WarnLevel) }

func (b *multiItemBackup) entries(level logrus.Level) string {
	data, _ := json.Marshal(b.results.GetEntries(level))
	return string(data)
}

// names returns the files below resources/.
func (b *multiItemBackup) names() []string {
	names := make([]string, 0, len(b.files))
	for name := range b.files {
		names = append(names, strings.TrimSuffix(strings.TrimPrefix(name, "resources/"), ".json"))
	}
	return names
}

// runMultiItemBackup backs up resources.
func runMultiItemBackup(t *testing.T, backup *velerov1.Backup, run multiItemTest) *multiItemBackup {
	t.Helper()
	workers := max(run.workers, 1)
	pool := StartItemBlockWorkerPool(t.Context(), workers, logrus.StandardLogger())
	defer pool.Stop()
	h := newHarness(t, pool)
	for _, resource := range run.resources {
		h.addItems(t, resource)
	}
	b := &multiItemBackup{
		results: logging.NewLogHook(),
		request: &Request{
			Backup:           backup,
			SkippedPVTracker: NewSkipPVTracker(),
			BackedUpItems:    NewBackedUpItemsMap(),
		},
	}
	setWorkerPool(b.request, pool)
	log := logrus.New()
	log.SetOutput(io.Discard)
	log.AddHook(b.results)

	file := new(bytes.Buffer)
	manager := multiItemManager{actions: run.multiItem}
	b.err = h.backupper.Backup(log, b.request, file, run.actions, run.itemBlockActions, manager)
	b.files = readBackup(t, file)
	return b
}

// setWorkerPool sets the field for it: ItemBlockChannel before Velero 1.18.
func setWorkerPool(request *Request, pool *ItemBlockWorkerPool) {
	fields := reflect.ValueOf(request).Elem()
	if field := fields.FieldByName("WorkerPool"); field.IsValid() {
		field.Set(reflect.ValueOf(pool))
		return
	}
	fields.FieldByName("ItemBlockChannel").Set(reflect.ValueOf(pool.GetInputChannel()))
}

func readBackup(t *testing.T, file io.Reader) map[string]*unstructured.Unstructured {
	t.Helper()
	gzr, err := gzip.NewReader(file)
	require.NoError(t, err)
	files := map[string]*unstructured.Unstructured{}
	for r := tar.NewReader(gzr); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		if !strings.HasPrefix(header.Name, "resources/") || strings.Contains(header.Name, velerov1.PreferredVersionDir) {
			continue
		}
		require.NotContains(t, files, header.Name, "written twice")
		data, err := io.ReadAll(r)
		require.NoError(t, err)
		files[header.Name] = new(unstructured.Unstructured)
		require.NoError(t, json.Unmarshal(data, files[header.Name]))
	}
}

// changed returns the item's object with a label, and another name if one is
// given.
func changed(it *mia.Item, name string) json.RawMessage {
	object := new(unstructured.Unstructured)
	if err := json.Unmarshal(it.Object, object); err != nil {
		panic(err)
	}
	object.SetLabels(map[string]string{"seen": "yes"})
	if name != "" {
		object.SetName(name)
	}
	data, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	return data
}

func secretID(name string) velero.ResourceIdentifier {
	return velero.ResourceIdentifier{GroupResource: schema.GroupResource{Resource: "secrets"}, Namespace: "ns", Name: name}
}

// multiItemTest is what is backed up, and the actions.
type multiItemTest struct {
	resources        []*test.APIResource
	multiItem        map[string]*multiItemAction
	actions          []biav2.BackupItemAction
	itemBlockActions []ibav1.ItemBlockAction
	workers          int
}
