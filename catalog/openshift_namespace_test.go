package catalog_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// Where the example namespace and the pipelines are.
const (
	openshiftExample   = "../examples/openshift"
	openshiftPipelines = "../deploy/pipelines"
)

// expectation is one entry of expected.yaml in the example, which was derived
// by hand from what is known of openshift-velero-plugin.
type expectation struct {
	Object  string   `yaml:"object"`
	Effects []effect `yaml:"effects"`
}

// effect is what one action does to one object.
type effect struct {
	Action string         `yaml:"action"`
	Phase  pipeline.Phase `yaml:"phase"`
	Fields map[string]any `yaml:"fields"`
	Gone   bool           `yaml:"gone"`
	Mended string         `yaml:"mended"`
}

// expectations reads expected.yaml.
func expectations(t *testing.T) map[string]expectation {
	t.Helper()
	file, err := os.Open(filepath.Join(openshiftExample, "expected.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	var list []expectation
	if err := decoder.Decode(&list); err != nil {
		t.Fatal(err)
	}
	table := map[string]expectation{}
	for _, e := range list {
		if _, twice := table[e.Object]; twice {
			t.Errorf("expected.yaml has %s twice", e.Object)
		}
		table[e.Object] = e
	}
	return table
}

// after applies the effects of one phase to an object; nil when it is gone.
func (e expectation) after(t *testing.T, phase pipeline.Phase, item *krm.Item) *krm.Item {
	t.Helper()
	object := item.Object()
	for _, effect := range e.Effects {
		if effect.Phase != phase {
			continue
		}
		if effect.Gone {
			return nil
		}
		// A list loses elements; what is set must come before what is removed.
		for _, path := range slices.SortedFunc(maps.Keys(effect.Fields), func(a, b string) int {
			return strings.Compare(fmt.Sprint(effect.Fields[a] == nil, a), fmt.Sprint(effect.Fields[b] == nil, b))
		}) {
			put(t, object, path, effect.Fields[path])
		}
	}
	after, err := krm.FromObject(object)
	if err != nil {
		t.Fatal(err)
	}
	return after
}

// pathStep is one step of a path in expected.yaml: key, ["key"], [0], [name=x].
var pathStep = regexp.MustCompile(`^(?:\.?([A-Za-z0-9_/-]+)|\["([^"]+)"\]|\[(\d+)\]|\[name=([^\]]+)\])`)

// put sets a field, or removes it when value is nil.
func put(t *testing.T, object map[string]any, path string, value any) {
	t.Helper()
	var parent any = object
	var set func(v any)
	rest := path
	for rest != "" {
		m := pathStep.FindStringSubmatch(rest)
		if m == nil {
			t.Fatalf("path %q is not understood at %q", path, rest)
		}
		rest = rest[len(m[0]):]
		parent, set = step(t, parent, set, m, value == nil && rest == "")
	}
	if value != nil {
		set(value)
	}
}

// step goes one step down and returns what is there and how to replace it. The
// last step of a path whose value is to go removes it.
func step(t *testing.T, at any, replace func(any), m []string, remove bool) (any, func(any)) {
	t.Helper()
	if key := m[1] + m[2]; key != "" {
		mapping, ok := at.(map[string]any)
		if !ok {
			mapping = map[string]any{}
			replace(mapping)
		}
		if remove {
			delete(mapping, key)
		}
		return mapping[key], func(v any) { mapping[key] = v }
	}
	list, _ := at.([]any)
	index := slices.IndexFunc(list, func(v any) bool {
		element, _ := v.(map[string]any)
		return element["name"] == m[4]
	})
	if m[3] != "" {
		index, _ = strconv.Atoi(m[3])
	}
	there := index >= 0 && index < len(list)
	if remove && !there {
		return nil, nil
	}
	if !there {
		t.Fatalf("there is no element %s", m[0])
	}
	if remove {
		replace(slices.Delete(slices.Clone(list), index, index+1))
		return nil, nil
	}
	return list[index], func(v any) { list[index] = v }
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

// openshiftProgram compiles one of the pipelines for OpenShift.
func openshiftProgram(t *testing.T, file string, stock bool) *pipeline.Program {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(openshiftPipelines, file))
	if err != nil {
		t.Fatal(err)
	}
	p, err := pipeline.Load(text, file)
	if err != nil {
		t.Fatal(err)
	}
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
		e.Effects = slices.DeleteFunc(slices.Clone(e.Effects), func(e effect) bool { return e.Action != "01-common-backup-plugin" })
		got := execute(t, stock, pipeline.Backup, []*krm.Item{item})[0]
		if diff := cmp.Diff(fields(e.after(t, pipeline.Backup, item)), fields(got)); diff != "" {
			t.Errorf("object %d, %s, backed up alone (-want +got):\n%s", i, item.Identity(), diff)
		}
	}
}
