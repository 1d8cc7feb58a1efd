package plugin

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestBackupExecute(t *testing.T) {
	cases := map[string]struct {
		reason   string
		pipeline string
		wants    map[string]string
		object   string
		want     string
		wantErr  []string
	}{
		"Changed": {
			reason: "the pipeline's object is what Velero writes", pipeline: "\tmutators: [{builtin: mark}]\n", wants: wants("p"),
			object: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"},"data":{"a":"b"}}`,
			want:   `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop","labels":{"marked":"yes"}},"data":{"a":"b"}}`,
		},
		"Unchanged": {
			reason: "nil tells Velero that nothing changed", pipeline: "\tmutators: [{builtin: nothing}]\n", wants: wants("p"),
			object: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"}}`,
		},
		"NoPipelines": {
			reason: "nothing runs unasked", pipeline: "\tmutators: [{builtin: mark}]\n",
			object: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"}}`,
		},
		"BigNumbers": {
			reason: "integers above 2^53 keep every digit", pipeline: "\tmutators: [{builtin: mark}]\n", wants: wants("p"),
			object: `{"apiVersion":"x.io/v1","kind":"Big","metadata":{"name":"c"},"spec":{"n":9007199254740993,"m":-9223372036854775808,"f":1.5}}`,
			want:   `{"apiVersion":"x.io/v1","kind":"Big","metadata":{"name":"c","labels":{"marked":"yes"}},"spec":{"n":9007199254740993,"m":-9223372036854775808,"f":1.5}}`,
		},
		"Removed": {
			reason: "Velero leaves out what carries its annotation", pipeline: "\tmutators: [{builtin: drop, allow: [Delete]}]\n", wants: wants("p"),
			object: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"}}`,
			want:   `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop","annotations":{"velero.io/skip-from-backup":"true"}}}`,
		},
		"RemovedWithoutPermission": {
			reason: "nothing is lost without leave", pipeline: "\tmutators: [{builtin: drop}]\n", wants: wants("p"),
			object:  `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"}}`,
			wantErr: []string{`pipeline "p"`, `step "drop"`, "ConfigMap shop/c", "Delete"},
		},
		"Fails": {
			reason: "the message names pipeline, step and object", pipeline: "\tmutators: [{name: images, builtin: fail}]\n", wants: wants("p"),
			object:  `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","namespace":"shop"},"data":{"k":"aHVudGVyMg=="}}`,
			wantErr: []string{`pipeline "p"`, `step "images"`, "Secret shop/db", "no such registry"},
		},
		"Panics": {
			reason: "a panic is an error of that object", pipeline: "\tmutators: [{builtin: panic}]\n", wants: wants("p"),
			object:  `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"}}`,
			wantErr: []string{"ConfigMap shop/c", "panic"},
		},
		"Retyped": {
			reason: "Velero would file a Secret under configmaps", pipeline: "\tmutators: [{builtin: retype, allow: [Rename]}]\n", wants: wants("p"),
			object:  `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"}}`,
			wantErr: []string{"ConfigMap shop/c", "Secret shop/c", "phases: [Restore]"},
		},
		"Moved": {
			reason: "a restore would not find it", pipeline: "\tmutators: [{builtin: move, allow: [Rename]}]\n", wants: wants("p"),
			object:  `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"}}`,
			wantErr: []string{`ConfigMap shop/c was moved to namespace "elsewhere"`, "namespaceMapping"},
		},
		"LeftOutByMark": {
			reason: "Velero leaves out whatever the annotation says, and the step may not Delete", pipeline: "\tmutators: [{builtin: leave-out}]\n", wants: wants("p"),
			object:  `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"}}`,
			wantErr: []string{"ConfigMap shop/c", "velero.io/skip-from-backup", "Delete"},
		},
		"MarkedBefore": {
			reason: "the operator's own mark is no function's", pipeline: "\tmutators: [{builtin: mark}]\n", wants: wants("p"),
			object: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop","annotations":{"velero.io/skip-from-backup":"true"}}}`,
			want:   `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop","labels":{"marked":"yes"},"annotations":{"velero.io/skip-from-backup":"true"}}}`,
		},
		"NotLoaded": {
			reason: "never unconverted", pipeline: "\tmutators: [{builtin: mark}]\n", wants: wants("gone"),
			object:  `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"}}`,
			wantErr: []string{"load pipelines of Backup velero/b1", `"gone" does not exist`},
		},
		"Context": {
			reason: "a step that asks sees its run", pipeline: "\tmutators: [{builtin: context, context: true}]\n", wants: wants("p"),
			object: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"}}`,
			want:   `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop","annotations":{"run":"Backup of b1"}}}`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, []string{yamlPipeline("p", tc.pipeline)})
			obj := object(t, tc.object)
			out, additional, operation, post, err := (&BackupItemAction{engine: w.engine}).Execute(obj, aBackup("b1", tc.wants))
			if (err != nil) != (tc.wantErr != nil) {
				t.Fatalf("%s: Execute(): %v", tc.reason, err)
			}
			checkFailed(t, w, backupRef(aBackup("b1", nil)), err)
			for _, want := range tc.wantErr {
				checkError(t, tc.reason, err, want)
			}
			if additional != nil || operation != "" || post != nil {
				t.Errorf("%s: Execute() asks for more: %v %q %v", tc.reason, additional, operation, post)
			}
			if tc.want == "" {
				if out != nil {
					t.Errorf("%s: Execute() = %v, want nil", tc.reason, out)
				}
			} else if diff := cmp.Diff(object(t, tc.want).Object, out.UnstructuredContent()); diff != "" {
				t.Errorf("%s: Execute(): -want +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(object(t, tc.object).Object, obj.Object); diff != "" {
				t.Errorf("%s: Velero's own object must stay as it is: -want +got:\n%s", tc.reason, diff)
			}
			if strings.Contains(w.log.String(), "aHVudGVyMg") || err != nil && strings.Contains(err.Error(), "aHVudGVyMg") {
				t.Errorf("%s: the value of a Secret got out:\n%v\n%s", tc.reason, err, w.log.String())
			}
		})
	}
}

// checkFailed checks that the totals of a run of one object agree with err.
func checkFailed(t *testing.T, w *world, ref runRef, err error) {
	t.Helper()
	r := w.slotFor(ref).run
	if r == nil {
		return // the pipelines did not load
	}
	failed, changed := r.failed.Load(), r.changed.Load()
	if (err != nil) != (failed == 1) || err != nil && changed != 0 {
		t.Errorf("totals: failed %d, changed %d with error %v", failed, changed, err)
	}
}

// TestBackupRenamedTwice renames all to "renamed": a backup has one file for it.
func TestBackupRenamedTwice(t *testing.T) {
	w := newWorld(t, []string{yamlPipeline("p", "\tmutators: [{builtin: rename, allow: [Rename], exclude: [{name: kept}]}]\n")})
	action, backup := &BackupItemAction{engine: w.engine}, aBackup("b1", wants("p"))
	for _, tc := range []struct{ object, wantErr string }{
		{object: "kept"},
		{object: "a"},
		{object: "a"}, // in another version, or once more
		{object: "b", wantErr: "ConfigMap shop/b: the backup holds ConfigMap shop/a as ConfigMap shop/renamed already"},
		{object: "renamed", wantErr: "ConfigMap shop/renamed: the backup holds ConfigMap shop/a as"},
	} {
		_, _, _, _, err := action.Execute(configMap(t, tc.object), backup)
		checkError(t, tc.object+": no object may overwrite another", err, tc.wantErr)
	}
}

func TestBackupChain(t *testing.T) {
	w := newWorld(t, []string{
		yamlPipeline("one", "\tmutators: [{builtin: mark}]\n"),
		yamlPipeline("two", "\tmutators: [{builtin: drop, allow: [Delete], selectors: [{labels: {marked: \"yes\"}}]}]\n"),
	})
	action := &BackupItemAction{engine: w.engine}
	for _, tc := range []struct {
		wants   string
		skipped bool
	}{{"one,two", true}, {"two,one", false}} {
		out, _, _, _, err := action.Execute(configMap(t, "c"), aBackup(strings.ReplaceAll(tc.wants, ",", "-"), wants(tc.wants)))
		if err != nil {
			t.Fatal(err)
		}
		_, skipped := (&unstructured.Unstructured{Object: out.UnstructuredContent()}).GetAnnotations()["velero.io/skip-from-backup"]
		if skipped != tc.skipped {
			t.Errorf("pipelines %s: skipped = %t, want %t: each sees what the one before made", tc.wants, skipped, tc.skipped)
		}
	}
}

func TestBackupLog(t *testing.T) {
	w := newWorld(t, []string{yamlPipeline("p", "\tmutators: [{name: label, builtin: mark}, {builtin: warn}]\n")})
	secret := object(t, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","namespace":"shop"},"data":{"k":"aHVudGVyMg=="}}`)
	if _, _, _, _, err := (&BackupItemAction{engine: w.engine}).Execute(secret, aBackup("b1", wants("p"))); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`level=info msg="object changed"`, `object="Secret shop/db"`, "pipeline=p", "steps=\"[label]\"", "fields=1",
		`level=warning msg="pipeline warns"`, "old field", "namespace=shop", "name=db",
	} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("log lacks %s:\n%s", want, w.log.String())
		}
	}
	if strings.Contains(w.log.String(), "aHVudGVyMg") {
		t.Errorf("the value of a Secret is in the log:\n%s", w.log.String())
	}
}

// TestStockWarnings: a warning about no object in particular is one of the run
// and not of each of its objects, and those of one object are bounded.
func TestStockWarnings(t *testing.T) {
	for name, tc := range map[string]struct {
		reason, builtin string
		// want are parts of lines and how many lines have them.
		want map[string]int
	}{
		"OfTheRun":   {reason: "each object is a call", builtin: "warn", want: map[string]int{"pipeline warns": 1, "old field": 1, "name=first": 1}},
		"OfAnObject": {reason: "Velero keeps them all", builtin: "warn-of-each", want: map[string]int{"pipeline warns": 3 * maxWarnings, "51 further warnings": 3, "name=third": maxWarnings}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, []string{yamlPipeline("p", "\tmutators: [{builtin: "+tc.builtin+"}]\n")})
			backup, restore := &BackupItemAction{engine: w.engine}, &RestoreItemAction{engine: w.engine}
			for _, object := range []string{"first", "second", "third"} {
				var err error
				if name == "OfTheRun" {
					_, _, _, _, err = backup.Execute(configMap(t, object), aBackup("b1", wants("p")))
				} else {
					_, err = restore.Execute(&velero.RestoreItemActionExecuteInput{
						Item: configMap(t, object), ItemFromBackup: configMap(t, object), Restore: aRestore("r1", wants("p")),
					})
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			for part, want := range tc.want {
				got := 0
				for line := range strings.Lines(w.log.String()) {
					if strings.Contains(line, "level=warning") && strings.Contains(line, part) {
						got++
					}
				}
				if got != want {
					t.Errorf("%s: %d lines have %q, want %d", tc.reason, got, part, want)
				}
			}
		})
	}
}

func TestNoOperations(t *testing.T) {
	b, r := &BackupItemAction{}, &RestoreItemAction{}
	if _, err := b.Progress("x", nil); err == nil {
		t.Error("BackupItemAction.Progress: want an error: there are no operations")
	}
	if _, err := r.Progress("x", nil); err == nil {
		t.Error("RestoreItemAction.Progress: want an error: there are no operations")
	}
	if err := b.Cancel("x", nil); err != nil {
		t.Errorf("BackupItemAction.Cancel: %v", err)
	}
	if err := r.Cancel("x", nil); err != nil {
		t.Errorf("RestoreItemAction.Cancel: %v", err)
	}
	if ready, err := r.AreAdditionalItemsReady(nil, nil); !ready || err != nil {
		t.Errorf("AreAdditionalItemsReady() = %t, %v", ready, err)
	}
}
