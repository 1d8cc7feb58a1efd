package plugin

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/velero-krm/velero-krm/multiitem"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
)

const (
	deploymentJSON = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","uid":"u1","ownerReferences":[{"apiVersion":"v1","kind":"X","name":"x","uid":"u2"}]},"spec":{"replicas":3},"status":{"replicas":3}}`
	namespaceJSON  = `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}`
	secretJSON     = `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","namespace":"shop"},"data":{"password":"aHVudGVyMg=="}}`
)

// mixed is a list of several kinds, some of which functions fail on.
func mixed(n int) []string {
	items := []string{namespaceJSON, deploymentJSON, secretJSON}
	for i := range n {
		items = append(items, configMapJSON(fmt.Sprintf("c%04d", i)))
	}
	return items
}

// TestMultiAsSingle wants of a list what the single-item action gives object by
// object.
func TestMultiAsSingle(t *testing.T) {
	cases := map[string]struct {
		reason   string
		pipeline []string
	}{
		"Change":    {reason: "every object", pipeline: []string{"\tmutators: [{builtin: mark}]\n"}},
		"Selected":  {reason: "some", pipeline: []string{"\tmutators: [{builtin: mark, selectors: [{kind: ConfigMap}]}, {builtin: replicas, selectors: [{kind: Deployment}]}]\n"}},
		"Several":   {reason: "in the order of their names", pipeline: []string{"\tmutators: [{builtin: mark}]\n", "\tmutators: [{builtin: observe}]\n"}},
		"Removed":   {reason: "left out", pipeline: []string{"\tmutators: [{builtin: drop, selectors: [{kind: Secret}], allow: [Delete]}, {builtin: mark}]\n"}},
		"Failed":    {reason: "those that are selected", pipeline: []string{"\tmutators: [{builtin: mark}, {name: check, builtin: fail, selectors: [{kind: Secret}, {kind: Deployment}]}]\n"}},
		"Ignored":   {reason: "goes on as it was, with a warning", pipeline: []string{"\tmutators: [{builtin: fail, onError: Ignore}, {builtin: mark}]\n"}},
		"Panic":     {reason: "a panic is a failure", pipeline: []string{"\tmutators: [{builtin: panic, selectors: [{kind: Secret}]}]\n"}},
		"Forbidden": {reason: "without permission", pipeline: []string{"\tmutators: [{builtin: drop, selectors: [{kind: Secret}]}, {builtin: rename, selectors: [{kind: Deployment}]}]\n"}},
		"Moved":     {reason: "a backup may, a restore must not", pipeline: []string{"\tmutators: [{builtin: move, selectors: [{kind: Deployment}], allow: [Rename]}]\n"}},
		"LeftOut":   {reason: "Velero's mark is not for functions", pipeline: []string{"\tmutators: [{builtin: leave-out, selectors: [{kind: Secret}]}]\n"}},
		"Asks":      {reason: "additional items come along", pipeline: []string{"\tmutators: [{builtin: mark, selectors: [{kind: Secret}]}, {builtin: ask}]\n"}},
		"AsksLate":  {reason: "not for what fails or goes", pipeline: []string{"\tmutators: [{builtin: ask}, {builtin: drop, selectors: [{kind: Secret}], allow: [Delete]}, {builtin: fail, selectors: [{kind: Deployment}]}]\n"}},
		"Retyped":   {reason: "a backup files by type", pipeline: []string{"\tmutators: [{builtin: retype, selectors: [{kind: Deployment}], allow: [Rename]}]\n"}},
	}
	for name, tc := range cases {
		t.Run("Backup"+name, func(t *testing.T) {
			texts, names := pipelinesOf(tc.pipeline)
			items := mixed(300)
			multi, single := newMultiWorld(t, texts...), newWorld(t, texts)
			got := multi.call(t, multi.host(t), backupRef(aBackup("b1", wants(names))), items).want(t, len(items))
			action := &BackupItemAction{engine: single.engine}
			for i, it := range items {
				out, ids, _, _, err := action.Execute(object(t, it), aBackup("b1", wants(names)))
				want := multiitem.Answer{Index: i, Status: multiitem.Unchanged, AdditionalItems: ofProtocol(ids)}
				switch {
				case err != nil:
					want.Status, want.Message = multiitem.Failed, err.Error()
				case out != nil && isLeftOut(out):
					want.Status = multiitem.Skipped
				case out != nil:
					want.Status, want.Object = multiitem.Updated, encoded(t, out)
				}
				compare(t, tc.reason, want, got.answers[i])
			}
			if multi.totals() != single.totals() {
				t.Errorf("%s: totals %s, want %s", tc.reason, multi.totals(), single.totals())
			}
		})
		t.Run("Restore"+name, func(t *testing.T) {
			if name == "Retyped" || name == "LeftOut" {
				return // of backups alone
			}
			texts, names := pipelinesOf(tc.pipeline)
			items := mixed(300)
			multi, single := newMultiWorld(t, texts...), newWorld(t, texts)
			got := multi.call(t, multi.host(t), restoreRef(aRestore("r1", wants(names))), items).want(t, len(items))
			action := &RestoreItemAction{engine: single.engine}
			for i, it := range items {
				out, err := action.Execute(&velero.RestoreItemActionExecuteInput{Item: object(t, it), ItemFromBackup: object(t, it), Restore: aRestore("r1", wants(names))})
				want := multiitem.Answer{Index: i, Status: multiitem.Unchanged}
				if err == nil {
					want.AdditionalItems = ofProtocol(out.AdditionalItems)
				}
				switch {
				case err != nil:
					want.Status, want.Message = multiitem.Failed, err.Error()
				case out.SkipRestore:
					want.Status = multiitem.Skipped
				case out.UpdatedItem != nil:
					want.Status, want.Object = multiitem.Updated, encoded(t, out.UpdatedItem)
				}
				compare(t, tc.reason, want, got.answers[i])
			}
		})
	}
}

// pipelinesOf gives pipelines names and returns how a run asks for them.
func pipelinesOf(specs []string) (texts []string, names string) {
	for i, spec := range specs {
		name := fmt.Sprintf("p%d", i)
		texts, names = append(texts, yamlPipeline(name, spec)), strings.TrimPrefix(names+","+name, ",")
	}
	return texts, names
}

func encoded(t *testing.T, v any) json.RawMessage {
	t.Helper()
	u, ok := v.(interface{ UnstructuredContent() map[string]any })
	if !ok {
		t.Fatalf("%T is no object", v)
	}
	raw, err := json.Marshal(u.UnstructuredContent())
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func isLeftOut(v interface{ UnstructuredContent() map[string]any }) bool {
	meta, _ := v.UnstructuredContent()["metadata"].(map[string]any)
	annotations, _ := meta["annotations"].(map[string]any)
	return annotations["velero.io/skip-from-backup"] == "true"
}

// totals are what the log tells at the end.
func (w *world) totals() string {
	r := w.runs[w.order[0]].run
	return fmt.Sprintf("seen %d changed %d removed %d failed %d", r.seen.Load(), r.changed.Load(), r.removed.Load(), r.failed.Load())
}

// compare compares but for what only one of the ways tells in its answer.
func compare(t *testing.T, reason string, want, got multiitem.Answer) {
	t.Helper()
	if want.Status == multiitem.Skipped {
		if !strings.Contains(got.Message, "removed it") {
			t.Errorf("%s: index %d: skipped without a step: %q", reason, got.Index, got.Message)
		}
		want.Message = got.Message
	}
	want.Warnings, want.Object, got.Object = got.Warnings, canonical(t, want.Object), canonical(t, got.Object)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: index %d: -single +multi:\n%s", reason, got.Index, diff)
	}
}

func canonical(t *testing.T, raw json.RawMessage) json.RawMessage {
	t.Helper()
	if len(raw) == 0 {
		return nil
	}
	return encoded(t, object(t, string(raw)))
}

func TestMultiChoosesPipelines(t *testing.T) {
	texts := []string{yamlPipeline("marks", "\tmutators: [{builtin: mark}]\n")}
	t.Run("None", func(t *testing.T) {
		w := newMultiWorld(t, texts...)
		got := w.call(t, w.host(t), backupRef(aBackup("b1", nil)), mixed(3))
		if got.err != nil || !got.summary.NothingToDo || len(got.answers) != 0 {
			t.Errorf("a run without pipelines must cost one message: %+v, %v", got.summary, got.err)
		}
	})
	t.Run("Refused", func(t *testing.T) {
		w := newMultiWorld(t, texts...)
		for _, ref := range []runRef{backupRef(aBackup("b1", wants("gone"))), restoreRef(aRestore("r1", wants("gone")))} {
			got := w.call(t, w.host(t), ref, mixed(3))
			checkError(t, "nothing must be written or created", got.err, `pipeline "gone" does not exist`)
			if len(got.answers) != 0 || got.summary.Calls != 1 {
				t.Errorf("%s: %d answers in %d calls, want none in 1", ref, len(got.answers), got.summary.Calls)
			}
		}
	})
	t.Run("NoAPI", func(t *testing.T) {
		w := newMultiWorld(t, texts...)
		w.refuseLists("etcd is electing")
		got := w.call(t, w.host(t), backupRef(aBackup("b1", wants("marks"))), mixed(3))
		checkError(t, "a run without pipelines must not go through unconverted", got.err, "etcd is electing")
	})
	t.Run("NoBackup", func(t *testing.T) {
		w := newMultiWorld(t, texts...)
		got := w.call(t, w.host(t), backupRef(aBackup("b1", wants("marks"))), mixed(3), func(j *multiitem.Job) { j.Run.Backup = nil })
		checkError(t, "a host must tell the run", got.err, "read the Backup")
	})
	t.Run("OncePerRun", func(t *testing.T) {
		w := newMultiWorld(t, texts...)
		conn := w.host(t)
		for _, opts := range [][]jobOption{nil, {late}, {late}} {
			w.call(t, conn, backupRef(aBackup("b1", wants("marks"))), mixed(3), opts...).want(t, 6)
		}
		if got := w.lists(); got != 1 {
			t.Errorf("pipelines were listed %d times for one run, want once", got)
		}
	})
}

func TestMultiRunsAtOnce(t *testing.T) {
	w := newMultiWorld(t, yamlPipeline("marks", "\tmutators: [{builtin: mark}]\n"), yamlPipeline("drops", "\tmutators: [{builtin: drop, allow: [Delete]}]\n"))
	conn := w.host(t)
	items := mixed(1500)
	var wg sync.WaitGroup
	results := map[string]*result{}
	var mu sync.Mutex
	for _, name := range []string{"marks", "drops"} {
		wg.Go(func() {
			got := w.call(t, conn, backupRef(aBackup("b-"+name, wants(name))), items)
			mu.Lock()
			defer mu.Unlock()
			results[name] = got
		})
	}
	wg.Wait()
	for name, want := range map[string]multiitem.Status{"marks": multiitem.Updated, "drops": multiitem.Skipped} {
		got := results[name].want(t, len(items))
		if got.summary.Statuses[want] != len(items) {
			t.Errorf("%s: %v, want all %s", name, got.summary.Statuses, want)
		}
	}
}
