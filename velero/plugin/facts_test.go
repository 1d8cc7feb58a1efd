package plugin

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/velero-krm/velero-krm/fn/runcontext"
	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	discoveryfake "k8s.io/client-go/discovery/fake"
	clienttesting "k8s.io/client-go/testing"
)

func TestOpenShiftFacts(t *testing.T) {
	const host = "image-registry.openshift-image-registry.svc:5000"
	registryConfig := object(t, `{"apiVersion":"imageregistry.operator.openshift.io/v1","kind":"Config","metadata":{"name":"cluster"},"spec":{"managementState":"Removed"}}`)
	imageConfig := object(t, `{"apiVersion":"config.openshift.io/v1","kind":"Image","metadata":{"name":"cluster"},"status":{"internalRegistryHostname":"`+host+`"}}`)
	serverConfig := object(t, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"namespace":"openshift-apiserver","name":"config"},"data":{"config.yaml":"{\"imagePolicyConfig\":{\"internalRegistryHostname\":\"`+host+`\"}}"}}`)
	service := object(t, `{"apiVersion":"v1","kind":"Service","metadata":{"namespace":"default","name":"docker-registry"},"spec":{"clusterIP":"172.30.1.1","ports":[{"port":5000}]}}`)
	cases := map[string]struct {
		reason  string
		facts   []runcontext.Fact
		objects []runtime.Object
		version *version.Info
		want    runcontext.Cluster
		calls   []string
	}{
		"Nothing": {reason: "nobody asks, so nobody is asked"},
		"Version": {
			reason: "in the middle of an update the version that is installed completely counts", facts: []runcontext.Fact{runcontext.OpenShiftVersion},
			objects: []runtime.Object{clusterVersionObject(t, `{"desired":{"version":"4.21.5"},"history":[{"state":"Partial","version":"4.21.5"},{"state":"Completed","version":"4.21.4"}]}`)},
			want:    runcontext.Cluster{OpenShiftVersion: "4.21.4"}, calls: []string{"get clusterversions.config.openshift.io version"},
		},
		"Installing": {
			reason: "none is installed completely yet", facts: []runcontext.Fact{runcontext.OpenShiftVersion},
			objects: []runtime.Object{clusterVersionObject(t, `{"desired":{"version":"4.21.5"}}`)},
			want:    runcontext.Cluster{OpenShiftVersion: "4.21.5"}, calls: []string{"get clusterversions.config.openshift.io version"},
		},
		"NoClusterVersion": {
			reason: "MicroShift has the group and no such object", facts: []runcontext.Fact{runcontext.OpenShiftVersion},
			calls: []string{"get clusterversions.config.openshift.io version"},
		},
		"Registry": {
			reason: "the first ImageStream that tells", facts: []runcontext.Fact{runcontext.InternalRegistry},
			objects: []runtime.Object{imageStream(t, "a", `{}`), imageStream(t, "b", `{"dockerImageRepository":"`+host+`/openshift/b"}`), imageConfig},
			want:    runcontext.Cluster{InternalRegistry: text(host)}, calls: []string{"list imagestreams.image.openshift.io openshift"},
		},
		"RegistryOfCluster": {
			reason: "a cluster without samples", facts: []runcontext.Fact{runcontext.InternalRegistry}, objects: []runtime.Object{imageConfig, serverConfig},
			want:  runcontext.Cluster{InternalRegistry: text(host)},
			calls: []string{"list imagestreams.image.openshift.io openshift", "get images.config.openshift.io cluster"},
		},
		"RegistryOfServer": {
			reason: "as openshift-velero-plugin does", facts: []runcontext.Fact{runcontext.InternalRegistry}, objects: []runtime.Object{serverConfig},
			want:  runcontext.Cluster{InternalRegistry: text(host)},
			calls: []string{"list imagestreams.image.openshift.io openshift", "get images.config.openshift.io cluster", "get configmaps openshift-apiserverconfig"},
		},
		"RegistryService": {
			reason: "OpenShift 3.11", facts: []runcontext.Fact{runcontext.InternalRegistry}, objects: []runtime.Object{service}, version: &version.Info{Major: "1", Minor: "11+", GitVersion: "v1.11.0"},
			want:  runcontext.Cluster{KubernetesVersion: "v1.11.0", InternalRegistry: text("172.30.1.1:5000")},
			calls: []string{"list imagestreams.image.openshift.io openshift", "get images.config.openshift.io cluster", "get services defaultdocker-registry"},
		},
		"NoRegistry": {
			reason: "known not to be there is told as empty", facts: []runcontext.Fact{runcontext.InternalRegistry},
			want:  runcontext.Cluster{InternalRegistry: text("")},
			calls: []string{"list imagestreams.image.openshift.io openshift", "get images.config.openshift.io cluster", "get configmaps openshift-apiserverconfig"},
		},
		"RegistryState": {
			reason: "as the operator is told", facts: []runcontext.Fact{runcontext.RegistryState},
			objects: []runtime.Object{clusterVersionObject(t, `{"capabilities":{"knownCapabilities":["ImageRegistry"],"enabledCapabilities":["ImageRegistry"]}}`), registryConfig},
			want:    runcontext.Cluster{RegistryState: runcontext.RegistryRemoved},
			calls:   []string{"get clusterversions.config.openshift.io version", "get configs.imageregistry.operator.openshift.io cluster"},
		},
		"RegistryDisabled": {
			reason: "the cluster was installed without it; its version is asked for once", facts: []runcontext.Fact{runcontext.RegistryState, runcontext.OpenShiftVersion},
			objects: []runtime.Object{clusterVersionObject(t, `{"desired":{"version":"4.21.5"},"capabilities":{"knownCapabilities":["ImageRegistry"]}}`), registryConfig},
			want:    runcontext.Cluster{OpenShiftVersion: "4.21.5", RegistryState: runcontext.RegistryDisabled},
			calls:   []string{"get clusterversions.config.openshift.io version"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newOpenShift(t, []string{asking(tc.facts...)}, tc.objects...)
			if tc.version != nil {
				w.kube.Discovery().(*discoveryfake.FakeDiscovery).FakedServerVersion = tc.version
			}
			got, err := w.factsOf(t, backupRef(aBackup("b1", wants("p"))))
			if err != nil {
				t.Fatal(err)
			}
			tc.want.Facts = slices.Sorted(slices.Values(tc.facts))
			tc.want.KubernetesVersion = cmp.Or(tc.want.KubernetesVersion, got.KubernetesVersion)
			if diff := gocmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
			if diff := gocmp.Diff(tc.calls, w.calls); diff != "" {
				t.Errorf("%s: calls (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func text(s string) *string { return &s }

func TestConstraints(t *testing.T) {
	scc := func(name, users, groups string) runtime.Object {
		return object(t, `{"apiVersion":"security.openshift.io/v1","kind":"SecurityContextConstraints","metadata":{"name":"`+name+`"},"users":`+users+`,"groups":`+groups+`}`)
	}
	w := newOpenShift(t, []string{asking(runcontext.SecurityContextConstraints)},
		scc("restricted-v2", `[]`, `["system:authenticated"]`),
		scc("anyuid", `["system:serviceaccount:shop:web","system:admin","system:serviceaccount:shop:web"]`, `["system:cluster-admins"]`),
		scc("nonroot", `["system:serviceaccount:db"]`, `["system:serviceaccounts:shop"]`),
		scc("everyone", `["system:serviceaccount:shop:web"]`, `["system:serviceaccounts"]`),
		scc("nobody", `null`, `null`),
	)
	got, err := w.factsOf(t, backupRef(aBackup("b1", wants("p"))))
	if err != nil {
		t.Fatal(err)
	}
	want := &runcontext.Constraints{
		ServiceAccounts: map[string][]string{"shop/web": {"anyuid", "everyone"}},
		Namespaces:      map[string][]string{"db": {"nonroot"}, "shop": {"nonroot"}},
		All:             []string{"everyone", "restricted-v2"},
	}
	if diff := gocmp.Diff(want, got.SecurityContextConstraints); diff != "" {
		t.Errorf("constraints (-want +got):\n%s", diff)
	}
}

// TestFactsComeInPages: what later pages have counts, pages are bounded, and of
// Secrets nothing but metadata is asked for. The fakes know no pages, so this
// has real clients.
func TestFactsComeInPages(t *testing.T) {
	var asked []string
	g := gathererOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		asked = append(asked, fmt.Sprintf("%s limit=%s continue=%s fields=%s metadata=%t", r.URL.Path, query.Get("limit"), query.Get("continue"),
			query.Get("fieldSelector"), strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadataList")))
		page, next := 1, "2"
		if query.Get("continue") == "2" {
			page, next = 2, ""
		}
		w.Header().Set("Content-Type", "application/json")
		kind := `"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata`
		if strings.HasPrefix(r.URL.Path, "/apis/security") {
			kind = `"apiVersion":"security.openshift.io/v1","kind":"SecurityContextConstraints`
		}
		fmt.Fprintf(w, `{%s%s","metadata":{"continue":%q},"items":[{%s","metadata":{"namespace":"shop","name":"n%d"},"groups":["system:serviceaccounts"]}]}`, kind, "List", next, kind, page)
	}))
	g.kinds = &kinds{byKind: map[string][]served{"SecurityContextConstraints": {{
		gv: schema.GroupVersion{Group: "security.openshift.io", Version: "v1"}, resource: "securitycontextconstraints", preferred: true,
	}}}}
	g.run = &runcontext.RunContext{Backup: &runcontext.Backup{}, Restore: &runcontext.Restore{Spec: runcontext.RestoreSpec{IncludedNamespaces: []string{"shop"}}}}
	constraints, err := g.constraints(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]string{"n1", "n2"}, constraints.All); diff != "" {
		t.Errorf("constraints (-want +got):\n%s", diff)
	}
	secrets, err := g.pullSecrets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(secrets["shop"]) != 4 {
		t.Errorf("got %v, want two pages of two types", secrets)
	}
	const (
		sccs    = "/apis/security.openshift.io/v1/securitycontextconstraints limit=200 continue=%s fields= metadata=false"
		shopped = "/api/v1/namespaces/shop/secrets limit=200 continue=%s fields=type=kubernetes.io/%s metadata=true"
	)
	want := []string{fmt.Sprintf(sccs, ""), fmt.Sprintf(sccs, "2")}
	for _, secretType := range []string{"dockercfg", "dockerconfigjson"} {
		want = append(want, fmt.Sprintf(shopped, "", secretType), fmt.Sprintf(shopped, "2", secretType))
	}
	if diff := gocmp.Diff(want, asked); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestNoOpenShift: every fact of OpenShift is absent on another cluster, and
// nobody is asked.
func TestNoOpenShift(t *testing.T) {
	w := newOpenShift(t, []string{asking(runcontext.Facts()...)}, aBackup("b1", nil))
	w.serve(clusterResources())
	got, err := w.factsOf(t, restoreRef(aRestore("r1", wants("p"))))
	if err != nil {
		t.Fatal(err)
	}
	// These two are no facts of OpenShift.
	want := runcontext.Cluster{Facts: slices.Sorted(slices.Values(runcontext.Facts())), KubernetesVersion: got.KubernetesVersion, ServedAPIs: got.ServedAPIs}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	calls := slices.DeleteFunc(w.calls, func(c string) bool { return strings.HasPrefix(c, "list secrets") })
	if len(calls) > 0 {
		t.Errorf("calls of a cluster that has none of these groups: %q", calls)
	}
}

// TestFactsAreRefused: what is missing is told for every fact at once, and
// nothing runs.
func TestFactsAreRefused(t *testing.T) {
	two := yamlPipeline("p", "\tmutators:\n\t- {name: images, builtin: context, context: true, facts: [internalRegistry]}\n"+
		"\t- {name: versions, builtin: context, context: true, facts: [openshiftVersion, internalRegistry]}\n")
	w := newOpenShift(t, []string{two}, aBackup("b1", wants("p")))
	w.forbid("list", "imagestreams")
	w.forbid("get", "clusterversions")
	w.kube.PrependReactor("create", "selfsubjectreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, &authenticationv1.SelfSubjectReview{Status: authenticationv1.SelfSubjectReviewStatus{
			UserInfo: authenticationv1.UserInfo{Username: "system:serviceaccount:velero:velero"},
		}}, nil
	})
	_, err := (&BackupItemAction{engine: w.engine}).AppliesTo()
	if err == nil {
		t.Fatal("the run is not refused")
	}
	for _, want := range []string{
		"load pipelines of Backup velero/b1: 2 problems",
		`gather internalRegistry of the cluster for step "images" of pipeline "p" and step "versions" of pipeline "p": service account velero/velero lacks the permission to list imagestreams in API group image.openshift.io, in namespace "openshift"`,
		`RoleBinding in namespace "openshift"`,
		`gather openshiftVersion of the cluster for step "versions" of pipeline "p": service account velero/velero lacks the permission to get clusterversions in API group config.openshift.io, cluster-wide`,
		"ClusterRoleBinding",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not say %q:\n%v", want, err)
		}
	}
	var fact *FactError
	if !errors.As(err, &fact) || fact.Permission == nil || !apierrors.IsForbidden(err) {
		t.Fatalf("errors.As finds no *FactError with a permission, or the API server's error is lost: %v", err)
	}
	want := &Permission{User: "system:serviceaccount:velero:velero", Verb: "get", Group: "config.openshift.io", Resource: "clusterversions", Cluster: true}
	if diff := gocmp.Diff(want, fact.Permission); diff != "" {
		t.Errorf("permission (-want +got):\n%s", diff)
	}
}

// TestFactsThatDoNotAnswer: a group whose server is away is not one that the
// cluster does not have.
func TestFactsThatDoNotAnswer(t *testing.T) {
	w := newOpenShift(t, []string{asking(runcontext.InternalRegistry)}, aBackup("b1", wants("p")))
	w.dyn.PrependReactor("list", "imagestreams", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewServiceUnavailable("openshift-apiserver is away")
	})
	_, err := w.factsOf(t, backupRef(aBackup("b1", wants("p"))))
	var fact *FactError
	if !errors.As(err, &fact) || fact.Permission != nil || !strings.Contains(err.Error(), `list imagestreams.image.openshift.io in namespace "openshift": openshift-apiserver is away`) {
		t.Errorf("got %v, want a *FactError without a permission that says which call failed", err)
	}
	away := &gatherer{kinds: &kinds{failed: map[schema.GroupVersion]error{{Group: "image.openshift.io", Version: "v1"}: errors.New("503")}}}
	if got, err := away.internalRegistry(t.Context()); got != nil || err == nil || !strings.Contains(err.Error(), "image.openshift.io/v1") {
		t.Errorf("a group that does not answer: got %v, %v", got, err)
	}
}

// TestUserUnknown: before Kubernetes 1.28 the cluster does not tell who asks.
func TestUserUnknown(t *testing.T) {
	w := newOpenShift(t, []string{asking(runcontext.SecurityContextConstraints)})
	w.forbid("list", "securitycontextconstraints")
	w.kube.PrependReactor("create", "selfsubjectreviews", func(a clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewNotFound(a.GetResource().GroupResource(), "")
	})
	_, err := w.factsOf(t, backupRef(aBackup("b1", wants("p"))))
	if want := "the user of the plugin lacks the permission to list securitycontextconstraints in API group security.openshift.io, cluster-wide"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q in it", err, want)
	}
}

// TestFactsOncePerRun: many objects, one round of calls.
func TestFactsOncePerRun(t *testing.T) {
	w := newOpenShift(t, []string{asking(runcontext.OpenShiftVersion)}, clusterVersionObject(t, `{"desired":{"version":"4.21.5"}}`))
	action := &BackupItemAction{engine: w.engine}
	for i := range 5 {
		if _, _, _, _, err := action.Execute(configMap(t, fmt.Sprintf("c%d", i)), aBackup("b1", wants("p"))); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"get clusterversions.config.openshift.io version"}; !slices.Equal(want, w.calls) {
		t.Errorf("calls: got %q, want %q", w.calls, want)
	}
}

func TestTargetOf(t *testing.T) {
	cases := map[string]struct {
		reason  string
		backup  runcontext.BackupSpec
		restore runcontext.RestoreSpec
		ask     []string
		has     map[string]bool
	}{
		"Restore": {
			reason:  "what the Restore names, by its new name",
			restore: runcontext.RestoreSpec{IncludedNamespaces: []string{"shop", "db"}, NamespaceMapping: map[string]string{"shop": "shop-dr"}},
			ask:     []string{"db", "shop-dr"}, has: map[string]bool{"shop-dr": true, "shop": false},
		},
		"Backup": {
			reason: "a Restore that names none restores what the Backup has",
			backup: runcontext.BackupSpec{IncludedNamespaces: []string{"shop", "tmp"}}, restore: runcontext.RestoreSpec{IncludedNamespaces: []string{"*"}, ExcludedNamespaces: []string{"tmp"}},
			ask: []string{"shop"}, has: map[string]bool{"shop": true, "tmp": false},
		},
		"All": {
			reason: "nobody names any: all but what is left out, unless another is mapped onto it",
			backup: runcontext.BackupSpec{ExcludedNamespaces: []string{"kube-system"}},
			restore: runcontext.RestoreSpec{
				ExcludedNamespaces: []string{"tmp", "old"}, NamespaceMapping: map[string]string{"shop": "old"},
			},
			ask: []string{""}, has: map[string]bool{"shop": true, "old": true, "tmp": false, "kube-system": false},
		},
		"Pattern": {
			reason: "which namespaces a pattern means is not known", restore: runcontext.RestoreSpec{IncludedNamespaces: []string{"shop-*"}},
			ask: []string{""}, has: map[string]bool{"shop-1": true},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := targetOf(&runcontext.RunContext{Backup: &runcontext.Backup{Spec: tc.backup}, Restore: &runcontext.Restore{Spec: tc.restore}})
			if diff := gocmp.Diff(tc.ask, got.ask()); diff != "" {
				t.Errorf("%s: ask (-want +got):\n%s", tc.reason, diff)
			}
			for _, namespace := range slices.Sorted(maps.Keys(tc.has)) {
				if got.has(namespace) != tc.has[namespace] {
					t.Errorf("%s: has(%q) = %t", tc.reason, namespace, !tc.has[namespace])
				}
			}
		})
	}
}
