package runcontext_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/fn/runcontext"
	"github.com/velero-krm/velero-krm/krm"
)

// full has every field set.
func full() *runcontext.RunContext {
	yes, registry := true, "image-registry.openshift-image-registry.svc:5000"
	return &runcontext.RunContext{
		APIVersion: runcontext.APIVersion, Kind: runcontext.Kind,
		Metadata: runcontext.Metadata{Name: "shop-dr", Namespace: "velero"},
		Phase:    runcontext.PhaseRestore,
		Backup: &runcontext.Backup{
			Name: "shop", Namespace: "velero", UID: "5b0e", Labels: map[string]string{"team": "shop"}, Annotations: map[string]string{"note": "weekly"},
			Spec: runcontext.BackupSpec{
				IncludedNamespaces: []string{"shop", "db"}, ExcludedNamespaces: []string{"tmp"}, StorageLocation: "default",
				DefaultVolumesToFsBackup: &yes, DefaultVolumesToRestic: &yes,
			},
		},
		Restore: &runcontext.Restore{
			Name: "shop-dr", Namespace: "velero", UID: "77c1", Labels: map[string]string{"velero-krm.io/pipeline": "to-dr"}, Annotations: map[string]string{"ticket": "1234"},
			Spec: runcontext.RestoreSpec{
				BackupName: "shop", ScheduleName: "daily", IncludedNamespaces: []string{"shop"}, ExcludedNamespaces: []string{"tmp"},
				NamespaceMapping: map[string]string{"shop": "shop-dr"},
				Hooks: runcontext.RestoreHooks{Resources: []runcontext.RestoreHook{{
					Name: "warm-up", IncludedNamespaces: []string{"shop"}, ExcludedNamespaces: []string{"db"},
					IncludedResources: []string{"pods"}, ExcludedResources: []string{"jobs"},
					LabelSelector: &runcontext.LabelSelector{
						MatchLabels:      map[string]string{"app": "web"},
						MatchExpressions: []runcontext.LabelRequirement{{Key: "tier", Operator: "In", Values: []string{"front"}}},
					},
					PostHooks: []runcontext.PostHook{{Exec: &runcontext.ExecHook{Container: "web"}}, {Init: &runcontext.InitHook{}}},
				}}},
			},
		},
		Cluster: runcontext.Cluster{
			Facts:             runcontext.Facts(),
			KubernetesVersion: "v1.34.3", OpenShiftVersion: "4.21.4", InternalRegistry: &registry, RegistryState: runcontext.RegistryManaged,
			PullSecrets: map[string][]runcontext.PullSecret{"shop-dr": {
				{Name: "default-dockercfg-x7k2p", Type: "kubernetes.io/dockercfg", ServiceAccount: "default"},
				{Name: "quay", Type: "kubernetes.io/dockerconfigjson"},
			}},
			SecurityContextConstraints: &runcontext.Constraints{
				ServiceAccounts: map[string][]string{"shop-dr/web": {"anyuid"}},
				Namespaces:      map[string][]string{"shop-dr": {"nonroot-v2"}},
				All:             []string{"restricted-v2"},
			},
			ServedAPIs: &runcontext.Served{Kinds: map[string][]string{"apps/v1": {"Deployment", "StatefulSet"}}, Unanswered: []string{"metrics.k8s.io/v1beta1"}},
		},
	}
}

// TestRoundTrip writes and reads what a run may tell.
func TestRoundTrip(t *testing.T) {
	bare := &runcontext.RunContext{
		APIVersion: runcontext.APIVersion, Kind: runcontext.Kind, Metadata: runcontext.Metadata{Name: "b"}, Phase: runcontext.PhaseBackup,
		Backup: &runcontext.Backup{Name: "b"}, Cluster: runcontext.Cluster{KubernetesVersion: "v1.34.3"},
	}
	none := *bare
	empty := ""
	none.Cluster.Facts, none.Cluster.InternalRegistry = []runcontext.Fact{runcontext.InternalRegistry}, &empty
	tests := map[string]struct {
		reason string
		in     *runcontext.RunContext
	}{
		"full": {"every field", full()},
		"bare": {"the least that is written", bare},
		"none": {"a registry that is known not to be there is not the same as one that is not known", &none},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			item, err := tc.in.Item()
			if err != nil {
				t.Fatal(err)
			}
			got, err := runcontext.Of([]*krm.Item{item})
			if err != nil {
				t.Fatal(err)
			}
			want := *tc.in
			want.Cluster.Facts = sorted(want.Cluster.Facts)
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func sorted(facts []runcontext.Fact) []runcontext.Fact {
	c := &runcontext.RunContext{Metadata: runcontext.Metadata{Name: "b"}, Phase: runcontext.PhaseBackup, Backup: &runcontext.Backup{Name: "b"}}
	c.Cluster.Facts = facts
	item, err := c.Item()
	if err != nil {
		panic(err) // the facts of the test itself
	}
	read, err := runcontext.Read(item)
	if err != nil {
		panic(err)
	}
	return read.Cluster.Facts
}

// TestWriteIsStrict refuses what a reader could not rely on, all at once.
func TestWriteIsStrict(t *testing.T) {
	tests := map[string]struct {
		reason string
		spoil  func(*runcontext.RunContext)
		want   []string
	}{
		"nothing":     {"all that is missing is told", func(c *runcontext.RunContext) { *c = runcontext.RunContext{} }, []string{"metadata.name", "phase", "backup has no name"}},
		"no restore":  {"a restore has a Restore", func(c *runcontext.RunContext) { c.Restore = nil }, []string{"restore is there in a backup or is not in a restore"}},
		"backup":      {"a backup has none", func(c *runcontext.RunContext) { c.Phase = runcontext.PhaseBackup }, []string{"restore is there in a backup"}},
		"no name":     {"the Restore has a name", func(c *runcontext.RunContext) { c.Restore.Name = "" }, []string{"restore has no name"}},
		"not a fact":  {"a fact that nobody knows", func(c *runcontext.RunContext) { c.Cluster.Facts = append(c.Cluster.Facts, "moon") }, []string{`"moon", which is no fact`}},
		"not claimed": {"a value that nobody asked for", func(c *runcontext.RunContext) { c.Cluster.Facts = nil }, []string{"cluster.internalRegistry is told", "cluster.pullSecrets is told"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := full()
			tc.spoil(c)
			item, err := c.Item()
			if err == nil {
				t.Fatalf("%s: no error, wrote %s", tc.reason, item.Raw())
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s: error %q does not say %q", tc.reason, err, want)
				}
			}
		})
	}
}

func TestRead(t *testing.T) {
	const head = `{"apiVersion":"velero-krm.io/v1alpha1","kind":"RunContext","metadata":{"name":"r"}`
	tests := map[string]struct {
		reason, raw string
		wantErr     string
		is          error
	}{
		"unknown fields": {reason: "a newer plugin tells more", raw: head + `,"phase":"Restore","moon":{"phase":"full"},"cluster":{"arch":"arm64","facts":["arch"]}}`},
		"little":         {reason: "one written by hand may leave out what nobody reads", raw: head + `}`},
		"wrong type":     {reason: "a field of another type is no context", raw: head + `,"cluster":"here"}`, wantErr: "cluster"},
		"other kind":     {reason: "not everything is a context", raw: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"r"}}`, wantErr: "RunContext", is: runcontext.ErrKind},
		"other version":  {reason: "what a version to come means is not known", raw: `{"apiVersion":"velero-krm.io/v2","kind":"RunContext","metadata":{"name":"r"}}`, wantErr: "v1alpha1", is: runcontext.ErrKind},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			item, err := krm.NewItem([]byte(tc.raw))
			if err != nil {
				t.Fatal(err)
			}
			_, err = runcontext.Read(item)
			if (err != nil) != (tc.wantErr != "") || err != nil && !strings.Contains(err.Error(), tc.wantErr) {
				t.Fatalf("%s: error %v, want %q in it", tc.reason, err, tc.wantErr)
			}
			if tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("%s: errors.Is(%v, %v) is false", tc.reason, err, tc.is)
			}
		})
	}
}

// TestOfNone finds no context where there is none.
func TestOfNone(t *testing.T) {
	item, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"r"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := runcontext.Of([]*krm.Item{item}); got != nil || err != nil {
		t.Errorf("Of = %v, %v, want nothing", got, err)
	}
}

func TestConstraintsOf(t *testing.T) {
	c := full().Cluster.SecurityContextConstraints
	c.All = append(c.All, "anyuid")
	tests := map[string]struct {
		reason, namespace, serviceAccount string
		of                                *runcontext.Constraints
		want                              []string
	}{
		"named":     {"its own, its namespace's and everybody's, each once", "shop-dr", "web", c, []string{"anyuid", "nonroot-v2", "restricted-v2"}},
		"neighbour": {"those of its namespace", "shop-dr", "db", c, []string{"anyuid", "nonroot-v2", "restricted-v2"}},
		"stranger":  {"those of everybody", "other", "web", c, []string{"anyuid", "restricted-v2"}},
		"unknown":   {"a cluster without any", "shop-dr", "web", nil, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.of.Of(tc.namespace, tc.serviceAccount)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// TestNarrow: a function is told what its step asked for, and what a newer
// version tells beside the facts.
func TestNarrow(t *testing.T) {
	const head = `{"apiVersion":"velero-krm.io/v1alpha1","kind":"RunContext","metadata":{"name":"r"}`
	const all = head + `,"cluster":{"facts":["internalRegistry","pullSecrets"],"kubernetesVersion":"v1.34.3","internalRegistry":"r:5000","pullSecrets":{"a":[{"name":"b"}]},"arch":"arm64"}}`
	tests := map[string]struct {
		reason, raw string
		facts       []runcontext.Fact
		want        string // empty for the same item
	}{
		"one":       {"the other one goes", all, []runcontext.Fact{runcontext.InternalRegistry}, `{"apiVersion":"velero-krm.io/v1alpha1","cluster":{"arch":"arm64","facts":["internalRegistry"],"internalRegistry":"r:5000","kubernetesVersion":"v1.34.3"},"kind":"RunContext","metadata":{"name":"r"}}`},
		"none":      {"the version of the cluster is always told", all, nil, `{"apiVersion":"velero-krm.io/v1alpha1","cluster":{"arch":"arm64","kubernetesVersion":"v1.34.3"},"kind":"RunContext","metadata":{"name":"r"}}`},
		"all":       {"nothing to take away", all, runcontext.Facts(), ""},
		"bare":      {"nothing is told", head + `}`, nil, ""},
		"malformed": {"its reader says so", head + `,"cluster":"here"}`, nil, ""},
		"list":      {"a list of something else is left to its reader", head + `,"cluster":{"facts":[5]}}`, nil, ""},
		"other":     {"an object that is no context", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"r"},"cluster":{"facts":["pullSecrets"]}}`, nil, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			item, err := krm.NewItem([]byte(tc.raw))
			if err != nil {
				t.Fatal(err)
			}
			got, err := runcontext.Narrow(item, tc.facts)
			if err != nil {
				t.Fatal(err)
			}
			if tc.want == "" {
				if got != item {
					t.Errorf("%s: got %s, want the same item", tc.reason, got.Raw())
				}
				return
			}
			if diff := cmp.Diff(tc.want, string(got.Raw())); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}
