package catalog_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// openshiftActions are the actions of openshift-velero-plugin as it registers
// them at commit 0b73ea6, without the prefix "openshift.io/".
var openshiftActions = []string{
	"01-common-backup-plugin", "01-common-restore-plugin",
	"02-serviceaccount-backup-plugin", "02-serviceaccount-iba-plugin", "02-serviceaccount-restore-plugin",
	"03-pv-backup-plugin", "03-pv-restore-plugin",
	"04-pvc-restore-plugin", "04-imagestreamtag-backup-plugin", "04-imagestreamtag-restore-plugin",
	"05-route-restore-plugin", "06-build-restore-plugin",
	"07-pod-backup-plugin", "07-pod-restore-plugin",
	"08-deploymentconfig-backup-plugin", "08-deploymentconfig-restore-plugin",
	"09-replicationcontroller-backup-plugin", "09-replicationcontroller-restore-plugin",
	"10-job-restore-plugin", "11-daemonset-restore-plugin", "12-replicaset-restore-plugin",
	"13-deployment-restore-plugin", "14-statefulset-restore-plugin", "15-service-restore-plugin",
	"16-cronjob-restore-plugin", "17-buildconfig-restore-plugin", "18-secret-restore-plugin",
	"19-is-backup-plugin", "19-is-restore-plugin", "20-SCC-restore-plugin",
	"21-role-bindings-restore-plugin", "22-cluster-role-bindings-restore-plugin",
	"23-imagetag-restore-plugin", "24-horizontalpodautoscaler-restore-plugin",
	"25-configmap-backup-plugin", "25-configmap-restore-plugin", "26-nonadmin-restore-plugin",
}

// openshiftNone are those that no function can be: they update a live object, or
// copy images.
var openshiftNone = []string{
	"03-pv-backup-plugin", "19-is-backup-plugin", "19-is-restore-plugin",
}

// openshiftLater are actions that the plugin got in 2026.
var openshiftLater = []string{"04-vmfr-pvc-restore-plugin", "26-proxy-backup-plugin", "27-rbac-role-bindings-restore-plugin"}

// openshiftTraps are where the plugin does what looks like a mistake, and words
// of the row that decides on it.
var openshiftTraps = map[string]string{
	"02-serviceaccount-restore-plugin":          "not the last alone",
	"08-deploymentconfig-restore-plugin":        "trigger's namespace",
	"09-replicationcontroller-backup-plugin":    "selector survives",
	"24-horizontalpodautoscaler-restore-plugin": "autoscaling/v2beta1",
	"17-buildconfig-restore-plugin":             "source.images",
	"11-daemonset-restore-plugin":               "namespace `openshift` lose their digest",
	"18-secret-restore-plugin":                  "service.beta",
	"20-SCC-restore-plugin":                     "groups",
	"07-pod-restore-plugin":                     "without `spec.hooks.resources`",
	"16-cronjob-restore-plugin":                 "batch/v1beta1",
}

// actionRow is one row of the table in docs/openshift.md.
type actionRow struct {
	action, functions, shown, traps string
}

var codeSpan = regexp.MustCompile("`([^`]+)`")

// spans returns what stands between backquotes.
func spans(cell string) []string {
	var list []string
	for _, m := range codeSpan.FindAllStringSubmatch(cell, -1) {
		list = append(list, m[1])
	}
	return list
}

// openshiftRows reads the tables of actions in docs/openshift.md: each row by
// the action that it names alone.
func openshiftRows(t *testing.T) map[string]actionRow {
	t.Helper()
	page, err := os.ReadFile("../docs/openshift.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile("^`([0-9]{2}-[A-Za-z-]+-plugin)`$")
	rows := map[string]actionRow{}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 6 {
			continue
		}
		m := name.FindStringSubmatch(strings.TrimSpace(cells[1]))
		if m == nil {
			continue
		}
		if _, twice := rows[m[1]]; twice {
			t.Errorf("%s is there twice", m[1])
		}
		rows[m[1]] = actionRow{m[1], strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3]), cells[4]}
	}
	return rows
}

// TestOpenShiftActions takes each action of openshift-velero-plugin and wants
// its row in docs/openshift.md: with functions whose fixtures, named there, show
// what they do, in a pipeline that is ready to use, and with an object of the
// example namespace that it has an effect on; or with a reason why it is none.
func TestOpenShiftActions(t *testing.T) {
	if len(openshiftActions) != 37 {
		t.Fatalf("the plugin has 37 actions, the list %d", len(openshiftActions))
	}
	rows, effects, steps := openshiftRows(t), openshiftEffects(t), openshiftSteps(t)
	for _, action := range openshiftActions {
		t.Run(action, func(t *testing.T) {
			row, ok := rows[action]
			if !ok {
				t.Fatal("docs/openshift.md has no row of it")
			}
			if slices.Contains(openshiftNone, action) {
				checkNone(t, row)
				return
			}
			checkFunctions(t, row, steps[phaseOf(action)])
			if effects[action] == 0 {
				t.Error("no object in examples/openshift/expected.yaml shows an effect of it")
			}
			if words := openshiftTraps[action]; !strings.Contains(row.traps, words) {
				t.Errorf("the row does not say what becomes of: %s", words)
			}
		})
	}
	for action, row := range rows {
		switch {
		case slices.Contains(openshiftActions, action):
		case !slices.Contains(openshiftLater, action):
			t.Errorf("the plugin has no action %s", action)
		case !strings.HasPrefix(row.functions, "none: "):
			checkFunctions(t, row, steps[phaseOf(action)])
		}
	}
}

// phaseOf tells from the name of an action when it runs.
func phaseOf(action string) pipeline.Phase {
	if strings.Contains(action, "-backup-") || strings.Contains(action, "-iba-") {
		return pipeline.Backup
	}
	return pipeline.Restore
}

// checkNone wants a reason, with a link to more of it on the same page.
func checkNone(t *testing.T, row actionRow) {
	t.Helper()
	reason := regexp.MustCompile(`^none: \[([a-z ]+)\]\(#what-is-no-function\)$`).FindStringSubmatch(row.functions)
	if reason == nil {
		t.Fatalf("want \"none:\" and a linked reason, got %q", row.functions)
	}
	page, err := os.ReadFile("../docs/openshift.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(page), "\n## What is no function\n")
	heading := "- **" + strings.ToUpper(reason[1][:1]) + reason[1][1:] + ":**"
	if !ok || !strings.Contains(section, heading) {
		t.Errorf("docs/openshift.md does not explain %q", heading)
	}
}

// checkFunctions wants a fixture for each function of the row that shows it
// change something, or ask for something, and a step of the pipeline that runs it.
func checkFunctions(t *testing.T, row actionRow, steps []string) {
	t.Helper()
	functions := spans(row.functions)
	if len(functions) == 0 {
		t.Fatalf("there is no function in %q", row.functions)
	}
	shown := map[string]bool{}
	for _, fixture := range spans(row.shown) {
		name, _, _ := strings.Cut(fixture, "/")
		shown[name] = true
		if !slices.Contains(functions, name) {
			t.Errorf("%s shows a function that the row does not name", fixture)
		}
		runShown(t, fixture)
	}
	for _, name := range functions {
		if !shown[name] {
			t.Errorf("no fixture shows what %s does", name)
		}
		if !slices.Contains(steps, name) {
			t.Errorf("%s is no step of the pipeline for OpenShift", name)
		}
	}
}

// runShown runs a fixture and wants what it expects, which must differ from
// what went in or ask Velero for something.
func runShown(t *testing.T, fixture string) {
	t.Helper()
	name, folder, _ := strings.Cut(fixture, "/")
	f, ok := catalog.Lookup(name)
	if !ok {
		t.Fatalf("there is no function %q", name)
	}
	dir := filepath.Join(name, "testdata", folder)
	in := readFixture(t, dir)
	out, err := f.Run(t.Context(), in)
	if err != nil {
		t.Fatalf("%s: %v", fixture, err)
	}
	want := readObjects(t, filepath.Join(dir, "expected.yaml"))
	if !slices.EqualFunc(want, out.Items, (*krm.Item).Equal) {
		t.Errorf("%s: what comes out is not what is expected", fixture)
	}
	asks := slices.ContainsFunc(out.Results, func(r krm.Result) bool { _, asks, _ := r.AdditionalItem(); return asks })
	if slices.EqualFunc(in.Items, out.Items, (*krm.Item).Equal) && !asks {
		t.Errorf("%s shows nothing: nothing changes", fixture)
	}
}

// openshiftEffects counts the effects of each action on the example namespace.
// TestOpenShiftNamespace checks that they happen.
func openshiftEffects(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for object, e := range expectations(t) {
		for _, effect := range e.Effects {
			if !effect.Gone && len(effect.Fields) == 0 && len(effect.Additional) == 0 {
				t.Errorf("%s: the effect of %s is none", object, effect.Action)
			}
			if effect.Phase != phaseOf(effect.Action) {
				t.Errorf("%s: %s is no action of a %s", object, effect.Action, effect.Phase)
			}
			counts[effect.Action]++
		}
	}
	return counts
}

// openshiftSteps are the functions of the ready pipelines.
func openshiftSteps(t *testing.T) map[pipeline.Phase][]string {
	t.Helper()
	steps := map[pipeline.Phase][]string{}
	for file, phase := range map[string]pipeline.Phase{
		"openshift-backup.yaml": pipeline.Backup, "openshift-restore.yaml": pipeline.Restore, "openshift-file-restore.yaml": pipeline.Restore,
	} {
		p := openshiftPipeline(t, file)
		if !slices.Equal(p.Spec.Phases, []pipeline.Phase{phase}) {
			t.Errorf("%s runs in %v", file, p.Spec.Phases)
		}
		for _, s := range p.Spec.Mutators {
			steps[phase] = append(steps[phase], s.Builtin)
		}
	}
	return steps
}

// TestOpenShiftStepsGrantWhatFunctionsNeed compares each step of the ready
// pipelines with what its function says that it needs.
func TestOpenShiftStepsGrantWhatFunctionsNeed(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(openshiftPipelines, "openshift-*.yaml"))
	if err != nil || len(files) != 4 {
		t.Fatalf("there are %d pipelines: %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := pipeline.Load(text, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range p.Spec.Mutators {
			f, ok := catalog.Lookup(s.Builtin)
			if !ok {
				t.Fatalf("there is no function %q", s.Builtin)
			}
			about := f.About()
			if (about.Needs.Context != "") != s.Context || (about.Needs.List != "") != (s.Scope == pipeline.List) ||
				(about.Needs.Delete != "") != slices.Contains(s.Allow, pipeline.Delete) ||
				(about.Needs.Rename == fn.Always) != slices.Contains(s.Allow, pipeline.Rename) {
				t.Errorf("%s: step %s grants other things than %+v", file, s.Builtin, about.Needs)
			}
			if !slices.Contains(about.Phases, string(p.Spec.Phases[0])) {
				t.Errorf("%s: %s is for %v", file, s.Builtin, about.Phases)
			}
		}
	}
}

// TestOpenShiftConfigMaps checks that what is ready to apply is what is tested.
func TestOpenShiftConfigMaps(t *testing.T) {
	for file, want := range map[string]map[string]string{
		"openshift-pipelines.yaml":       {"openshift-backup.yaml": "openshift-backup.yaml", "openshift-restore.yaml": "openshift-restore.yaml", "openshift-file-restore.yaml": "openshift-file-restore.yaml"},
		"openshift-pipelines-stock.yaml": {"openshift-backup.yaml": "openshift-backup-stock.yaml", "openshift-restore.yaml": "openshift-restore.yaml", "openshift-file-restore.yaml": "openshift-file-restore.yaml"},
	} {
		text, err := os.ReadFile(filepath.Join("../deploy", file))
		if err != nil {
			t.Fatal(err)
		}
		var cm struct {
			Kind     string
			Metadata struct{ Labels map[string]string }
			Data     map[string]string
		}
		if err := yaml.Unmarshal(text, &cm); err != nil {
			t.Fatal(err)
		}
		if _, ok := cm.Metadata.Labels["velero-krm.io/pipeline"]; !ok || cm.Kind != "ConfigMap" {
			t.Errorf("%s is no ConfigMap with the label of pipelines", file)
		}
		if len(cm.Data) != len(want) {
			t.Errorf("%s has %d pipelines, want %d", file, len(cm.Data), len(want))
		}
		for key, plain := range want {
			text, err := os.ReadFile(filepath.Join(openshiftPipelines, plain))
			if err != nil {
				t.Fatal(err)
			}
			if cm.Data[key] != string(text) {
				t.Errorf("%s: %s is not deploy/pipelines/%s", file, key, plain)
			}
		}
	}
}
