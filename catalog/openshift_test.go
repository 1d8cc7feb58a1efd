package catalog_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// openshiftPage is the page that compares with openshift-velero-plugin.
func openshiftPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("openshift.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// TestOpenShiftActions checks that the page has each of the plugin's actions
// once, and that the functions it names exist.
func TestOpenShiftActions(t *testing.T) {
	action := regexp.MustCompile("`([0-9]{2}-[A-Za-z-]+-plugin)`")
	code := regexp.MustCompile("`([a-z-]+)`")
	seen := map[string]bool{}
	for line := range strings.Lines(openshiftPage(t)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !action.MatchString(cells[1]) {
			continue
		}
		for _, m := range action.FindAllStringSubmatch(cells[1], -1) {
			if seen[m[1]] {
				t.Errorf("%s is there twice", m[1])
			}
			seen[m[1]] = true
		}
		if strings.Contains(cells[2], "none: ") {
			continue
		}
		function := code.FindStringSubmatch(cells[2])
		if function == nil {
			t.Errorf("no function in: %s", cells[2])
			continue
		}
		if _, ok := catalog.Lookup(function[1]); !ok {
			t.Errorf("there is no function %q", function[1])
		}
	}
	// As registered by the plugin at the commit that the page names.
	if len(seen) != 37 {
		t.Errorf("the page has %d actions, the plugin 37", len(seen))
	}
}

// TestOpenShiftPipeline runs the pipeline of the page over one object for most
// of its steps.
func TestOpenShiftPipeline(t *testing.T) {
	_, text, _ := strings.Cut(openshiftPage(t), "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	p, err := pipeline.Load([]byte(text), "openshift.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := pipeline.Compile(p, pipeline.Env{
		Builtins:     func(name string) (pipeline.Builtin, bool) { f, ok := catalog.Lookup(name); return f, ok },
		BuiltinNames: catalog.Names(),
	})
	if err != nil {
		t.Fatal(err)
	}
	run := mustItem(t, `{"apiVersion":"velero-krm.io/v1alpha1","kind":"RunContext","metadata":{"name":"r1"},"phase":"Restore",`+
		`"restore":{"name":"r1","spec":{"namespaceMapping":{"shop":"shop-dr"}}},"backup":{"name":"b1","spec":{}},`+
		`"cluster":{"kubernetesVersion":"v1.33.1","internalRegistry":"new.svc:5000"}}`)
	const noted = `"annotations":{"openshift.io/backup-registry-hostname":"old.svc:5000"}`
	items := []*krm.Item{
		mustItem(t, `{"apiVersion":"build.openshift.io/v1","kind":"Build","metadata":{"name":"web-1","namespace":"shop"}}`),
		mustItem(t, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"owned","namespace":"shop","ownerReferences":[{"kind":"ReplicaSet"}]}}`),
		mustItem(t, `{"apiVersion":"image.openshift.io/v1","kind":"ImageStreamTag","metadata":{"name":"web:1","namespace":"shop",`+noted+`},"image":{"dockerImageReference":"old.svc:5000/shop/web"}}`),
		mustItem(t, `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop",`+noted+`},"spec":{"template":{"spec":{"containers":[{"image":"old.svc:5000/shop/web:1"}]}}}}`),
		mustItem(t, `{"apiVersion":"security.openshift.io/v1","kind":"SecurityContextConstraints","metadata":{"name":"scc"},"users":["system:serviceaccount:shop:web"]}`),
		mustItem(t, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","namespace":"shop"}}`),
	}
	execute := func(items []*krm.Item) (lines []string, out []*krm.Item) {
		plan, err := program.Execute(t.Context(), pipeline.Input{Phase: pipeline.Restore, Items: items, Context: run})
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range plan.Items {
			line := fmt.Sprintf("%s %s", item.Status, item.In.Identity())
			for _, c := range item.Changes() {
				line += " " + c.Path
			}
			lines = append(lines, line)
			if item.Out != nil {
				out = append(out, item.Out)
			}
		}
		return lines, out
	}
	want := []string{
		"Removed Build.build.openshift.io shop/web-1",
		"Removed Pod shop/owned",
		"Removed ImageStreamTag.image.openshift.io shop/web:1",
		`Changed Deployment.apps shop/web metadata.annotations["openshift.io/restore-registry-hostname"] metadata.annotations["openshift.io/restore-server-version"] spec.template.spec.containers[0].image`,
		"Changed SecurityContextConstraints.security.openshift.io scc users[0]",
		"Unchanged Secret shop/db",
	}
	got, out := execute(items)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	// Beside openshift-velero-plugin, or after it, there is nothing left to do.
	again, _ := execute(out)
	for _, line := range again {
		if !strings.HasPrefix(line, "Unchanged ") {
			t.Errorf("second run: %s", line)
		}
	}
}
