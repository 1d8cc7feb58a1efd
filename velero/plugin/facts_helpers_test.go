package plugin

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/fn/runcontext"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"
)

// openshiftWorld is a world whose cluster has OpenShift's groups.
type openshiftWorld struct {
	*world
	// calls are those for facts, in order.
	calls []string
	// metadata answers lists of it, by resource and field selector.
	metadata map[string][]metav1.PartialObjectMetadata
}

// openshiftResources are what OpenShift adds.
func openshiftResources() []*metav1.APIResourceList {
	verbs := metav1.Verbs{"create", "delete", "get", "list", "update"}
	list := func(gv string, resources ...metav1.APIResource) *metav1.APIResourceList {
		for i := range resources {
			resources[i].Verbs = verbs
		}
		return &metav1.APIResourceList{GroupVersion: gv, APIResources: resources}
	}
	return []*metav1.APIResourceList{
		list("config.openshift.io/v1", metav1.APIResource{Name: "clusterversions", Kind: "ClusterVersion"}, metav1.APIResource{Name: "images", Kind: "Image"}),
		list("image.openshift.io/v1", metav1.APIResource{Name: "imagestreams", Kind: "ImageStream", Namespaced: true}),
		list("imageregistry.operator.openshift.io/v1", metav1.APIResource{Name: "configs", Kind: "Config"}),
		list("security.openshift.io/v1", metav1.APIResource{Name: "securitycontextconstraints", Kind: "SecurityContextConstraints"}),
	}
}

// newOpenShift makes a world with these objects.
func newOpenShift(t *testing.T, pipelines []string, objects ...runtime.Object) *openshiftWorld {
	t.Helper()
	w := &openshiftWorld{world: newWorld(t, pipelines), metadata: map[string][]metav1.PartialObjectMetadata{}}
	w.serve(append(clusterResources(), openshiftResources()...))
	scheme := runtime.NewScheme()
	if err := velerov1api.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	kinds := map[schema.GroupVersionResource]string{}
	for _, list := range append(openshiftResources(), clusterResources()...) {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list.APIResources {
			kinds[gv.WithResource(r.Name)] = r.Kind + "List"
		}
	}
	w.dyn = dynamicfake.NewSimpleDynamicClientWithCustomListKinds(scheme, kinds)
	for _, o := range objects {
		if err := w.add(kinds, o); err != nil {
			t.Fatal(err)
		}
	}
	w.dyn.PrependReactor("*", "*", func(a clienttesting.Action) (bool, runtime.Object, error) {
		if a.GetResource().Group != velerov1api.SchemeGroupVersion.Group {
			w.calls = append(w.calls, describeAction(a))
		}
		return false, nil, nil
	})
	metaScheme := metadatafake.NewTestScheme()
	if err := metav1.AddMetaToScheme(metaScheme); err != nil {
		t.Fatal(err)
	}
	meta := metadatafake.NewSimpleMetadataClient(metaScheme)
	meta.PrependReactor("list", "*", w.listMetadata)
	w.cluster.dynamic, w.cluster.metadata = w.dyn, meta
	return w
}

// add adds an object under its resource; the fake would guess it, and wrongly
// for SecurityContextConstraints.
func (w *openshiftWorld) add(kinds map[schema.GroupVersionResource]string, o runtime.Object) error {
	u, ok := o.(*unstructured.Unstructured)
	if !ok {
		return w.dyn.Tracker().Add(o)
	}
	for resource, list := range kinds {
		if resource.GroupVersion().String() == u.GetAPIVersion() && list == u.GetKind()+"List" {
			return w.dyn.Tracker().Create(resource, u, u.GetNamespace())
		}
	}
	return w.dyn.Tracker().Add(o)
}

// describeAction returns "list imagestreams.image.openshift.io openshift".
func describeAction(a clienttesting.Action) string {
	s := a.GetVerb() + " " + a.GetResource().GroupResource().String() + " " + a.GetNamespace()
	if get, ok := a.(clienttesting.GetAction); ok {
		s += get.GetName()
	}
	return strings.TrimSpace(s)
}

// listMetadata answers with what the world has.
func (w *openshiftWorld) listMetadata(a clienttesting.Action) (bool, runtime.Object, error) {
	fields := a.(clienttesting.ListAction).GetListRestrictions().Fields.String()
	w.calls = append(w.calls, strings.TrimSpace(describeAction(a)+" "+fields))
	out := &metav1.List{}
	for _, m := range w.metadata[strings.TrimSpace(a.GetResource().Resource+" "+fields)] {
		if a.GetNamespace() == "" || a.GetNamespace() == m.Namespace {
			out.Items = append(out.Items, runtime.RawExtension{Object: &m})
		}
	}
	return true, out, nil
}

// forbid makes a call fail as it does without permission.
func (w *openshiftWorld) forbid(verb, resource string) {
	w.dyn.PrependReactor(verb, resource, func(a clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(a.GetResource().GroupResource(), "", errors.New("no rule allows it"))
	})
}

// factsOf loads the pipelines of a run and returns its context.
func (w *openshiftWorld) factsOf(t *testing.T, r runRef) (runcontext.Cluster, error) {
	t.Helper()
	loaded, err := w.runFor(t.Context(), r)
	if err != nil {
		return runcontext.Cluster{}, err
	}
	c, err := runcontext.Read(loaded.context)
	if err != nil {
		t.Fatal(err)
	}
	return c.Cluster, nil
}

// asking is a pipeline with a step that asks for facts.
func asking(facts ...runcontext.Fact) string {
	text, err := json.Marshal(append([]runcontext.Fact{}, facts...))
	if err != nil {
		panic(err) // strings
	}
	return yamlPipeline("p", "\tmutators: [{name: curious, builtin: context, context: true, facts: "+string(text)+"}]\n")
}

func clusterVersionObject(t *testing.T, status string) runtime.Object {
	t.Helper()
	return object(t, `{"apiVersion":"config.openshift.io/v1","kind":"ClusterVersion","metadata":{"name":"version"},"status":`+status+`}`)
}

func imageStream(t *testing.T, name, status string) runtime.Object {
	t.Helper()
	return object(t, `{"apiVersion":"image.openshift.io/v1","kind":"ImageStream","metadata":{"namespace":"openshift","name":"`+name+`"},"status":`+status+`}`)
}
