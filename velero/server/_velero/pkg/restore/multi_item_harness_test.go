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

package restore

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	mia "github.com/velero-krm/velero-krm/multiitem"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	corev1api "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"github.com/vmware-tanzu/velero/pkg/builder"
	"github.com/vmware-tanzu/velero/pkg/plugin/multiitem"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	riav2 "github.com/vmware-tanzu/velero/pkg/plugin/velero/restoreitemaction/v2"
	"github.com/vmware-tanzu/velero/pkg/test"
	"github.com/vmware-tanzu/velero/pkg/types"
	"github.com/vmware-tanzu/velero/pkg/util/filesystem"
	"github.com/vmware-tanzu/velero/pkg/util/results"
)

// testMultiItemAction is a multi-item action of func fields.
type testMultiItemAction struct {
	name     string
	selector mia.ResourceSelector
	refuse   error
	decline  bool
	// answers by what the item is called, as "secrets ns-1/a"; others stay as
	// they are.
	answers map[string]func(it *mia.Item) mia.Answer
	// creates are sent after the last item of the first call.
	creates []mia.Created

	mu sync.Mutex
	// calls are the items of each call of Execute, and late the ones that were
	// late.
	calls [][]string
	late  []bool
	// stops count the processes that ended.
	stops int
}

func (a *testMultiItemAction) AppliesTo(context.Context) (mia.ResourceSelector, error) {
	return a.selector, nil
}

func (a *testMultiItemAction) Execute(ctx context.Context, run mia.Run, items *mia.Stream) error {
	if a.refuse != nil {
		return a.refuse
	}
	if a.decline {
		return items.Decline()
	}
	var seen []string
	err := items.Each(ctx, func(_ context.Context, it *mia.Item) (mia.Answer, error) {
		seen = append(seen, it.ID.String())
		if answer := a.answers[it.ID.String()]; answer != nil {
			return answer(it), nil
		}
		return it.Unchanged(), nil
	})
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls, a.late = append(a.calls, seen), append(a.late, run.Late)
	if run.Late {
		return err
	}
	for _, created := range a.creates {
		err = errors.Join(err, items.Create(created))
	}
	return err
}

// testMultiItemManager is a plugin manager that has the actions in this process.
type testMultiItemManager struct {
	volumeSnapshotterGetter
	plugins []multiitem.Plugin
}

func (m *testMultiItemManager) MultiItemActions(kind mia.Kind) []multiitem.Plugin {
	if kind != mia.KindRestore {
		return nil
	}
	return m.plugins
}

func newTestMultiItemManager(t *testing.T, actions ...*testMultiItemAction) *testMultiItemManager {
	t.Helper()
	registry := mia.NewRegistry()
	listener := bufconn.Listen(1 << 20)
	m := &testMultiItemManager{}
	for _, action := range actions {
		require.NoError(t, registry.RegisterRestore(action.name, func(*slog.Logger) (mia.RestoreMultiItemAction, error) { return action, nil }))
	}
	server := grpc.NewServer()
	registry.RegisterServices(server)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	conn, err := grpc.NewClient("passthrough:///bufconn", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		<-served
	})
	for _, action := range actions {
		m.plugins = append(m.plugins, multiitem.Plugin{Name: action.name, Start: func(context.Context) (*mia.Process, error) {
			return &mia.Process{Client: mia.NewClient(mia.KindRestore, action.name, conn), Stop: func(bool) { action.stops++ }}, nil
		}})
	}
	return m
}

// multiItemCase is one restore.
type multiItemCase struct {
	restore    *velerov1api.Restore
	tarball    io.Reader
	actions    []*testMultiItemAction
	items      []riav2.RestoreItemAction
	priorities types.Priorities
	change     func(h *harness, data *Request)
}

// multiItemResult is what came of it.
type multiItemResult struct {
	*harness
	data           *Request
	warnings, errs results.Result
	// created are the objects in the order of their creation, as "secrets ns-1/a".
	created []string
}

func (c multiItemCase) run(t *testing.T) *multiItemResult {
	t.Helper()
	h := newHarness(t)
	// Velero reads Namespaces from the real file system alone.
	h.restorer.fileSystem = filesystem.NewFileSystem()
	h.restorer.resourcePriorities = c.priorities
	recorder := &createRecorder{t: t}
	h.DynamicClient.PrependReactor("create", "*", recorder.reactor())
	for _, r := range []*test.APIResource{
		test.CRDs(), test.Pods(), test.PVs(), test.PVCs(), test.Secrets(), test.ServiceAccounts(), test.Deployments(), test.Namespaces(),
	} {
		h.DiscoveryClient.WithAPIResource(r)
	}
	require.NoError(t, h.restorer.discoveryHelper.Refresh())

	restore := c.restore
	if restore == nil {
		restore = defaultRestore().Result()
	}
	r := &multiItemResult{harness: h, data: &Request{
		Log: h.log, Restore: restore, Backup: defaultBackup().Result(), BackupReader: c.tarball, DisableInformerCache: true,
	}}
	if c.change != nil {
		c.change(h, r.data)
	}
	r.warnings, r.errs = h.restorer.Restore(r.data, c.items, newTestMultiItemManager(t, c.actions...))
	for _, id := range recorder.resources {
		r.created = append(r.created, id.groupResource+" "+id.nsAndName)
	}
	return r
}

func (r *multiItemResult) labels(t *testing.T, resource *test.APIResource, namespace, name string) map[string]string {
	t.Helper()
	obj, err := r.DynamicClient.Resource(resource.GVR()).Namespace(namespace).Get(t.Context(), name, metav1.GetOptions{})
	require.NoError(t, err)
	return obj.GetLabels()
}

// status returns how Velero lists a restored item.
func (r *multiItemResult) status(resource string) []string {
	return r.data.RestoredResourceList()[resource]
}

// edit answers with the object, edited.
func edit(change func(obj *unstructured.Unstructured)) func(it *mia.Item) mia.Answer {
	return func(it *mia.Item) mia.Answer {
		obj := new(unstructured.Unstructured)
		if err := obj.UnmarshalJSON(it.Object); err != nil {
			return it.Failed(err.Error())
		}
		change(obj)
		object, err := obj.MarshalJSON()
		if err != nil {
			return it.Failed(err.Error())
		}
		return it.Updated(object)
	}
}

func setLabel(key, value string) func(it *mia.Item) mia.Answer {
	return edit(func(obj *unstructured.Unstructured) {
		l := obj.GetLabels()
		if l == nil {
			l = map[string]string{}
		}
		l[key] = value
		obj.SetLabels(l)
	})
}

func rename(name string) func(it *mia.Item) mia.Answer {
	return edit(func(obj *unstructured.Unstructured) { obj.SetName(name) })
}

func fail(it *mia.Item) mia.Answer { return it.Failed("no such registry") }
func skip(it *mia.Item) mia.Answer { return it.Skipped("not wanted") }

func newObject(t *testing.T, kind, namespace, name string) json.RawMessage {
	t.Helper()
	metadata := map[string]any{"name": name}
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	object, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": kind, "metadata": metadata})
	require.NoError(t, err)
	return object
}

// additionalAction is an item action that asks for additional items.
func additionalAction(resource string, items ...velero.ResourceIdentifier) riav2.RestoreItemAction {
	return (&recordResourcesAction{}).ForResource(resource).WithAdditionalItems(items)
}

func secret(namespace, name string) *corev1api.Secret {
	return builder.ForSecret(namespace, name).ObjectMeta(builder.WithLabels("app", "shop")).Result()
}
