package runnertest

import (
	"fmt"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/runnertest/behave"
)

func identityItems() []Item {
	return []Item{
		{Number: 13, Title: "items-are-matched-by-id", test: orderOf("reverse")},
		{Number: 14, Title: "a-sorting-function-is-matched", test: orderOf("sort")},
		{Number: 15, Title: "a-renamed-item-is-matched", test: testRename},
		{Number: 16, Title: "a-changed-kind-needs-permission", test: testChangedKind},
		{Number: 17, Title: "added-items-are-reported", test: testAdded},
		{Number: 18, Title: "removed-items-are-reported", test: testRemoved},
		{Number: 19, Title: "duplicate-ids-are-an-error", test: testDuplicateIDs},
		{Number: 20, Title: "unknown-ids-are-an-error", test: testUnknownID},
		{Number: 21, Title: "lost-ids-are-matched-or-ambiguous", test: testLostIDs},
		{Number: 22, Title: "the-same-object-twice-stays-distinct", test: testTwins},
		{Number: 23, Title: "no-internal-annotation-leaks", test: testNoLeak},
		{Number: 24, Title: "internal-annotations-of-the-input-are-restored", test: testRestored},
		{Number: 25, Title: "annotations-null-or-absent", test: testShapes},
		{Number: 26, Title: "untouched-items-are-byte-identical", test: testUntouched},
		{Number: 27, Title: "order-is-restored", test: orderOf("reverse")},
	}
}

// orderOf returns the test that a function that only reorders changes nothing.
func orderOf(behaviour string) func(*suite) {
	return func(s *suite) {
		t := s.t
		items := configMaps(t, "d", "a", "c", "b", "e")
		out := transform(t, s.must(t, behaviour), items, runner.TransformOptions{MaxBatchItems: 3})
		for i, o := range out.Items {
			if o.Status != runner.Unchanged || o.Out != items[i] {
				t.Errorf("items[%d] is %s, want the very pointer that went in; error: %v", i, o.Status, o.Err)
			}
		}
	}
}

func testRename(s *suite) {
	t := s.t
	f, items := s.must(t, "rename"), configMaps(t, "a", "b")
	out := transform(t, f, items, runner.TransformOptions{Allow: runner.Permissions{Rename: true}})
	for i, want := range []string{"renamed-a", "renamed-b"} {
		wantStatus(t, out, runner.Changed, runner.Changed)
		if got := out.Items[i].Out.Identity().Name; got != want {
			t.Errorf("items[%d] is now %q, want %q", i, got, want)
		}
	}
	out = transform(t, f, items, runner.TransformOptions{Allow: runner.Permissions{Create: true, Delete: true}})
	wantStatus(t, out, runner.Failed, runner.Failed)
	wantIs(t, out.Items[1].Err, runner.ErrRenamed)
	out = transform(t, s.must(t, "rename-all-alike"), items, runner.TransformOptions{Allow: allow()})
	wantStatus(t, out, runner.Failed, runner.Failed)
	wantIs(t, out.Items[0].Err, runner.ErrDuplicate)
	t.Log("two objects that are renamed alike fail also when different calls did it")
	out = transform(t, s.must(t, "rename-all-alike"), items, runner.TransformOptions{Allow: allow(), MaxBatchItems: 1})
	wantStatus(t, out, runner.Failed, runner.Failed)
	wantIs(t, out.Items[1].Err, runner.ErrDuplicate)
}

func testChangedKind(s *suite) {
	t := s.t
	f := s.must(t, "change-kind")
	out := transform(t, f, configMaps(t, "a"), runner.TransformOptions{})
	wantStatus(t, out, runner.Failed)
	wantIs(t, out.Items[0].Err, runner.ErrRenamed)
	out = transform(t, f, configMaps(t, "a"), runner.TransformOptions{Allow: runner.Permissions{Rename: true}})
	wantStatus(t, out, runner.Changed)
}

func testAdded(s *suite) {
	t := s.t
	f, items := s.must(t, "add"), configMaps(t, "a", "b", "c")
	out := transform(t, f, items, runner.TransformOptions{Allow: runner.Permissions{Create: true}, MaxBatchItems: 2})
	wantStatus(t, out, runner.Unchanged, runner.Unchanged, runner.Unchanged)
	t.Log("decision: equal objects that several calls add are one")
	if len(out.Added) != 1 || strings.Contains(string(out.Added[0].Raw()), "internal.config") {
		t.Errorf("added: %v", rawOf(out.Added))
	}
	out = transform(t, f, items, runner.TransformOptions{})
	wantStatus(t, out, runner.Failed, runner.Failed, runner.Failed)
	wantIs(t, out.Items[0].Err, runner.ErrCreated)
	if len(out.Added) != 0 {
		t.Errorf("added without permission: %v", rawOf(out.Added))
	}
}

func rawOf(items []*krm.Item) []string {
	raw := make([]string, len(items))
	for i, it := range items {
		raw[i] = string(it.Raw())
	}
	return raw
}

func label(name string) string { return fmt.Sprintf(`"labels":{%q:""}`, name) }

func testRemoved(s *suite) {
	t := s.t
	f := s.must(t, "remove-marked")
	items := []*krm.Item{configMap(t, "a", ""), configMap(t, "b", label(behave.TouchMe)), configMap(t, "c", "")}
	out := transform(t, f, items, runner.TransformOptions{Allow: runner.Permissions{Delete: true}})
	wantStatus(t, out, runner.Unchanged, runner.Removed, runner.Unchanged)
	out = transform(t, f, items, runner.TransformOptions{})
	wantStatus(t, out, runner.Unchanged, runner.Failed, runner.Unchanged)
	wantIs(t, out.Items[1].Err, runner.ErrRemoved)
	out = transform(t, s.must(t, "remove-all"), items, runner.TransformOptions{})
	wantStatus(t, out, runner.Failed, runner.Failed, runner.Failed)
}

func testDuplicateIDs(s *suite) {
	t := s.t
	out := transform(t, s.must(t, "twice"), configMaps(t, "a", "b"), runner.TransformOptions{Allow: allow()})
	wantStatus(t, out, runner.Failed, runner.Failed)
	wantIs(t, out.Items[0].Err, runner.ErrDuplicate)
}

func testUnknownID(s *suite) {
	t := s.t
	out := transform(t, s.must(t, "unknown-id"), configMaps(t, "a", "b"), runner.TransformOptions{Allow: allow()})
	wantStatus(t, out, runner.Failed, runner.Failed)
	wantIs(t, out.Items[0].Err, runner.ErrUnknownID)
}

func testLostIDs(s *suite) {
	t := s.t
	items := configMaps(t, "a", "b")
	out := transform(t, s.must(t, "drop-annotations"), items, runner.TransformOptions{})
	wantStatus(t, out, runner.Unchanged, runner.Unchanged)
	out = transform(t, s.must(t, "drop-annotations-and-touch"), items, runner.TransformOptions{})
	wantStatus(t, out, runner.Changed, runner.Changed)
	f := s.must(t, "drop-annotations-and-rename")
	for _, p := range []runner.Permissions{{}, {Rename: true}, {Rename: true, Delete: true}, {Rename: true, Create: true}} {
		out = transform(t, f, items[:1], runner.TransformOptions{Allow: p})
		wantStatus(t, out, runner.Failed)
		wantIs(t, out.Items[0].Err, runner.ErrAmbiguous)
	}
	t.Log("decision: with both Create and Delete permitted, it is a removal and an addition, and both are reported")
	out = transform(t, f, items[:1], runner.TransformOptions{Allow: allow()})
	wantStatus(t, out, runner.Removed)
	if len(out.Added) != 1 {
		t.Errorf("%d objects added, want 1", len(out.Added))
	}
}

func testTwins(s *suite) {
	t := s.t
	items := configMaps(t, "a", "a", "a")
	out := transform(t, s.must(t, "touch"), items, runner.TransformOptions{})
	wantStatus(t, out, runner.Changed, runner.Changed, runner.Changed)
	out = transform(t, s.must(t, "drop-annotations"), items, runner.TransformOptions{WholeList: true})
	wantStatus(t, out, runner.Failed, runner.Failed, runner.Failed)
	wantIs(t, out.Items[0].Err, runner.ErrAmbiguous)
}

// annotationShapes are the shapes that metadata.annotations may have.
func annotationShapes() map[string]string {
	return map[string]string{
		"absent": "", "null": `"annotations":null`, "empty": `"annotations":{}`,
		"own": `"annotations":{"example.com/own":"1"}`,
		"internal": `"annotations":{"config.kubernetes.io/index":"2","config.kubernetes.io/path":"mine.yaml",` +
			`"internal.config.kubernetes.io/velero-krm-id":"mine","internal.config.kubernetes.io/other":"x","config.k8s.io/id":"5"}`,
	}
}

func testNoLeak(s *suite) {
	t := s.t
	for name, fields := range annotationShapes() {
		items := []*krm.Item{configMap(t, "a", fields)}
		out := transform(t, s.must(t, "touch"), items, runner.TransformOptions{})
		wantStatus(t, out, runner.Changed)
		before, after := items[0].Object(), out.Items[0].Out.Object()
		if diff := cmp.Diff(before["metadata"], after["metadata"]); diff != "" {
			t.Errorf("annotations %s: metadata: -want +got:\n%s", name, diff)
		}
	}
}

func testRestored(s *suite) {
	t := s.t
	for name, fields := range annotationShapes() {
		out := transform(t, s.must(t, "copy-path-annotations"), []*krm.Item{configMap(t, "a", fields)}, runner.TransformOptions{})
		if o := out.Items[0]; o.Status != runner.Unchanged {
			t.Errorf("annotations %s: %s: %s", name, o.Status, firstChange(o))
		}
	}
}

func testShapes(s *suite) {
	t := s.t
	for name, fields := range annotationShapes() {
		for _, behaviour := range []string{"identity", "json-recode", "yaml-print"} {
			f := s.function(t, behaviour)
			if f == nil {
				continue
			}
			out := transform(t, f, []*krm.Item{configMap(t, "a", fields)}, runner.TransformOptions{})
			if o := out.Items[0]; o.Status != runner.Unchanged {
				t.Errorf("annotations %s, %s: %s: %s %v", name, behaviour, o.Status, firstChange(o), o.Err)
			}
		}
	}
}

func testUntouched(s *suite) {
	t := s.t
	items := []*krm.Item{
		item(t, `{ "kind": "ConfigMap", "metadata": {"namespace":"ns", "name":"odd"},  "apiVersion": "v1", "data":{"n":"\u003c<"} }`),
		configMap(t, "b", label(behave.TouchMe)),
		configMap(t, "c", ""),
	}
	out := transform(t, s.must(t, "touch-marked"), items, runner.TransformOptions{})
	wantStatus(t, out, runner.Unchanged, runner.Changed, runner.Unchanged)
	if out.Items[0].Out != items[0] {
		t.Error("an untouched item is not the very pointer that went in")
	}
}
