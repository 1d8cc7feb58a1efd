package mapnamespaces

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/catalog/internal/mapping"
	"github.com/velero-krm/velero-krm/krm"
)

// chain is a mapping that Velero accepts: a namespace gets the old name of
// another.
const chain = `{"a":"b","b":"c","x":"y"}`

// TestChainedMapping moves each reference once, from the object as it is in the
// backup. It is no fixture, as the suite runs a function over what came out,
// which a restore does not do: that run would move b on to c.
func TestChainedMapping(t *testing.T) {
	tests := map[string]struct{ in, want, reason string }{
		"nothing to map": {
			reason: "one chained pair must not fail what it does not touch",
			in:     `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n","namespace":"a"},"data":{"k":"v"}}`,
			want:   `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n","namespace":"a"},"data":{"k":"v"}}`,
		},
		"one text, several names": {
			reason: "nothing is changed twice within a text",
			in:     `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n","namespace":"a"},"data":{"k":"p.a.svc,q.b.svc,system:serviceaccount:a:s"}}`,
			want:   `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n","namespace":"a"},"data":{"k":"p.b.svc,q.c.svc,system:serviceaccount:b:s"}}`,
		},
		"subjects": {
			reason: "Velero maps namespaces of subjects afterwards, and would move b on; the accounts' names it leaves",
			in:     `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"n","namespace":"a"},"subjects":[{"namespace":"a"},{"namespace":"b"},{"namespace":"x"},{"name":"system:serviceaccount:a:s"}]}`,
			want:   `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"n","namespace":"a"},"subjects":[{"namespace":"a"},{"namespace":"c"},{"namespace":"y"},{"name":"system:serviceaccount:b:s"}]}`,
		},
		"subjects of OpenShift's bindings": {
			reason: "Velero does not know them",
			in:     `{"apiVersion":"authorization.openshift.io/v1","kind":"RoleBinding","metadata":{"name":"n","namespace":"a"},"subjects":[{"namespace":"a"}]}`,
			want:   `{"apiVersion":"authorization.openshift.io/v1","kind":"RoleBinding","metadata":{"name":"n","namespace":"a"},"subjects":[{"namespace":"b"}]}`,
		},
		"volume": {
			reason: "Velero maps the claim's namespace, and by the old one knows that the volume must get another name",
			in:     `{"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"n"},"spec":{"claimRef":{"namespace":"x"},"csi":{"nodeStageSecretRef":{"namespace":"a"}}}}`,
			want:   `{"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"n"},"spec":{"claimRef":{"namespace":"x"},"csi":{"nodeStageSecretRef":{"namespace":"b"}}}}`,
		},
		"snapshot content": {
			reason: "Velero's action for it maps as well",
			in:     `{"apiVersion":"snapshot.storage.k8s.io/v1","kind":"VolumeSnapshotContent","metadata":{"name":"n"},"spec":{"volumeSnapshotRef":{"namespace":"a"}}}`,
			want:   `{"apiVersion":"snapshot.storage.k8s.io/v1","kind":"VolumeSnapshotContent","metadata":{"name":"n"},"spec":{"volumeSnapshotRef":{"namespace":"a"}}}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := restored(t, chain, tc.in).Items[1]
			if diff := cmp.Diff(item(t, tc.want).Object(), got.Object()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// TestChainWarns wants to be told where a second mapping would do harm, and only
// there.
func TestChainWarns(t *testing.T) {
	const binding = `{"apiVersion":"security.openshift.io/v1","kind":"SecurityContextConstraints","metadata":{"name":"n"},"users":["system:serviceaccount:NS:s"]}`
	for namespace, warns := range map[string]bool{"a": true, "b": false, "x": false} {
		out := restored(t, chain, strings.ReplaceAll(binding, "NS", namespace))
		warned := slices.ContainsFunc(out.Results, func(r krm.Result) bool {
			return r.Severity == krm.Warning && strings.HasPrefix(r.Message, "a moved to b, and b moves to c: ")
		})
		if warned != warns {
			t.Errorf("%s: warned is %v, want %v: %v", namespace, warned, warns, out.Results)
		}
	}
}

// TestChainWarningIsSaid wants the warning's own words to be shown whatever Secrets
// hold: no fixture has it, so the catalogue's test of all does not see it.
func TestChainWarningIsSaid(t *testing.T) {
	if !slices.Contains(Function().Sayings(), mapping.SaidOfChain) {
		t.Error("fn.Says does not name it")
	}
}

// TestSwap lets two namespaces change places.
func TestSwap(t *testing.T) {
	out := restored(t, `{"a":"b","b":"a"}`, `{"apiVersion":"v1","kind":"Service","metadata":{"name":"n","namespace":"a"},"spec":{"externalName":"p.b.svc"}}`)
	if got, _ := out.Items[1].Object()["spec"].(map[string]any); got["externalName"] != "p.a.svc" {
		t.Errorf("got %v", got)
	}
	if warnings := slices.ContainsFunc(out.Results, func(r krm.Result) bool { return r.ResourceRef != nil }); warnings {
		t.Errorf("the new name was taken for an old one: %v", out.Results)
	}
}

// restored runs the function with the context of a Restore.
func restored(t *testing.T, table, object string) *krm.ResourceList {
	t.Helper()
	run := item(t, `{"apiVersion":"velero-krm.io/v1alpha1","kind":"RunContext","metadata":{"name":"r","namespace":"velero","annotations":{"config.kubernetes.io/local-config":"true"}},`+
		`"phase":"Restore","restore":{"name":"r","namespace":"velero","spec":{"namespaceMapping":`+table+`}}}`)
	out, err := Function().Run(t.Context(), &krm.ResourceList{Items: []*krm.Item{run, item(t, object)}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func item(t *testing.T, raw string) *krm.Item {
	t.Helper()
	i, err := krm.NewItem([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return i
}
