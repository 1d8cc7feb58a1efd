package catalog_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/internal/expect"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// Where the example namespace and the pipelines are.
const (
	openshiftExample   = "../examples/openshift"
	openshiftPipelines = "../deploy/pipelines"
)

// expectation is what is expected of one object of the example, derived by hand
// from what is known of openshift-velero-plugin.
type expectation struct{ expect.Object }

// expectations reads expected.yaml in the example.
func expectations(t *testing.T) map[string]expectation {
	t.Helper()
	file, err := os.Open(filepath.Join(openshiftExample, "expected.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	objects, err := expect.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]expectation{}
	for name, o := range objects {
		table[name] = expectation{o}
	}
	return table
}

// after applies the effects of one phase to an object; nil when it is gone.
func (e expectation) after(t *testing.T, phase pipeline.Phase, item *krm.Item) *krm.Item {
	t.Helper()
	after, err := e.After(phase, item)
	if err != nil {
		t.Fatal(err)
	}
	return after
}

// openshiftObjects reads the example namespace as it is in the old cluster.
func openshiftObjects(t *testing.T) []*krm.Item {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(openshiftExample, "objects", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var items []*krm.Item
	for _, path := range append(files, filepath.Join(openshiftExample, "objects-openshift.yaml")) {
		items = append(items, readObjects(t, path)...)
	}
	return items
}

func readObjects(t *testing.T, path string) []*krm.Item {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	items, err := krm.ReadItems(file, path)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// openshiftPipeline loads one of the pipelines for OpenShift.
func openshiftPipeline(t *testing.T, file string) *pipeline.Pipeline {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(openshiftPipelines, file))
	if err != nil {
		t.Fatal(err)
	}
	p, err := pipeline.Load(text, file)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// openshiftProgram compiles one of the pipelines for OpenShift.
func openshiftProgram(t *testing.T, file string, stock bool) *pipeline.Program {
	t.Helper()
	p := openshiftPipeline(t, file)
	program, err := pipeline.Compile(p, pipeline.Env{
		Builtins:     func(name string) (pipeline.Builtin, bool) { f, ok := catalog.Lookup(name); return f, ok },
		BuiltinNames: catalog.Names(), StockVelero: stock,
	})
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// openshiftContext is the run's context of a phase.
func openshiftContext(t *testing.T, phase pipeline.Phase) *krm.Item {
	t.Helper()
	return readObjects(t, filepath.Join(openshiftExample, "context-"+strings.ToLower(string(phase))+".yaml"))[0]
}

// execute runs a pipeline and returns what each object becomes, in order, nil
// for one that is gone. No object may fail.
func execute(t *testing.T, program *pipeline.Program, phase pipeline.Phase, items []*krm.Item) []*krm.Item {
	t.Helper()
	plan, err := program.Execute(t.Context(), pipeline.Input{Phase: phase, Items: items, Context: openshiftContext(t, phase)})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]*krm.Item, len(plan.Items))
	for i, item := range plan.Items {
		if item.Err != nil {
			t.Errorf("%s: %v", item.In.Identity(), item.Err)
		}
		out[i] = item.Out
	}
	return out
}

// TestOpenShiftNamespace backs the example namespace up and restores it, and
// compares each object with what was expected by hand, field by field: what no
// effect names must be as it was.
func TestOpenShiftNamespace(t *testing.T) {
	want := expectations(t)
	backup, restore := openshiftProgram(t, "openshift-backup.yaml", false), openshiftProgram(t, "openshift-restore.yaml", false)
	objects := openshiftObjects(t)
	if len(objects) != len(want) {
		t.Errorf("there are %d objects, and expected.yaml has %d", len(objects), len(want))
	}
	stored := execute(t, backup, pipeline.Backup, objects)
	compareObjects(t, pipeline.Backup, want, objects, stored)
	compareObjects(t, pipeline.Restore, want, stored, execute(t, restore, pipeline.Restore, stored))
}

func compareObjects(t *testing.T, phase pipeline.Phase, want map[string]expectation, before, after []*krm.Item) {
	t.Helper()
	for i, item := range before {
		id := item.Identity().String()
		e, ok := want[id]
		if !ok {
			t.Errorf("expected.yaml does not have %s", id)
			continue
		}
		if diff := cmp.Diff(fields(e.after(t, phase, item)), fields(after[i])); diff != "" {
			t.Errorf("%s of %s (-want +got):\n%s", phase, id, diff)
		}
	}
}

// fields decodes an object; nil for none.
func fields(item *krm.Item) map[string]any {
	if item == nil {
		return nil
	}
	return item.Object()
}

// TestOpenShiftNamespaceTwice runs each pipeline over its own result.
func TestOpenShiftNamespaceTwice(t *testing.T) {
	items := openshiftObjects(t)
	for _, run := range []struct {
		file  string
		phase pipeline.Phase
	}{{"openshift-backup.yaml", pipeline.Backup}, {"openshift-restore.yaml", pipeline.Restore}} {
		program := openshiftProgram(t, run.file, false)
		items = slices.DeleteFunc(execute(t, program, run.phase, items), func(item *krm.Item) bool { return item == nil })
		for i, again := range execute(t, program, run.phase, items) {
			if again != items[i] {
				t.Errorf("%s changes %s again (-first +second):\n%s", run.file, items[i].Identity(), cmp.Diff(fields(items[i]), fields(again)))
			}
		}
	}
}

// TestOpenShiftAdditionalItems compares what the backup and the restore of the
// example take along with what was expected by hand, on both kinds of Velero.
func TestOpenShiftAdditionalItems(t *testing.T) {
	objects := openshiftObjects(t)
	stored := execute(t, openshiftProgram(t, "openshift-backup.yaml", false), pipeline.Backup, objects)
	for _, run := range []struct {
		file  string
		stock bool
		phase pipeline.Phase
		items []*krm.Item
	}{
		{"openshift-backup.yaml", false, pipeline.Backup, objects},
		{"openshift-backup-stock.yaml", true, pipeline.Backup, objects},
		{"openshift-restore.yaml", false, pipeline.Restore, stored},
	} {
		plan, err := openshiftProgram(t, run.file, run.stock).Execute(t.Context(), pipeline.Input{
			Phase: run.phase, Items: run.items, Context: openshiftContext(t, run.phase),
		})
		if err != nil {
			t.Fatal(err)
		}
		compareAdditional(t, run.file, run.phase, plan)
	}
}

func compareAdditional(t *testing.T, file string, phase pipeline.Phase, plan *pipeline.Plan) {
	t.Helper()
	table, found := expectations(t), 0
	for _, p := range plan.Items {
		var got []string
		for _, item := range p.Additional {
			got = append(got, item.String())
		}
		found += len(got)
		if diff := cmp.Diff(table[p.In.Identity().String()].Additional(phase), got); diff != "" {
			t.Errorf("%s: %s takes along (-want +got):\n%s", file, p.In.Identity(), diff)
		}
	}
	if found == 0 {
		t.Errorf("%s: no object takes anything along", file)
	}
}

// TestOpenShiftBackupNeedsTheList checks that a stock Velero refuses the backup
// that looks at the whole list, instead of noting what is not so.
func TestOpenShiftBackupNeedsTheList(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(openshiftPipelines, "openshift-backup.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := pipeline.Load(text, "openshift-backup.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = pipeline.Compile(p, pipeline.Env{
		Builtins: func(name string) (pipeline.Builtin, bool) { f, ok := catalog.Lookup(name); return f, ok }, StockVelero: true,
	})
	if err == nil || strings.Count(err.Error(), "scope") < 3 {
		t.Errorf("got %v, want a problem for each of the three steps", err)
	}
}

// TestOpenShiftNamespaceOnStockVelero shows the restore one object at a time,
// and the backup without what needs the whole list.
func TestOpenShiftNamespaceOnStockVelero(t *testing.T) {
	backup, stock := openshiftProgram(t, "openshift-backup.yaml", false), openshiftProgram(t, "openshift-backup-stock.yaml", true)
	restore, oneByOne := openshiftProgram(t, "openshift-restore.yaml", false), openshiftProgram(t, "openshift-restore.yaml", true)
	objects := openshiftObjects(t)
	stored := execute(t, backup, pipeline.Backup, objects)
	whole := execute(t, restore, pipeline.Restore, stored)
	for i, item := range stored {
		got := execute(t, oneByOne, pipeline.Restore, []*krm.Item{item})[0]
		if diff := cmp.Diff(fields(whole[i]), fields(got)); diff != "" {
			t.Errorf("%s restored alone (-in the list +alone):\n%s", item.Identity(), diff)
		}
	}
	// What the stock pipeline stores is what the other one does, but for the
	// notes that need the list.
	want := expectations(t)
	for i, item := range objects {
		e := want[item.Identity().String()]
		e.Effects = slices.DeleteFunc(slices.Clone(e.Effects), func(e expect.Effect) bool { return e.Action != "01-common-backup-plugin" })
		got := execute(t, stock, pipeline.Backup, []*krm.Item{item})[0]
		if diff := cmp.Diff(fields(e.after(t, pipeline.Backup, item)), fields(got)); diff != "" {
			t.Errorf("object %d, %s, backed up alone (-want +got):\n%s", i, item.Identity(), diff)
		}
	}
}
