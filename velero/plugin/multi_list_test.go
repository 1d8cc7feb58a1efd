package plugin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/multiitem"
	"github.com/velero-krm/velero-krm/runner"
)

// creating is a ConfigMap that makes the function create add another object.
func creating(name, object string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"namespace":"shop","name":%q,"annotations":{"create":%q}}}`, name, object)
}

func crdJSON(group, kind string) string {
	return fmt.Sprintf(`{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"x.%s"},"spec":{"group":%q,"scope":"Namespaced","names":{"kind":%q,"plural":"routes"},"versions":[{"name":"v1","served":true}]}}`, group, group, kind)
}

// TestMultiWholeList renames ConfigMaps and what uses them, far apart in the
// list.
func TestMultiWholeList(t *testing.T) {
	w := newMultiWorld(t,
		yamlPipeline("marks", "\tmutators: [{builtin: mark, selectors: [{kind: Deployment}]}]\n"),
		yamlPipeline("dr", "\tmutators: [{builtin: rename-references, scope: List, allow: [Rename], selectors: [{kind: ConfigMap}, {kind: Deployment}]}]\n"),
		yamlPipeline("sees", "\tmutators: [{builtin: observe, selectors: [{kind: Deployment}]}]\n"))
	items := []string{configMapJSON("settings")}
	for i := range 1500 {
		items = append(items, strings.Replace(secretJSON, `"db"`, fmt.Sprintf(`"db%d"`, i), 1))
	}
	items = append(items, `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","annotations":{"uses":"settings"}}}`)
	got := w.call(t, w.host(t), restoreRef(aRestore("r1", wants("marks,dr,sees"))), items).want(t, len(items))
	if !got.summary.WholeList {
		t.Error("a step of scope List must have the whole list")
	}
	last := len(items) - 1
	for i, want := range map[int]string{
		0:    `{"apiVersion":"v1","data":{"n":"1"},"kind":"ConfigMap","metadata":{"name":"settings-dr","namespace":"shop"}}`,
		last: `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"annotations":{"seen":"status=false owners=false namespace=shop","uses":"settings-dr"},"labels":{"marked":"yes"},"name":"web","namespace":"shop"}}`,
	} {
		if diff := cmp.Diff(want, string(canonical(t, got.answers[i].Object))); diff != "" {
			t.Errorf("index %d: -want +got:\n%s", i, diff)
		}
	}
	if n := got.summary.Statuses[multiitem.Unchanged]; n != len(items)-2 {
		t.Errorf("%v, want all others unchanged", got.summary.Statuses)
	}
}

// TestMultiTrouble has answers that a list of items gets.
func TestMultiTrouble(t *testing.T) {
	const other = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"new","namespace":"shop"}}`
	cases := map[string]struct {
		reason  string
		spec    string
		items   []string
		restore bool
		want    []string
		// messages are parts of what is said about index 0, warnings included.
		messages []string
		created  map[string]string
	}{
		"Poison": {
			reason: "it fails alone", spec: "\tmutators: [{name: p, builtin: poison}, {builtin: mark}]\n",
			items: []string{configMapJSON("poison"), configMapJSON("a"), configMapJSON("b")}, want: []string{"0 FAILED", "1 UPDATED", "2 UPDATED"},
			messages: []string{`pipeline "p": step "p": ConfigMap shop/poison:`, "cannot do it", "exclude the object from the step"},
		},
		"Named": {
			reason: "the function of the whole list says that the others can do without it", spec: "\tmutators: [{name: p, builtin: blame, scope: List}, {builtin: mark}]\n",
			items: []string{configMapJSON("poison"), configMapJSON("a"), configMapJSON("b")}, want: []string{"0 FAILED", "1 UPDATED", "2 UPDATED"},
			messages: []string{`pipeline "p": step "p": `, "ConfigMap shop/poison: not this one"},
		},
		"NotNamed": {
			reason: "all of the list that the function needs", spec: "\tmutators: [{name: p, builtin: poison, scope: List, selectors: [{kind: ConfigMap}]}, {builtin: mark}]\n",
			items: []string{configMapJSON("a"), configMapJSON("poison"), secretJSON}, want: []string{"0 FAILED", "1 FAILED", "2 UPDATED"},
			messages: []string{`pipeline "p": step "p": ConfigMap shop/a: `, "the whole list failed", "cannot do it"},
		},
		"NoObject": {
			reason: "it fails by name", spec: "\tmutators: [{builtin: mark}]\n",
			items: []string{`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","name":"d"}}`, configMapJSON("a")}, want: []string{"0 FAILED", "1 UPDATED"},
			messages: []string{"read configmaps d"},
		},
		"Created": {
			reason: "under its resource", spec: "\tmutators: [{builtin: create, allow: [Create]}]\n", items: []string{creating("c", other)}, want: []string{"0 UNCHANGED"},
			created: map[string]string{"configmaps shop/new": other},
		},
		"CreatedWithoutPermission": {
			reason: "the step must say so", spec: "\tmutators: [{builtin: create}]\n", items: []string{creating("c", other), configMapJSON("a")}, want: []string{"0 FAILED", "1 UNCHANGED"},
			messages: []string{"add Create to"},
		},
		"CreatedThenMarked": {
			reason: "later steps work on it", spec: "\tmutators: [{builtin: create, allow: [Create]}, {builtin: mark, selectors: [{kind: ConfigMap, name: new}]}]\n", items: []string{creating("c", other)}, want: []string{"0 UNCHANGED"},
			created: map[string]string{"configmaps shop/new": `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"labels":{"marked":"yes"},"name":"new","namespace":"shop"}}`},
		},
		"CreatedUnknown": {
			reason: "nothing can be filed under no resource", spec: "\tmutators: [{builtin: create, allow: [Create]}]\n",
			items: []string{creating("c", `{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"namespace":"shop","name":"t"}}`)}, want: []string{"0 UNCHANGED"},
			messages: []string{`not created: pipeline "p": step "create": create Thing.example.com shop/t`, "the cluster does not have its kind"},
		},
		"CreatedNowhere": {
			reason: "a ConfigMap lies in a namespace", spec: "\tmutators: [{builtin: create, allow: [Create]}]\n",
			items: []string{creating("c", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"t"}}`)}, want: []string{"0 UNCHANGED"}, messages: []string{"it has no namespace"},
		},
		"CreatedInPlace": {
			reason: "two in one place", spec: "\tmutators: [{builtin: create, allow: [Create], selectors: [{kind: ConfigMap, name: c}]}]\n",
			items: []string{creating("c", other), configMapJSON("new")}, want: []string{"0 FAILED", "1 UNCHANGED"}, messages: []string{"ConfigMap shop/new", "select that object too"},
		},
		"ReplacedByNothing": {
			reason: "what was removed for an object that cannot be created stays", spec: "\tmutators: [{builtin: replace, scope: List, allow: [Create, Delete], selectors: [{kind: ConfigMap}]}, {builtin: retype, allow: [Rename], selectors: [{kind: ConfigMap}]}, {builtin: fail, selectors: [{kind: Secret}]}]\n",
			items: []string{configMapJSON("a"), configMapJSON("b")}, want: []string{"0 FAILED", "1 FAILED"}, messages: []string{"repair the failure of that object first", "not created"},
		},
		"NamespaceRestored": {
			reason: "Namespaces come, too", spec: "\tmutators: [{builtin: mark, selectors: [{kind: Namespace}]}]\n", restore: true, items: []string{namespaceJSON}, want: []string{"0 UPDATED"},
		},
		"NamespaceRenamed": {
			reason: "that is the Restore's to say", spec: "\tmutators: [{builtin: rename, allow: [Rename]}]\n", restore: true, items: []string{namespaceJSON}, want: []string{"0 FAILED"},
			messages: []string{"Namespace shop was renamed", "namespaceMapping"},
		},
		"Moved": {
			reason: "that is the Restore's to say", spec: "\tmutators: [{builtin: move, allow: [Rename]}]\n", restore: true, items: []string{deploymentJSON}, want: []string{"0 FAILED"},
			messages: []string{`Deployment.apps shop/web was moved to namespace "elsewhere"`, "namespaceMapping"},
		},
		"MovedOnBackup": {
			reason: "a restore would not find it", spec: "\tmutators: [{builtin: move, allow: [Rename]}]\n", items: []string{deploymentJSON}, want: []string{"0 FAILED"},
			messages: []string{`Deployment.apps shop/web was moved to namespace "elsewhere"`, "namespaceMapping"},
		},
		"Renamed": {
			reason: "with status and owners, as the function made it", spec: "\tmutators: [{builtin: rename, allow: [Rename]}]\n", restore: true, items: []string{deploymentJSON}, want: []string{"0 UPDATED"},
		},
		"Warned": {
			reason: "with an answer", spec: "\tmutators: [{builtin: warn}]\n", items: []string{secretJSON, configMapJSON("a")}, want: []string{"0 UNCHANGED", "1 UNCHANGED"},
			messages: []string{`step "warn": old field`},
		},
		"OtherVersion": {
			reason: "it would go unconverted", spec: "\tmutators: [{builtin: mark, selectors: [{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler}]}]\n",
			items: []string{`{"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"web","namespace":"shop"}}`, secretJSON}, want: []string{"0 FAILED", "1 UNCHANGED"},
			messages: []string{"is autoscaling/v1 here"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newMultiWorld(t, yamlPipeline("p", tc.spec))
			ref := backupRef(aBackup("b1", wants("p")))
			if tc.restore {
				ref = restoreRef(aRestore("r1", wants("p")))
			}
			got := w.call(t, w.host(t), ref, tc.items).want(t, len(tc.items))
			if diff := cmp.Diff(tc.want, got.statuses()); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			said := got.answers[0].Message + strings.Join(slices.Concat(got.answers[0].Warnings, got.answers[0].Errors), "\n")
			for _, want := range tc.messages {
				if !strings.Contains(said, want) {
					t.Errorf("%s: answer lacks %q: %s", tc.reason, want, said)
				}
			}
			if len(tc.messages) == 0 && said != "" {
				t.Errorf("%s: unexpected: %s", tc.reason, said)
			}
			for id, raw := range got.created {
				got.created[id] = string(canonical(t, []byte(raw)))
			}
			if diff := cmp.Diff(len(tc.created), len(got.created)); diff != "" {
				t.Errorf("%s: created %v", tc.reason, got.created)
			}
			for id, want := range tc.created {
				if got.created[id] != want {
					t.Errorf("%s: created %s: %s, want %s", tc.reason, id, got.created[id], want)
				}
			}
		})
	}
}

// TestMultiNames gives objects of two batches one name.
func TestMultiNames(t *testing.T) {
	w := newMultiWorld(t, yamlPipeline("p", "\tmutators: [{builtin: rename, allow: [Rename], selectors: [{kind: ConfigMap, name: c0000}, {kind: ConfigMap, name: c0999}]}]\n"))
	items := mixed(1000)
	got := w.call(t, w.host(t), restoreRef(aRestore("r1", wants("p"))), items).want(t, len(items))
	if got.summary.Statuses[multiitem.Updated] != 1 || got.summary.Statuses[multiitem.Failed] != 1 {
		t.Fatalf("%v, want one renamed and one failed", got.summary.Statuses)
	}
	said := got.answers[3].Message + got.answers[len(items)-1].Message
	if !strings.Contains(said, "ConfigMap shop/renamed already") || !strings.Contains(said, "the restore has") {
		t.Errorf("answer does not say whose place it is: %s", said)
	}
}

// TestMultiWarnsOnce lets each of many batches say the same about nothing in
// particular.
func TestMultiWarnsOnce(t *testing.T) {
	w := newMultiWorld(t, yamlPipeline("p", "\tmutators: [{builtin: warn}]\n"))
	items := mixed(2000)
	got := w.call(t, w.host(t), backupRef(aBackup("b1", wants("p"))), items).want(t, len(items))
	n := 0
	for _, a := range got.answers {
		n += len(a.Warnings)
	}
	if n != 1 {
		t.Errorf("%d warnings, want one", n)
	}
}

// TestMultiKilledFunction runs an executable that one object kills.
func TestMultiKilledFunction(t *testing.T) {
	w := newMultiWorld(t, yamlPipeline("p", "\tmutators: [{name: frail, exec: frail}, {builtin: mark}]\n"))
	script := "#!/bin/sh\nin=$(cat)\ncase \"$in\" in *poison*) kill -9 $$;; *) printf '%s' \"$in\";; esac\n"
	if err := os.WriteFile(filepath.Join(w.functions.dir, "frail"), []byte(script), 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	items := append(mixed(400), configMapJSON("poison"))
	got := w.call(t, w.host(t), restoreRef(aRestore("r1", wants("p"))), items).want(t, len(items))
	if got.summary.Statuses[multiitem.Failed] != 1 || got.summary.Statuses[multiitem.Updated] != len(items)-1 {
		t.Errorf("%v, want all but one updated", got.summary.Statuses)
	}
	for _, want := range []string{`pipeline "p": step "frail": ConfigMap shop/poison`, "killed"} {
		if a := got.answers[len(items)-1]; !strings.Contains(a.Message, want) {
			t.Errorf("answer lacks %q: %s", want, a.Message)
		}
	}
}

func TestMultiRecords(t *testing.T) {
	w := newMultiWorld(t, yamlPipeline("p", "\tmutators: [{builtin: warn}, {builtin: mark, selectors: [{kind: ConfigMap}]}, {builtin: drop, allow: [Delete], selectors: [{kind: Secret}]}]\n\tvalidators: [{builtin: nothing}]\n"))
	items := mixed(1000)
	got := w.call(t, w.host(t), backupRef(aBackup("b1", wants("p"))), items).want(t, len(items))
	type line struct {
		Step, Function string
		Counts         map[string]int
	}
	var lines []line
	for _, r := range got.summary.Records {
		lines = append(lines, line{r.Step, r.Function, r.Counts})
		if r.Calls == 0 || r.Durations["run"] <= 0 {
			t.Errorf("%s: %d calls in %v", r.Step, r.Calls, r.Durations)
		}
	}
	want := []line{
		{"p/warn", "builtin warn", map[string]int{"selected": 1003, "unchanged": 1003}},
		{"p/mark", "builtin mark", map[string]int{"selected": 1000, "changed": 1000}},
		{"p/drop", "builtin drop", map[string]int{"selected": 1, "removed": 1}},
		{"p/nothing", "builtin nothing", map[string]int{"selected": 1002, "unchanged": 1002}},
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("records: -want +got:\n%s", diff)
	}
	if results := got.summary.Records[0].Results; len(results) == 0 || results[0].Severity != "warning" {
		t.Errorf("results of the step: %+v", results)
	}
}

// TestMultiCRDs restores Routes whose CustomResourceDefinition comes, or does
// not come, with the backup.
func TestMultiCRDs(t *testing.T) {
	routes := yamlPipeline("routes", "\tmutators: [{builtin: create, allow: [Create]}, {builtin: mark, selectors: [{apiVersion: route.openshift.io/v1, kind: Route}]}]\n")
	ref := restoreRef(aRestore("r1", wants("routes")))
	route := `{"apiVersion":"route.openshift.io/v1","kind":"Route","metadata":{"name":"web","namespace":"shop"}}`
	crd := crdJSON("route.openshift.io", "Route")
	t.Run("Comes", func(t *testing.T) {
		w := newMultiWorld(t, routes)
		conn := w.host(t)
		items := []string{crd, namespaceJSON, route, creating("c", strings.Replace(route, "web", "new", 1))}
		got := w.call(t, conn, ref, items).want(t, len(items))
		if got.answers[2].Status != multiitem.Updated {
			t.Errorf("the Route: %+v", got.answers[2])
		}
		if len(got.created) != 1 || got.created["routes.route.openshift.io shop/new"] == "" {
			t.Errorf("created: %v", got.created)
		}
		got = w.call(t, conn, ref, []string{route}, late).want(t, 1)
		if got.answers[0].Status != multiitem.Updated || got.summary.WholeList {
			t.Errorf("a Route that joins: %+v", got.answers[0])
		}
	})
	t.Run("Created", func(t *testing.T) {
		w := newMultiWorld(t, routes)
		if _, err := w.runFor(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		w.serve(append(clusterResources(), routeResources()))
		got := w.call(t, w.host(t), ref, []string{namespaceJSON, route}).want(t, 2)
		if got.answers[1].Status != multiitem.Updated || got.summary.WholeList {
			t.Errorf("with the kind in the cluster the list goes in batches: %+v", got.answers[1])
		}
	})
	t.Run("OtherCRD", func(t *testing.T) {
		w := newMultiWorld(t, routes)
		items := []string{crdJSON("example.com", "Route"), namespaceJSON, route}
		got := w.call(t, w.host(t), ref, items)
		if got.err != nil || len(got.answers) != len(items) {
			t.Fatalf("%d answers, %v", len(got.answers), got.err)
		}
		for i, a := range got.answers {
			if a.Status != multiitem.Failed || !strings.Contains(a.Message, "neither the cluster nor the backup has it") {
				t.Errorf("index %d: nothing must be created: %+v", i, a)
			}
		}
	})
	t.Run("LateInNewProcess", func(t *testing.T) {
		w := newMultiWorld(t, routes)
		w.call(t, w.host(t), ref, []string{configMapJSON("c")}, late).want(t, 1)
	})
}

func TestSplit(t *testing.T) {
	cases := map[string]struct {
		reason string
		sizes  []int
		want   []int
	}{
		"Empty":  {reason: "nothing to do"},
		"Small":  {reason: "all at once", sizes: []int{1, 2, 3}, want: []int{3}},
		"Exact":  {reason: "as much as fits", sizes: []int{5, 5, 5, 5, 1}, want: []int{2, 2, 1}},
		"Large":  {reason: "alone", sizes: []int{1, 100, 1}, want: []int{1, 1, 1}},
		"Larger": {reason: "one at least", sizes: []int{100, 100}, want: []int{1, 1}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var items []*multiitem.Item
			for i, size := range tc.sizes {
				items = append(items, &multiitem.Item{Index: i, Object: make([]byte, size)})
			}
			var got []int
			next := 0
			for part := range split(items, 10) {
				got = append(got, len(part))
				for _, it := range part {
					if it.Index != next {
						t.Errorf("%s: index %d where %d was due", tc.reason, it.Index, next)
					}
					next++
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestMultiLargeItems has items of which a few fill the host's window.
func TestMultiLargeItems(t *testing.T) {
	w := newMultiWorld(t, yamlPipeline("p", "\tmutators: [{builtin: mark}]\n"))
	var items []string
	for i := range 40 {
		items = append(items, strings.Replace(configMapJSON(fmt.Sprintf("c%d", i)), `"1"`, `"`+strings.Repeat("x", 1<<20)+`"`, 1))
	}
	got := w.call(t, w.host(t), backupRef(aBackup("b1", wants("p"))), items).want(t, len(items))
	if got.summary.Statuses[multiitem.Updated] != len(items) {
		t.Errorf("%v, want all updated", got.summary.Statuses)
	}
}

// TestPulse tells that a call is at work as long as a function is.
func TestPulse(t *testing.T) {
	var p pulse
	told := make(chan string, 1)
	p.start(t.Context(), time.Millisecond, func(note string) error {
		select {
		case told <- note:
		default:
		}
		return nil
	})
	defer p.stop()
	f := p.around("slow", runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		for range 3 {
			if note := <-told; note != "step slow" {
				t.Errorf("note %q", note)
			}
		}
		return in, nil
	}))
	if _, err := f.Run(t.Context(), &krm.ResourceList{}); err != nil {
		t.Fatal(err)
	}
}
