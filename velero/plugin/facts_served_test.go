package plugin

import (
	"errors"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/velero-krm/velero-krm/fn/runcontext"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// TestServedAPIs: what can be created is told, without a call of its own and
// without subresources.
func TestServedAPIs(t *testing.T) {
	w := newOpenShift(t, []string{asking(runcontext.ServedAPIs)}, aBackup("b1", nil))
	w.serve(clusterResources())
	got, err := w.factsOf(t, restoreRef(aRestore("r1", wants("p"))))
	if err != nil {
		t.Fatal(err)
	}
	want := &runcontext.Served{Kinds: map[string][]string{
		"v1": {"ConfigMap", "Namespace", "Pod", "Secret"}, "apps/v1": {"Deployment"},
		"autoscaling/v1": {"HorizontalPodAutoscaler"}, "autoscaling/v2": {"HorizontalPodAutoscaler"},
	}}
	if diff := gocmp.Diff(want, got.ServedAPIs); diff != "" {
		t.Errorf("served (-want +got):\n%s", diff)
	}
	if len(w.calls) > 0 {
		t.Errorf("calls for it: %q", w.calls)
	}
}

// TestServedAPIsThatDidNotAnswer: a group that is down is not one that is not
// there.
func TestServedAPIsThatDidNotAnswer(t *testing.T) {
	k := &kinds{failed: map[schema.GroupVersion]error{{Group: "b.example", Version: "v1"}: errors.New("503"), {Group: "a.example", Version: "v1"}: errors.New("503")}}
	want := &runcontext.Served{Kinds: map[string][]string{}, Unanswered: []string{"a.example/v1", "b.example/v1"}}
	if diff := gocmp.Diff(want, k.served()); diff != "" {
		t.Errorf("served (-want +got):\n%s", diff)
	}
}
