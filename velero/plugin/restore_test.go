package plugin

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const deploymentFromBackup = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","uid":"u1","resourceVersion":"7",
	"ownerReferences":[{"apiVersion":"v1","kind":"X","name":"x","uid":"u2"}]},"spec":{"replicas":3,"paused":false},"status":{"replicas":3}}`

func TestRestoreExecute(t *testing.T) {
	cases := map[string]struct {
		reason   string
		pipeline string
		// item is the object as Velero and other plugins made it.
		item    string
		want    string
		skip    bool
		wantErr []string
	}{
		"SeesTheBackup": {
			reason: "status and owners are there, though Velero took them out", pipeline: "\tmutators: [{builtin: observe}]\n",
			item: `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":3,"paused":false}}`,
			want: `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","annotations":{"seen":"status=true owners=true namespace=shop"}},"spec":{"replicas":3,"paused":false}}`,
		},
		"KeepsOthersChanges": {
			reason: "what another plugin did before stays", pipeline: "\tmutators: [{builtin: mark}]\n",
			item: `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","labels":{"other":"plugin"}},"spec":{"replicas":0,"paused":false}}`,
			want: `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","labels":{"other":"plugin","marked":"yes"}},"spec":{"replicas":0,"paused":false}}`,
		},
		"Conflict": {
			reason: "two different wishes for one field", pipeline: "\tmutators: [{builtin: replicas}]\n",
			item:    `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":0,"paused":false}}`,
			wantErr: []string{"Deployment.apps shop/web", "spec.replicas", "only one of them"},
		},
		"ResetFields": {
			reason: "Velero decides on status and resourceVersion; the rest of the change counts", pipeline: "\tmutators: [{builtin: reset}]\n",
			item: `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":3,"paused":false}}`,
			want: `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","labels":{"marked":"yes"}},"spec":{"replicas":3,"paused":false}}`,
		},
		"Unchanged": {
			reason: "a nil UpdatedItem tells Velero so", pipeline: "\tmutators: [{builtin: nothing}]\n",
			item: `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":3,"paused":false}}`,
		},
		"Removed": {
			reason: "not restored", pipeline: "\tmutators: [{builtin: drop, allow: [Delete]}]\n", skip: true,
			item: `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":3,"paused":false}}`,
		},
		"Renamed": {
			reason: "Velero creates it under the new name", pipeline: "\tmutators: [{builtin: rename, allow: [Rename]}]\n",
			item: `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":3,"paused":false}}`,
			want: `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"renamed","namespace":"shop"},"spec":{"replicas":3,"paused":false}}`,
		},
		"Moved": {
			reason: "Velero would put it where the Restore says, whatever the function did", pipeline: "\tmutators: [{builtin: move, allow: [Rename]}]\n",
			item:    `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":3,"paused":false}}`,
			wantErr: []string{"Deployment.apps shop/web", `"elsewhere"`, "namespaceMapping"},
		},
		"Fails": {
			reason: "names pipeline, step and object", pipeline: "\tmutators: [{name: images, builtin: fail}]\n",
			item:    `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":3,"paused":false}}`,
			wantErr: []string{`pipeline "p"`, `step "images"`, "Deployment.apps shop/web"},
		},
		"Context": {
			reason: "the run's Backup is looked up", pipeline: "\tmutators: [{builtin: context, context: true}]\n",
			item: `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":3,"paused":false}}`,
			want: `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","annotations":{"run":"Restore of b1"}},"spec":{"replicas":3,"paused":false}}`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, []string{yamlPipeline("p", tc.pipeline)}, aBackup("b1", nil))
			out, err := (&RestoreItemAction{engine: w.engine}).Execute(&velero.RestoreItemActionExecuteInput{
				Item: object(t, tc.item), ItemFromBackup: object(t, deploymentFromBackup), Restore: aRestore("r1", wants("p")),
			})
			if (err != nil) != (tc.wantErr != nil) {
				t.Fatalf("%s: Execute(): %v", tc.reason, err)
			}
			checkFailed(t, w, restoreRef(aRestore("r1", nil)), err)
			for _, want := range tc.wantErr {
				checkError(t, tc.reason, err, want)
			}
			if err != nil {
				return
			}
			if out.SkipRestore != tc.skip {
				t.Errorf("%s: SkipRestore = %t", tc.reason, out.SkipRestore)
			}
			if tc.want == "" {
				if out.UpdatedItem != nil {
					t.Errorf("%s: UpdatedItem = %v, want nil", tc.reason, out.UpdatedItem)
				}
			} else if diff := cmp.Diff(object(t, tc.want).Object, out.UpdatedItem.UnstructuredContent()); diff != "" {
				t.Errorf("%s: Execute(): -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRestoreKindThatTheBackupBrings(t *testing.T) {
	spec := "\tmutators: [{builtin: mark, selectors: [{apiVersion: route.openshift.io/v1, kind: Route}]}]\n"
	crd := `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"routes.route.openshift.io"}}`
	route := `{"apiVersion":"route.openshift.io/v1","kind":"Route","metadata":{"name":"web","namespace":"shop"}}`

	for name, tc := range map[string]struct {
		reason   string
		restored bool
		wantErr  string
	}{
		"Restored":    {reason: "the CRD came first", restored: true},
		"NotRestored": {reason: "neither cluster nor backup has the kind", wantErr: "neither the cluster nor the backup has it"},
	} {
		t.Run(name, func(t *testing.T) {
			restore := aRestore("r1", wants("p"))
			w := newWorld(t, []string{yamlPipeline("p", spec)}, restore)
			action := &RestoreItemAction{engine: w.engine}
			if _, err := action.AppliesTo(); err != nil {
				t.Fatalf("the backup may bring the kind: %v", err)
			}
			if _, err := action.Execute(&velero.RestoreItemActionExecuteInput{Item: object(t, crd), ItemFromBackup: object(t, crd), Restore: restore}); err != nil {
				t.Fatalf("a CRD must be restored before its kind is there: %v", err)
			}
			if tc.restored {
				w.serve(append([]*metav1.APIResourceList{routeResources()}, clusterResources()...))
			}
			for range 2 {
				_, err := action.Execute(&velero.RestoreItemActionExecuteInput{Item: object(t, route), ItemFromBackup: object(t, route), Restore: restore})
				checkError(t, tc.reason, err, tc.wantErr)
			}
		})
	}
}
