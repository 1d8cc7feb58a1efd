package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	discoveryfake "k8s.io/client-go/discovery/fake"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/velero-krm/velero-krm/velero/framework"
)

const ns = "velero"

// builtinFunc is a function of the catalogue that a test made.
type builtinFunc struct {
	name string
	each func(obj map[string]any) (map[string]any, error)
	// list replaces each when set.
	list func(in *krm.ResourceList) (*krm.ResourceList, error)
}

var _ pipeline.Builtin = builtinFunc{}

func (b builtinFunc) Name() string { return b.name }

func (b builtinFunc) CheckConfig(*krm.Item) error { return nil }

func (b builtinFunc) Run(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
	if b.list != nil {
		return b.list(in)
	}
	out := &krm.ResourceList{FunctionConfig: in.FunctionConfig}
	for _, it := range in.Items {
		obj, err := b.each(it.Object())
		if err != nil {
			return nil, err
		}
		if obj == nil {
			continue
		}
		item, err := krm.FromObject(obj)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}

// builtins are those the tests' pipelines name.
func builtins() []builtinFunc {
	return []builtinFunc{
		{name: "mark", each: func(obj map[string]any) (map[string]any, error) {
			set(obj, "yes", "metadata", "labels", "marked")
			return obj, nil
		}},
		{name: "nothing", each: func(obj map[string]any) (map[string]any, error) { return obj, nil }},
		{name: "drop", each: func(map[string]any) (map[string]any, error) { return nil, nil }},
		{name: "fail", list: func(*krm.ResourceList) (*krm.ResourceList, error) { return nil, errors.New("no such registry") }},
		{name: "panic", list: func(*krm.ResourceList) (*krm.ResourceList, error) { panic("boom") }},
		{name: "rename", each: func(obj map[string]any) (map[string]any, error) {
			set(obj, "renamed", "metadata", "name")
			return obj, nil
		}},
		{name: "leave-out", each: func(obj map[string]any) (map[string]any, error) {
			set(obj, "false", "metadata", "annotations", "velero.io/skip-from-backup")
			return obj, nil
		}},
		{name: "move", each: func(obj map[string]any) (map[string]any, error) {
			set(obj, "elsewhere", "metadata", "namespace")
			return obj, nil
		}},
		{name: "retype", each: func(obj map[string]any) (map[string]any, error) {
			obj["kind"] = "Secret"
			return obj, nil
		}},
		{name: "observe", each: func(obj map[string]any) (map[string]any, error) {
			// What the function saw becomes visible in what it makes.
			_, status := obj["status"]
			meta, _ := obj["metadata"].(map[string]any)
			_, owners := meta["ownerReferences"]
			set(obj, fmt.Sprintf("status=%t owners=%t namespace=%v", status, owners, meta["namespace"]), "metadata", "annotations", "seen")
			return obj, nil
		}},
		{name: "reset", each: func(obj map[string]any) (map[string]any, error) {
			obj["status"] = map[string]any{"phase": "Invented"}
			set(obj, "yes", "metadata", "labels", "marked")
			set(obj, "0", "metadata", "resourceVersion")
			return obj, nil
		}},
		{name: "replicas", each: func(obj map[string]any) (map[string]any, error) {
			set(obj, json.Number("1"), "spec", "replicas")
			return obj, nil
		}},
		{name: "rename-references", list: renameReferences},
		{name: "create", list: func(in *krm.ResourceList) (*krm.ResourceList, error) {
			out := &krm.ResourceList{Items: slices.Clone(in.Items)}
			for _, it := range in.Items {
				if text, ok := it.Annotation("create"); ok {
					item, err := krm.NewItem([]byte(text))
					if err != nil {
						return nil, err
					}
					out.Items = append(out.Items, item)
				}
			}
			return out, nil
		}},
		{name: "ask", list: ask},
		{name: "replace", list: func(*krm.ResourceList) (*krm.ResourceList, error) {
			item, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"namespace":"shop","name":"all"}}`))
			return &krm.ResourceList{Items: []*krm.Item{item}}, err
		}},
		{name: "poison", list: func(in *krm.ResourceList) (*krm.ResourceList, error) {
			for _, it := range in.Items {
				if strings.HasPrefix(it.Identity().Name, "poison") {
					return nil, errors.New("cannot do it")
				}
			}
			return in, nil
		}},
		{name: "blame", list: func(in *krm.ResourceList) (*krm.ResourceList, error) {
			out := &krm.ResourceList{Items: in.Items}
			for _, it := range in.Items {
				if strings.HasPrefix(it.Identity().Name, "poison") {
					out.Results = append(out.Results, krm.Result{Message: "not this one", Severity: krm.Error, ResourceRef: krm.RefTo(it.Identity())})
				}
			}
			return out, nil
		}},
		{name: "warn", list: func(in *krm.ResourceList) (*krm.ResourceList, error) {
			return &krm.ResourceList{Items: in.Items, Results: []krm.Result{{Message: "old field", Severity: krm.Warning}}}, nil
		}},
		{name: "warn-of-each", list: func(in *krm.ResourceList) (*krm.ResourceList, error) {
			out := &krm.ResourceList{Items: in.Items}
			for _, it := range in.Items {
				for n := range maxWarnings + 50 {
					out.Results = append(out.Results, krm.Result{Message: fmt.Sprintf("field %d is old", n), Severity: krm.Warning, ResourceRef: krm.RefTo(it.Identity())})
				}
			}
			return out, nil
		}},
		{name: "context", list: func(in *krm.ResourceList) (*krm.ResourceList, error) {
			out := &krm.ResourceList{}
			var run map[string]any
			for _, it := range in.Items {
				if it.Identity().Kind == ContextKind {
					run = it.Object()
				}
			}
			for _, it := range in.Items {
				if it.Identity().Kind == ContextKind {
					continue
				}
				obj := it.Object()
				backup, _ := run["backup"].(map[string]any)
				set(obj, fmt.Sprintf("%v of %v", run["phase"], backup["name"]), "metadata", "annotations", "run")
				item, err := krm.FromObject(obj)
				if err != nil {
					return nil, err
				}
				out.Items = append(out.Items, item)
			}
			return out, nil
		}},
	}
}

// renameReferences gives every ConfigMap the suffix -dr, and every Deployment of
// the list the new names: it needs both at once.
func renameReferences(in *krm.ResourceList) (*krm.ResourceList, error) {
	out, renamed := &krm.ResourceList{}, map[string]bool{}
	for _, it := range in.Items {
		renamed[it.Identity().Name] = it.Identity().Kind == "ConfigMap"
	}
	for _, it := range in.Items {
		obj := it.Object()
		switch it.Identity().Kind {
		case "ConfigMap":
			set(obj, it.Identity().Name+"-dr", "metadata", "name")
		case "Deployment":
			if name, _ := it.Annotation("uses"); renamed[name] {
				set(obj, name+"-dr", "metadata", "annotations", "uses")
			}
		}
		item, err := krm.FromObject(obj)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}

// set sets a nested value and makes what is missing on the way.
func set(obj map[string]any, value any, path ...string) {
	for _, key := range path[:len(path)-1] {
		next, ok := obj[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			obj[key] = next
		}
		obj = next
	}
	obj[path[len(path)-1]] = value
}

// world is an engine on a fake cluster. Fakes inject what a real API server
// does not do on demand; the end-to-end tests run the plugin in a real Velero.
type world struct {
	*engine
	kube *kubefake.Clientset
	dyn  *dynamicfake.FakeDynamicClient
	log  *syncBuffer
}

// syncBuffer is a log that several goroutines write.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// newWorld makes an engine whose cluster holds pipelines, one ConfigMap each,
// and Velero's objects.
func newWorld(tb testing.TB, pipelines []string, objects ...runtime.Object) *world {
	tb.Helper()
	scheme := runtime.NewScheme()
	if err := velerov1api.AddToScheme(scheme); err != nil {
		tb.Fatal(err)
	}
	kube := kubefake.NewClientset()
	kube.Discovery().(*discoveryfake.FakeDiscovery).Resources = clusterResources()
	for i, p := range pipelines {
		cm := pipelineMap(fmt.Sprintf("p%d", i), p)
		if err := kube.Tracker().Add(&cm); err != nil {
			tb.Fatal(err)
		}
	}
	w := &world{kube: kube, dyn: dynamicfake.NewSimpleDynamicClient(scheme, objects...), log: &syncBuffer{}}
	logger := logrus.New()
	logger.SetOutput(w.log)
	logger.SetLevel(logrus.DebugLevel)
	byName := map[string]builtinFunc{}
	for _, f := range builtins() {
		byName[f.name] = f
	}
	w.engine = &engine{
		ctx: tb.Context(), log: framework.NewLogger(logger), cluster: cluster{kube: kube, dynamic: w.dyn},
		namespace: ns, functions: &functions{dir: tb.TempDir(), pluginDir: "/plugins"},
		catalog: Catalog{Find: func(name string) (pipeline.Builtin, bool) { f, ok := byName[name]; return f, ok }},
		server:  &server{override: "v1.18.3"},
	}
	return w
}

// serve changes what the cluster's discovery answers.
func (w *world) serve(resources []*metav1.APIResourceList) {
	w.kube.Discovery().(*discoveryfake.FakeDiscovery).Resources = resources
}

// lists counts how often ConfigMaps were listed.
func (w *world) lists() int {
	n := 0
	for _, a := range w.kube.Actions() {
		if a.GetVerb() == "list" && a.GetResource().Resource == "configmaps" {
			n++
		}
	}
	return n
}

func clusterResources() []*metav1.APIResourceList {
	verbs := metav1.Verbs{"create", "delete", "get", "list", "update"}
	return []*metav1.APIResourceList{
		{GroupVersion: "v1", APIResources: []metav1.APIResource{
			{Name: "configmaps", Kind: "ConfigMap", Namespaced: true, Verbs: verbs},
			{Name: "secrets", Kind: "Secret", Namespaced: true, Verbs: verbs},
			{Name: "namespaces", Kind: "Namespace", Verbs: verbs},
			{Name: "pods", Kind: "Pod", Namespaced: true, Verbs: verbs},
			{Name: "pods/eviction", Kind: "Eviction", Namespaced: true, Verbs: metav1.Verbs{"create"}},
		}},
		{GroupVersion: "apps/v1", APIResources: []metav1.APIResource{
			{Name: "deployments", Kind: "Deployment", Namespaced: true, Verbs: verbs},
		}},
		{GroupVersion: "autoscaling/v2", APIResources: []metav1.APIResource{
			{Name: "horizontalpodautoscalers", Kind: "HorizontalPodAutoscaler", Namespaced: true, Verbs: verbs},
		}},
		{GroupVersion: "autoscaling/v1", APIResources: []metav1.APIResource{
			{Name: "horizontalpodautoscalers", Kind: "HorizontalPodAutoscaler", Namespaced: true, Verbs: verbs},
		}},
	}
}

// routeResources are what the CRD of Routes adds.
func routeResources() *metav1.APIResourceList {
	return &metav1.APIResourceList{GroupVersion: "route.openshift.io/v1", APIResources: []metav1.APIResource{
		{Name: "routes", Kind: "Route", Namespaced: true, Verbs: metav1.Verbs{"create", "delete", "get", "list"}},
	}}
}

func pipelineMap(name string, documents ...string) corev1.ConfigMap {
	cm := corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, Labels: map[string]string{PipelineKey: ""}},
		Data:       map[string]string{},
	}
	for i, d := range documents {
		cm.Data[fmt.Sprintf("%d.yaml", i)] = d
	}
	return cm
}

// yamlPipeline writes a Pipeline; spec is indented by the caller with tabs
// standing for two spaces.
func yamlPipeline(name, spec string) string {
	return "apiVersion: velero-krm.io/v1alpha1\nkind: Pipeline\nmetadata: {name: " + name + "}\nspec:\n" + strings.ReplaceAll(spec, "\t", "  ")
}

func aBackup(name string, annotations map[string]string) *velerov1api.Backup {
	return &velerov1api.Backup{
		TypeMeta:   metav1.TypeMeta{APIVersion: "velero.io/v1", Kind: "Backup"},
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, UID: types.UID("uid-" + name), Annotations: annotations},
		Status:     velerov1api.BackupStatus{Phase: velerov1api.BackupPhaseInProgress},
	}
}

func aRestore(name string, annotations map[string]string) *velerov1api.Restore {
	return &velerov1api.Restore{
		TypeMeta:   metav1.TypeMeta{APIVersion: "velero.io/v1", Kind: "Restore"},
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, UID: types.UID("uid-" + name), Annotations: annotations},
		Spec:       velerov1api.RestoreSpec{BackupName: "b1"},
		Status:     velerov1api.RestoreStatus{Phase: velerov1api.RestorePhaseInProgress},
	}
}

func wants(names string) map[string]string { return map[string]string{PipelineKey: names} }

func object(t *testing.T, raw string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON([]byte(raw)); err != nil {
		t.Fatal(err)
	}
	return u
}

func configMap(t *testing.T, name string) *unstructured.Unstructured {
	t.Helper()
	return object(t, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"namespace":"shop","name":"`+name+`"},"data":{"n":"1"}}`)
}

// refuseLists makes the cluster answer no list of ConfigMaps.
func (w *world) refuseLists(text string) {
	w.kube.PrependReactor("list", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, errors.New(text) })
}
