package plugin

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/velero-krm/velero-krm/krm"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	clienttesting "k8s.io/client-go/testing"
)

func TestBackupAppliesTo(t *testing.T) {
	marks := yamlPipeline("marks", "\tmutators: [{builtin: mark, selectors: [{kind: ConfigMap}, {apiVersion: apps/v1, kind: Deployment}]}]\n")
	marksAll := yamlPipeline("all", "\tmutators: [{builtin: mark}]\n")
	progressing := aBackup("running", wants("gone"))
	progressing.Status.Progress = &velerov1api.BackupProgress{TotalItems: 7}
	done := aBackup("done", wants("gone"))
	done.Status.Phase = velerov1api.BackupPhaseCompleted
	finalizing := aBackup("finalizing", wants("gone"))
	finalizing.Status.Phase = velerov1api.BackupPhaseFinalizing
	finalizing.Status.BackupItemOperationsAttempted = 1

	cases := map[string]struct {
		reason    string
		pipelines []string
		objects   []runtime.Object
		want      velero.ResourceSelector
		wantErr   []string
	}{
		"NoPipelines": {
			reason: "a run without pipelines costs no call per object", objects: []runtime.Object{aBackup("b1", nil)},
			want: velero.ResourceSelector{IncludedResources: []string{nothing}},
		},
		"Narrowed": {
			reason: "only what the pipelines select comes to the plugin", pipelines: []string{marks}, objects: []runtime.Object{aBackup("b1", wants("marks"))},
			want: velero.ResourceSelector{IncludedResources: []string{"configmaps", "deployments.apps", nothing}},
		},
		"Everything": {
			reason: "a step without selectors works on all", pipelines: []string{marksAll}, objects: []runtime.Object{aBackup("b1", wants("all"))},
		},
		"Unseen": {reason: "with no Backup to see, Execute decides", pipelines: []string{marks}},
		"Broken": {
			reason: "the one that starts ends before anything is written", pipelines: []string{marks}, objects: []runtime.Object{aBackup("b1", wants("gone"))},
			wantErr: []string{"load pipelines of Backup velero/b1", `pipeline "gone" does not exist`, `"marks"`},
		},
		"OthersDoNotCount": {
			reason: "a Backup that counts its items or is done has been answered", pipelines: []string{marks},
			objects: []runtime.Object{aBackup("b1", wants("marks")), progressing, done},
			want:    velero.ResourceSelector{IncludedResources: []string{"configmaps", "deployments.apps", nothing}},
		},
		"TwoOneBroken": {
			reason: "which one asks is not known: the good one must run, the broken one fails in Execute", pipelines: []string{marks},
			objects: []runtime.Object{aBackup("b1", wants("marks")), aBackup("b2", wants("gone"))},
		},
		"TwoBothBroken": {
			reason: "whichever it is", objects: []runtime.Object{aBackup("b1", wants("gone")), aBackup("b2", wants("lost"))},
			wantErr: []string{`"gone"`, `"lost"`},
		},
		"Finalizing": {
			reason: "a Backup that is written already must not be ended", objects: []runtime.Object{finalizing},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.pipelines, tc.objects...)
			got, err := (&BackupItemAction{engine: w.engine}).AppliesTo()
			if (err != nil) != (tc.wantErr != nil) {
				t.Fatalf("%s: AppliesTo(): %v", tc.reason, err)
			}
			for _, want := range tc.wantErr {
				checkError(t, tc.reason, err, want)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: AppliesTo(): -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRestoreAppliesTo(t *testing.T) {
	marks := yamlPipeline("marks", "\tmutators: [{builtin: mark, selectors: [{kind: ConfigMap}]}]\n")
	cases := map[string]struct {
		reason  string
		restore *velerov1api.Restore
		want    velero.ResourceSelector
		wantErr string
	}{
		"NoPipelines": {reason: "no call per object", restore: aRestore("r1", nil), want: velero.ResourceSelector{IncludedResources: []string{nothing}}},
		"Pipelines":   {reason: "the backup's resources may have other names than the cluster's", restore: aRestore("r1", wants("marks"))},
		"Broken":      {reason: "nothing must be created", restore: aRestore("r1", wants("gone")), wantErr: `"gone" does not exist`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, []string{marks}, tc.restore)
			got, err := (&RestoreItemAction{engine: w.engine}).AppliesTo()
			checkError(t, tc.reason, err, tc.wantErr)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: AppliesTo(): -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestLoadProblems(t *testing.T) {
	cases := map[string]struct {
		reason   string
		pipeline string
		backup   bool
		velero   string
		want     []string
	}{
		"UnknownKind": {
			reason: "a selector that cannot match is a mistake", backup: true,
			pipeline: "\tmutators: [{builtin: mark, selectors: [{apiVersion: v1, kind: Configmap}]}]\n", want: []string{"spec.mutators[0].selectors[0]", "Configmap", "did you mean kind: ConfigMap?"},
		},
		"OtherGroup": {
			reason: "says where the kind is", backup: true,
			pipeline: "\tmutators: [{builtin: mark, selectors: [{apiVersion: v1, kind: Deployment}]}]\n", want: []string{"apps/v1"},
		},
		"OtherVersion": {
			reason: "Velero keeps the preferred version only", backup: true,
			pipeline: "\tmutators: [{builtin: mark, selectors: [{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler}]}]\n", want: []string{"autoscaling/v2"},
		},
		"BuiltinGroupOnRestore": {
			reason:   "no CRD of a backup adds a kind to a group of Kubernetes itself",
			pipeline: "\tmutators: [{builtin: mark, selectors: [{apiVersion: apps/v1, kind: Deploymant}]}]\n", want: []string{"Deploymant"},
		},
		"UnknownFunction": {reason: "from pipeline.Compile", pipeline: "\tmutators: [{builtin: marc}]\n", want: []string{"spec.mutators[0].builtin", "marc"}},
		"MissingExecutable": {
			reason: "before anything is written", pipeline: "\tmutators: [{exec: no-such-function}]\n", want: []string{"spec.mutators[0].exec", "no-such-function"},
		},
		"Create":    {reason: "one object comes back for one", pipeline: "\tmutators: [{builtin: mark, allow: [Create]}]\n", want: []string{"spec.mutators[0].allow", "multi-item"}},
		"WholeList": {reason: "one object at a time", pipeline: "\tmutators: [{builtin: mark, scope: List}]\n", want: []string{"spec.mutators[0].scope"}},
		"DeleteOnOldVelero": {
			reason: "an old Velero would back it up", backup: true, velero: "v1.17.2",
			pipeline: "\tmutators: [{builtin: drop, allow: [Delete]}]\n", want: []string{"spec.mutators[0].allow", "v1.17.2", "1.18", "phases: [Restore]"},
		},
		"NamespaceOnRestore": {
			reason:   "Velero never hands them out",
			pipeline: "\tmutators: [{builtin: mark, selectors: [{kind: Namespace}]}]\n", want: []string{"spec.mutators[0].selectors[0].kind", "multi-item"},
		},
		"PluginFolder": {
			reason:   "Velero starts everything in there",
			pipeline: "\tmutators: [{exec: /plugins/krm-functions route}]\n", want: []string{"/plugins/krm-functions", "plugin folder"},
		},
		"AllAtOnce": {
			reason:   "one round of corrections, not three",
			pipeline: "\tmutators: [{builtin: marc}, {builtin: mark, allow: [Create]}, {exec: gone}]\n", want: []string{"marc", "Create", "gone"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, []string{yamlPipeline("p", tc.pipeline)}, aRestore("r1", wants("p")), aBackup("b1", wants("p")))
			if tc.velero != "" {
				w.server = &server{override: tc.velero}
			}
			var applies velero.Applicable = &RestoreItemAction{engine: w.engine}
			if tc.backup {
				applies = &BackupItemAction{engine: w.engine}
			}
			_, err := applies.AppliesTo()
			for _, want := range tc.want {
				checkError(t, tc.reason, err, want)
			}
		})
	}
}

func TestLoadsOncePerRun(t *testing.T) {
	w := newWorld(t, []string{yamlPipeline("marks", "\tmutators: [{builtin: mark}]\n")}, aBackup("b1", wants("marks")))
	action := &BackupItemAction{engine: w.engine}
	if _, err := action.AppliesTo(); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if _, _, _, _, err := action.Execute(configMap(t, "c"), aBackup("b1", wants("marks"))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := w.lists(); got != 1 {
		t.Errorf("pipelines were listed %d times for one run of 160 objects, want once", got)
	}
	if _, _, _, _, err := action.Execute(configMap(t, "c"), aBackup("b2", wants("marks"))); err != nil {
		t.Fatal(err)
	}
	if got := w.lists(); got != 2 {
		t.Errorf("pipelines were listed %d times for two runs, want twice", got)
	}
}

// TestLoadedAgainDiffers edits a pipeline between two processes of one run.
func TestLoadedAgainDiffers(t *testing.T) {
	logOf := func(spec string, wants map[string]string) string {
		w := newWorld(t, []string{yamlPipeline("p", spec)})
		if _, err := w.runFor(t.Context(), backupRef(aBackup("b1", wants))); err != nil {
			t.Fatal(err)
		}
		return w.log.String()
	}
	digest := regexp.MustCompile(`msg="pipelines loaded" digests="\[[0-9a-f]{12}\]"`)
	before, after := digest.FindString(logOf("\tmutators: [{builtin: mark}]\n", wants("p"))), digest.FindString(logOf("\tmutators: [{builtin: nothing}]\n", wants("p")))
	if before == "" || after == "" || before == after {
		t.Errorf("the log must tell the pipelines apart: %q and %q", before, after)
	}
	if log := logOf("\tmutators: [{builtin: mark}]\n", nil); strings.Contains(log, "pipelines loaded") || !strings.Contains(log, "no pipeline runs") {
		t.Errorf("a run without pipelines must not look like one with them:\n%s", log)
	}
}

func TestRunsAreBounded(t *testing.T) {
	w := newWorld(t, nil)
	for _, name := range strings.Fields("a b c d e f g h") {
		if _, err := w.runFor(t.Context(), backupRef(aBackup(name, nil))); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.runs) != maxRuns || len(w.order) != maxRuns {
		t.Errorf("%d runs are kept, want %d", len(w.runs), maxRuns)
	}
}

func TestTransientErrorIsTriedAgain(t *testing.T) {
	w := newWorld(t, []string{yamlPipeline("marks", "\tmutators: [{builtin: mark}]\n")})
	refused := true
	w.kube.PrependReactor("list", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		return refused, nil, errors.New("etcd is electing")
	})
	action := &BackupItemAction{engine: w.engine}
	_, _, _, _, err := action.Execute(configMap(t, "c"), aBackup("b1", wants("marks")))
	checkError(t, "without pipelines no object goes through", err, "etcd is electing")
	refused = false
	out, _, _, _, err := action.Execute(configMap(t, "c"), aBackup("b1", wants("marks")))
	if err != nil || out == nil {
		t.Errorf("the next object must be converted again: %v, %v", out, err)
	}
}

// pagedClient lists two Backups, one on a page; the fake cluster knows no pages.
type pagedClient struct {
	dynamic.ResourceInterface
	t *testing.T
}

func (c pagedClient) List(_ context.Context, options metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	if options.Limit == 0 {
		c.t.Error("all Backups are asked for at once: a cluster keeps thousands")
	}
	list, name := &unstructured.UnstructuredList{}, "second"
	if options.Continue == "" {
		name = "first"
		list.SetContinue("more")
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(aBackup(name, nil))
	list.Items = []unstructured.Unstructured{{Object: content}}
	return list, err
}

func TestPages(t *testing.T) {
	var names []string
	err := pages(t.Context(), pagedClient{t: t}, "Backups", func(b *velerov1api.Backup) { names = append(names, b.Name) })
	if diff := cmp.Diff([]string{"first", "second"}, names); err != nil || diff != "" {
		t.Errorf("pages(): %v\n-want +got:\n%s", err, diff)
	}
}

func TestAppliesToWithoutAPI(t *testing.T) {
	w := newWorld(t, nil, aBackup("b1", wants("gone")))
	w.dyn.PrependReactor("list", "*", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, errors.New("forbidden") })
	for name, a := range map[string]velero.Applicable{"backup": &BackupItemAction{engine: w.engine}, "restore": &RestoreItemAction{engine: w.engine}} {
		got, err := a.AppliesTo()
		if diff := cmp.Diff(velero.ResourceSelector{}, got); err != nil || diff != "" {
			t.Errorf("%s: every object must come to Execute, which fails closed: %v\n%s", name, err, diff)
		}
	}
}

func TestPanicNamesTheObject(t *testing.T) {
	id := krm.Identity{APIVersion: "v1", Kind: "Secret", Namespace: "shop", Name: "db"}
	err := guarded(id, func() error { panic("hunter2") })
	checkError(t, "a panic must not take the process and the other objects down", err, "Secret shop/db")
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("what is panicked with may be a Secret's: %v", err)
	}
	err = guarded(id, func() error { return fmt.Errorf("%d", []int{}[len(id.Name)]) })
	checkError(t, "the runtime says what went wrong", err, "out of range")
}

func TestSummary(t *testing.T) {
	w := newWorld(t, []string{yamlPipeline("marks", "\tmutators: [{builtin: mark}]\n")})
	if _, _, _, _, err := (&BackupItemAction{engine: w.engine}).Execute(configMap(t, "c"), aBackup("b1", wants("marks"))); err != nil {
		t.Fatal(err)
	}
	w.summarize()
	for _, want := range []string{"pipelines ended", "objects.seen=1", "objects.changed=1", "objects.failed=0"} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("summary lacks %q:\n%s", want, w.log.String())
		}
	}
}
