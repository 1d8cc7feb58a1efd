package plugin

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/multiitem"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// ask asks, with each object, for a Secret of its name and for a Namespace; with
// the annotation "ask", for what that says instead.
func ask(in *krm.ResourceList) (*krm.ResourceList, error) {
	out := &krm.ResourceList{Items: in.Items}
	for _, it := range in.Items {
		id := it.Identity()
		wanted, ok := it.Annotation("ask")
		if !ok {
			wanted = "secrets/shop/of-" + id.Name + " namespaces/tools"
		}
		for tag := range strings.FieldsSeq(wanted) {
			out.Results = append(out.Results, krm.Result{
				Message: "additional item", Severity: krm.Info, ResourceRef: krm.RefTo(id), Tags: map[string]string{krm.AdditionalItemTag: tag},
			})
		}
	}
	return out, nil
}

// ofProtocol converts what an item action asks for.
func ofProtocol(ids []velero.ResourceIdentifier) []multiitem.ResourceIdentifier {
	var list []multiitem.ResourceIdentifier
	for _, id := range ids {
		list = append(list, multiitem.ResourceIdentifier{Group: id.Group, Resource: id.Resource, Namespace: id.Namespace, Name: id.Name})
	}
	return list
}

func askingConfigMap(wanted string) string {
	return `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop","annotations":{"ask":"` + wanted + `"}}}`
}

// TestAdditionalItems hands to Velero what functions ask for, on backup and on
// restore, by item actions and by multi-item actions alike.
func TestAdditionalItems(t *testing.T) {
	secret := velero.ResourceIdentifier{GroupResource: schema.GroupResource{Resource: "secrets"}, Namespace: "shop", Name: "db"}
	deployment := velero.ResourceIdentifier{GroupResource: schema.GroupResource{Group: "apps", Resource: "deployments"}, Namespace: "shop", Name: "web"}
	namespace := velero.ResourceIdentifier{GroupResource: schema.GroupResource{Resource: "namespaces"}, Name: "tools"}
	ask, again := "\tmutators: [{builtin: ask}]\n", "\tmutators: [{builtin: ask}, {builtin: mark}, {name: again, builtin: ask}]\n"
	for name, tc := range map[string]struct {
		reason   string
		pipeline string
		wanted   string
		want     []velero.ResourceIdentifier
		// wantErr of the backup; of the restore too when both is set.
		wantErr []string
		both    bool
	}{
		"Unchanged": {"an object that stays as it is takes them along", ask, "secrets/shop/db namespaces/tools", []velero.ResourceIdentifier{secret, namespace}, nil, false},
		"Changed":   {"in their order, each once", again, "deployments.apps/shop/web secrets/shop/db", []velero.ResourceIdentifier{deployment, secret}, nil, false},
		"Malformed": {"it fails by name", ask, "secrets/shop/db Secret/db", nil, []string{`pipeline "p"`, `step "ask"`, "ConfigMap shop/c", `"Secret/db"`}, true},
		"Unknown":   {"Velero would not say which function asked", ask, "nothings.example.org/x", nil, []string{"ConfigMap shop/c", "nothings.example.org/x", "does not have the resource"}, false},
		"Namespace": {"there is none of that name", ask, "secrets/db", nil, []string{"ConfigMap shop/c", "secrets live in namespaces"}, false},
		"Cluster":   {"nor of that one", ask, "namespaces/shop/tools", nil, []string{"ConfigMap shop/c", "namespaces live in no namespace"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			text, item := yamlPipeline("p", tc.pipeline), askingConfigMap(tc.wanted)
			check := func(way string, got []multiitem.ResourceIdentifier, message string, wantErr []string) {
				t.Helper()
				if (message != "") != (wantErr != nil) {
					t.Fatalf("%s: %s: %q", tc.reason, way, message)
				}
				for _, part := range wantErr {
					if !strings.Contains(message, part) {
						t.Errorf("%s: %s: %q does not say %q", tc.reason, way, message, part)
					}
				}
				if diff := cmp.Diff(ofProtocol(tc.want), got); diff != "" && message == "" {
					t.Errorf("%s: %s (-want +got):\n%s", tc.reason, way, diff)
				}
			}
			textOf := func(err error) string {
				if err == nil {
					return ""
				}
				return err.Error()
			}
			w := newWorld(t, []string{text}, aBackup("b1", nil))
			_, ids, _, _, err := (&BackupItemAction{engine: w.engine}).Execute(object(t, item), aBackup("b1", wants("p")))
			check("backup", ofProtocol(ids), textOf(err), tc.wantErr)

			onRestore := tc.wantErr
			if !tc.both {
				onRestore = nil
			}
			out, err := (&RestoreItemAction{engine: w.engine}).Execute(&velero.RestoreItemActionExecuteInput{
				Item: object(t, item), ItemFromBackup: object(t, item), Restore: aRestore("r1", wants("p")),
			})
			if err == nil {
				ids = out.AdditionalItems
				if out.WaitForAdditionalItems {
					t.Error("Velero is to wait")
				}
			}
			if tc.want != nil || err != nil {
				check("restore", ofProtocol(ids), textOf(err), onRestore)
			}

			multi := newMultiWorld(t, text)
			conn := multi.host(t)
			answer := multi.call(t, conn, backupRef(aBackup("b1", wants("p"))), []string{item}).want(t, 1).answers[0]
			check("multi-item backup", answer.AdditionalItems, answer.Message, tc.wantErr)
			if tc.want != nil {
				answer = multi.call(t, conn, restoreRef(aRestore("r1", wants("p"))), []string{item}).want(t, 1).answers[0]
				check("multi-item restore", answer.AdditionalItems, answer.Message, onRestore)
			}
		})
	}
}

// TestAdditionalItemsOfCreated: what one pipeline created and another asks with
// fails, and with it what it may replace.
func TestAdditionalItemsOfCreated(t *testing.T) {
	w := newMultiWorld(t, yamlPipeline("a", "\tmutators: [{builtin: replace, allow: [Create, Delete], scope: List}]\n"), yamlPipeline("b", "\tmutators: [{builtin: ask}]\n"))
	got := w.call(t, w.host(t), backupRef(aBackup("b1", wants("a,b"))), []string{configMapJSON("one"), configMapJSON("two")}).want(t, 2)
	if len(got.created) != 0 {
		t.Errorf("created %v", got.created)
	}
	for i, a := range got.answers {
		if a.Status != multiitem.Failed {
			t.Errorf("object %d is %s", i, a.Status)
		}
	}
	if text := strings.Join(got.answers[0].Errors, "\n"); !strings.Contains(text, "ConfigMap shop/all") || !strings.Contains(text, "additional items") {
		t.Errorf("errors: %s", text)
	}
}
