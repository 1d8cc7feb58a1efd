package catalog_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/internal/expect"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// stripped returns an object without what Velero takes out of it before its
// restore actions see it.
func stripped(t *testing.T, item *krm.Item) *krm.Item {
	t.Helper()
	o := item.Object()
	delete(o, "status")
	maps.DeleteFunc(mapping(o, "metadata"), func(key string, _ any) bool {
		return slices.Contains([]string{"ownerReferences", "uid", "resourceVersion", "generation", "creationTimestamp", "selfLink", "generateName"}, key)
	})
	return made(t, o)
}

func made(t *testing.T, o map[string]any) *krm.Item {
	t.Helper()
	item, err := krm.FromObject(o)
	if err != nil {
		t.Fatal(err)
	}
	return item
}

// beside is a cluster in which both the functions and the plugin are installed.
type beside struct {
	plugin  plugin
	program *pipeline.Program
}

func newBeside(t *testing.T, phase pipeline.Phase, file string, cluster []*krm.Item) beside {
	t.Helper()
	return beside{newPlugin(openshiftContext(t, phase), cluster), openshiftProgram(t, file, false)}
}

// theirs runs the plugin's restore actions on what Velero is about to create;
// nil for an object that is not restored.
func (b beside) theirs(t *testing.T, item, backup *krm.Item) *krm.Item {
	t.Helper()
	o := item.Object()
	if !b.plugin.restoreItem(o, backup.Object()) {
		return nil
	}
	return made(t, o)
}

// carry brings what the functions make of an object of the backup to what
// Velero is about to create, as the plugin of this project does on a stock
// Velero.
func carry(t *testing.T, backup, ours, onto *krm.Item) (*krm.Item, error) {
	t.Helper()
	if ours == nil {
		return nil, nil //nolint:nilnil // it is not restored
	}
	return krm.Carry(stripped(t, backup), stripped(t, ours), onto)
}

// restoreOrders restores one object in each order. ours is what the functions
// make of it.
func (b beside) restoreOrders(t *testing.T, backup, ours *krm.Item) map[string]*krm.Item {
	t.Helper()
	orders := map[string]*krm.Item{}
	must := func(item *krm.Item, err error) *krm.Item {
		if err != nil {
			t.Errorf("%s: %v", backup.Identity(), err)
		}
		return item
	}
	if item := b.theirs(t, stripped(t, backup), backup); item != nil {
		orders["theirs first, stock Velero"] = must(carry(t, backup, ours, item))
	} else {
		orders["theirs first, stock Velero"] = nil
	}
	item := must(carry(t, backup, ours, stripped(t, backup)))
	if item != nil {
		item = b.theirs(t, item, backup)
	}
	orders["ours first, stock Velero"] = item
	item = nil
	if ours != nil {
		item = b.theirs(t, stripped(t, ours), ours)
	}
	orders["ours first, multi-item Velero"] = item
	return orders
}

// TestOpenShiftBesidePluginOnRestore restores the example namespace with the
// functions and with what openshift-velero-plugin is known to do, in every
// order, and wants the same objects.
func TestOpenShiftBesidePluginOnRestore(t *testing.T) {
	stored := execute(t, openshiftProgram(t, "openshift-backup.yaml", false), pipeline.Backup, openshiftObjects(t))
	b := newBeside(t, pipeline.Restore, "openshift-restore.yaml", nil)
	ours := execute(t, b.program, pipeline.Restore, stored)
	want := expectations(t)
	for i, backup := range stored {
		orders := b.restoreOrders(t, backup, ours[i])
		first := orders["theirs first, stock Velero"]
		for order, got := range orders {
			got = withoutLoss(t, order, got)
			if diff := cmp.Diff(fields(first), fields(got)); diff != "" {
				t.Errorf("%s: %s (-theirs first +this order):\n%s", backup.Identity(), order, diff)
			}
		}
		if e := want[backup.Identity().String()]; (first == nil) != (e.after(t, pipeline.Restore, backup) == nil) {
			t.Errorf("%s: gone with both: %v, and that is not expected", backup.Identity(), first == nil)
		}
		// All that a function does is there in the end, also beside the plugin,
		// but for the note that the plugin takes away.
		if first != nil && ours[i] != nil {
			checkNothingLost(t, stripped(t, backup), stripped(t, ours[i]), first)
		}
	}
}

// withoutLoss takes out of an autoscaler what the plugin loses by reading it as
// autoscaling/v2beta1. It does so only when it has something to change, which it
// has not after the functions: the one difference that the order makes, and not
// one that they make.
func withoutLoss(t *testing.T, order string, item *krm.Item) *krm.Item {
	t.Helper()
	if item == nil || item.Identity().Kind != "HorizontalPodAutoscaler" {
		return item
	}
	o := item.Object()
	if _, there := mapping(o, "spec")["behavior"]; there != strings.HasPrefix(order, "ours first") {
		t.Errorf("%s: %s: spec.behavior is there: %v", item.Identity(), order, there)
	}
	delete(mapping(o, "spec"), "behavior")
	return made(t, o)
}

// checkNothingLost wants every field that ours set to be so in got.
func checkNothingLost(t *testing.T, base, ours, got *krm.Item) {
	t.Helper()
	again, err := krm.Carry(base, ours, got)
	if err != nil {
		t.Errorf("%s: %v", base.Identity(), err)
		return
	}
	if diff := cmp.Diff(fields(got), fields(again)); diff != "" {
		t.Errorf("%s lost a change of the functions (-got +with it):\n%s", base.Identity(), diff)
	}
}

// TestOpenShiftPluginAlone keeps the plugin's stand-in honest: alone it must
// have the effects that are expected of the functions, the mended ones
// excepted.
func TestOpenShiftPluginAlone(t *testing.T) {
	objects := openshiftObjects(t)
	back := newBeside(t, pipeline.Backup, "openshift-backup.yaml", objects)
	b := newBeside(t, pipeline.Restore, "openshift-restore.yaml", nil)
	want := expectations(t)
	for _, item := range objects {
		id := item.Identity().String()
		stored := item.Object()
		back.plugin.backUp(stored)
		checkEffects(t, id, want[id], pipeline.Backup, stored)
		restored := b.theirs(t, stripped(t, made(t, stored)), made(t, stored))
		checkEffects(t, id, want[id], pipeline.Restore, fields(restored))
	}
}

// checkEffects wants the effects of one phase that are not mended.
func checkEffects(t *testing.T, id string, want expectation, phase pipeline.Phase, got map[string]any) {
	t.Helper()
	for _, e := range want.Effects {
		// Namespaces of the rest of the object are mapped by map-namespaces.
		if e.Phase != phase || e.Mended != "" {
			continue
		}
		if e.Gone != (got == nil) {
			t.Errorf("%s: gone is %v after %s", id, got == nil, e.Action)
			return
		}
		if e.Gone {
			continue
		}
		one := expectation{expect.Object{Effects: []expect.Effect{e}}}
		item := made(t, got)
		if diff := cmp.Diff(fields(item), fields(one.after(t, phase, item))); diff != "" {
			t.Errorf("%s: %s has another effect (-plugin +expected):\n%s", id, e.Action, diff)
		}
	}
}

// TestOpenShiftBesidePluginOnBackup backs the example namespace up with both.
func TestOpenShiftBesidePluginOnBackup(t *testing.T) {
	objects := openshiftObjects(t)
	b := newBeside(t, pipeline.Backup, "openshift-backup.yaml", objects)
	theirs := func(items []*krm.Item) []*krm.Item {
		out := make([]*krm.Item, len(items))
		for i, item := range items {
			o := item.Object()
			b.plugin.backUp(o)
			out[i] = made(t, o)
		}
		return out
	}
	ours := func(items []*krm.Item) []*krm.Item { return execute(t, b.program, pipeline.Backup, items) }
	oursFirst, theirsFirst := theirs(ours(objects)), ours(theirs(objects))
	for i := range objects {
		if diff := cmp.Diff(fields(oursFirst[i]), fields(theirsFirst[i])); diff != "" {
			t.Errorf("%s (-ours first +theirs first):\n%s", objects[i].Identity(), diff)
		}
	}
	for i, again := range ours(theirs(oursFirst)) {
		if diff := cmp.Diff(fields(oursFirst[i]), fields(again)); diff != "" {
			t.Errorf("%s, both once more (-first +second):\n%s", objects[i].Identity(), diff)
		}
	}
}

// TestOpenShiftTriggerBesidePlugin shows the one row where both must not change
// the same field: a trigger that names another mapped namespace.
func TestOpenShiftTriggerBesidePlugin(t *testing.T) {
	backup := mustItem(t, `{"apiVersion":"apps.openshift.io/v1","kind":"DeploymentConfig","metadata":{"name":"d","namespace":"shop"},`+
		`"spec":{"triggers":[{"imageChangeParams":{"from":{"kind":"ImageStreamTag","name":"base:1","namespace":"base"}}}]}}`)
	b := newBeside(t, pipeline.Restore, "openshift-restore.yaml", nil)
	b.plugin.namespaces = map[string]string{"shop": "shop-dr", "base": "base-dr"}
	run := mustItem(t, strings.Replace(string(openshiftContext(t, pipeline.Restore).Raw()), `"shop":"shop-dr"`, `"base":"base-dr","shop":"shop-dr"`, 1))
	plan, err := b.program.Execute(t.Context(), pipeline.Input{Phase: pipeline.Restore, Items: []*krm.Item{backup}, Context: run})
	if err != nil {
		t.Fatal(err)
	}
	ours := plan.Items[0].Out
	item, err := carry(t, backup, ours, b.theirs(t, stripped(t, backup), backup))
	var conflict *krm.ConflictError
	if !errors.As(err, &conflict) {
		t.Errorf("theirs first: got %v, %v; want a conflict", item, err)
	}
	got := b.theirs(t, stripped(t, ours), ours)
	trigger := elements(mapping(got.Object(), "spec")["triggers"])[0]
	if namespace := text(trigger, "imageChangeParams", "from", "namespace"); namespace != "base-dr" {
		t.Errorf("ours first: the trigger is of namespace %q", namespace)
	}
}
