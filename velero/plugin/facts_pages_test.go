package plugin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// forgetful answers like an API server that no longer has a list when its second
// page is asked for; one of today cannot be made to forget on demand.
type forgetful struct {
	// asked are the pages, as "limit continue".
	asked []string
	// status is the body of the refusal; nil for none.
	status *metav1.Status
	// always refuses what is not paged as well.
	always bool
}

func (f *forgetful) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	limit, next := r.URL.Query().Get("limit"), r.URL.Query().Get("continue")
	f.asked = append(f.asked, cmp.Or(limit, "all")+" "+next)
	w.Header().Set("Content-Type", "application/json")
	item := func(name string) string {
		return fmt.Sprintf(`{"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata","metadata":{"namespace":"shop","name":%q}}`, name)
	}
	const list = `{"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadataList","metadata":{"continue":%q},"items":[%s]}`
	switch {
	case next == "" && limit != "":
		fmt.Fprintf(w, list, "2", item("a")+","+item("b"))
	case next == "" && !f.always:
		fmt.Fprintf(w, list, "", item("a")+","+item("b")+","+item("c"))
	default:
		w.WriteHeader(http.StatusGone)
		if f.status != nil {
			if err := json.NewEncoder(w).Encode(f.status); err != nil {
				panic(http.ErrAbortHandler)
			}
		}
	}
}

// TestListThatExpires: each object counts once, and a server that
// refuses everything is asked no more than once more.
func TestListThatExpires(t *testing.T) {
	expiredStatus := apierrors.NewResourceExpired("The provided continue parameter is too old").Status()
	expiredStatus.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
	cases := map[string]struct {
		reason  string
		server  forgetful
		want    []string
		refused bool
	}{
		"Expired":  {"what an API server says", forgetful{status: &expiredStatus}, []string{"a", "b", "c"}, false},
		"Gone":     {"one that does not say why", forgetful{}, []string{"a", "b", "c"}, false},
		"Stubborn": {"it fails in the end", forgetful{status: &expiredStatus, always: true}, []string{"a", "b"}, true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for way, list := range map[string]func(*gatherer, call, func(metav1.Object)) error{
				"whole": func(g *gatherer, c call, do func(metav1.Object)) error {
					return g.list(t.Context(), c, func(u *unstructured.Unstructured) bool { do(u); return true })
				},
				"metadata": func(g *gatherer, c call, do func(metav1.Object)) error {
					return g.listMetadata(t.Context(), c, "", func(m *metav1.PartialObjectMetadata) { do(m) })
				},
				"Backups": func(g *gatherer, _ call, do func(metav1.Object)) error {
					return g.cluster.backups(t.Context(), "shop", func(b *velerov1api.Backup) { do(b) })
				},
				"Restores": func(g *gatherer, _ call, do func(metav1.Object)) error {
					return g.cluster.restores(t.Context(), "shop", func(r *velerov1api.Restore) { do(r) })
				},
			} {
				server := tc.server
				var got []string
				err := list(gathererOf(t, &server), call{GroupVersionResource: schema.GroupVersionResource{Version: "v1", Resource: "secrets"}, namespace: "shop", namespaced: true},
					func(o metav1.Object) { got = append(got, o.GetName()) })
				if refused := apierrors.IsResourceExpired(err); refused != tc.refused || !refused && err != nil {
					t.Errorf("%s: %s: got error %v", way, tc.reason, err)
				}
				if diff := gocmp.Diff(tc.want, got); diff != "" {
					t.Errorf("%s: %s (-want +got):\n%s", way, tc.reason, diff)
				}
				if diff := gocmp.Diff([]string{"200 ", "200 2", "all "}, server.asked); diff != "" {
					t.Errorf("%s: pages (-want +got):\n%s", way, diff)
				}
			}
		})
	}
}

// gathererOf returns a gatherer with real clients of a server.
func gathererOf(t *testing.T, handler http.Handler) *gatherer {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	cfg := &rest.Config{Host: server.URL}
	dyn, err := dynamic.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	meta, err := metadata.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &gatherer{cluster: cluster{dynamic: dyn, metadata: meta}}
}
