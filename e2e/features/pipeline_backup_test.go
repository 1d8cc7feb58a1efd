package features

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
)

// testBackup changes objects on their way into the tarball, in both places
// where a tarball holds each, and not in the cluster.
func (p *pipelines) testBackup(t *testing.T) {
	p.apply(t, "testdata/pipeline/app", "onbackup")
	p.put(t, "onbackup", pipelineText("onbackup", `
phases: [Backup]
mutators:
`+labelStep("site", "east")+`
- builtin: remove-fields
  configMap: {paths: data.number}
  selectors: [{kind: ConfigMap}]
`))
	before := p.objects(t, "onbackup")
	p.complete(t, p.backup(t, "onbackup", "onbackup", named("onbackup")))
	if diff := cmp.Diff(before, p.objects(t, "onbackup")); diff != "" {
		t.Errorf("the cluster after a backup (-want +got):\n%s", diff)
	}

	want := before
	for _, o := range want {
		setLabel(o, "site", "east")
	}
	remove(t, want["ConfigMap/settings"], "data", "number")
	files, err := p.BackupContents(t.Context(), "onbackup")
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"", "v1-preferredversion/"} {
		got := map[string]map[string]any{}
		for path := range files {
			if regexp.MustCompile(`^resources/[^/]+/` + place + `namespaces/onbackup/[^/]+$`).MatchString(path) {
				o := decoded(t, files, path)
				got[o.GetKind()+"/"+o.GetName()] = plain(o)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the objects in resources/*/%snamespaces of the tarball (-want +got):\n%s", place, diff)
		}
	}
}

func setLabel(o map[string]any, key, value string) {
	metadata, _ := o["metadata"].(map[string]any)
	labels, _ := metadata["labels"].(map[string]any)
	labels = maps.Clone(labels)
	if labels == nil {
		labels = map[string]any{}
	}
	labels[key] = value
	metadata["labels"] = labels
}

const dropVictim = `
mutators:
- name: drop
  exec: testfn krm-behave remove-all
  selectors: [{kind: Secret, name: victim}]
`

// testDelete lets a function drop an object, with and without permission, on
// backup and on restore.
func (p *pipelines) testDelete(t *testing.T) {
	p.app(t, "deleting")
	p.put(t, "may-drop", pipelineText("may-drop", dropVictim+"  allow: [Delete]\n"))
	p.put(t, "may-not-drop", pipelineText("may-not-drop", dropVictim))
	all := p.objects(t, "deleting")
	others := maps.Clone(all)
	delete(others, "Secret/victim")

	t.Run("BackupAllowed", func(t *testing.T) {
		p.complete(t, p.backup(t, "dropped", "deleting", named("may-drop")))
		p.checkBackedUp(t, "dropped", "deleting", others)
	})
	t.Run("BackupRefused", func(t *testing.T) {
		backup := p.backup(t, "not-dropped", "deleting", named("may-not-drop"))
		if backup.Status.Phase != velerov1api.BackupPhasePartiallyFailed {
			t.Errorf("phase: want PartiallyFailed, got %s", backup.Status.Phase)
		}
		contains(t, strings.Join(p.errorsOf(t, backup), "\n"), `step "drop"`, "Secret deleting/victim", "add Delete to what the step allows")
		p.checkBackedUp(t, "not-dropped", "deleting", others)
		p.noLeak(t, backup)
	})
	t.Run("RestoreAllowed", func(t *testing.T) {
		p.complete(t, p.restore(t, "deleting", "deleting", "restore-dropped", named("may-drop")))
		if diff := cmp.Diff(others, p.objects(t, "restore-dropped")); diff != "" {
			t.Errorf("restored (-want +got):\n%s", diff)
		}
	})
	t.Run("RestoreRefused", func(t *testing.T) {
		restore := p.restore(t, "deleting", "deleting", "restore-not-dropped", named("may-not-drop"))
		if restore.Status.Phase != velerov1api.RestorePhasePartiallyFailed {
			t.Errorf("phase: want PartiallyFailed, got %s", restore.Status.Phase)
		}
		contains(t, strings.Join(p.errorsOf(t, restore), "\n"), `step "drop"`, "Secret deleting/victim", "add Delete to what the step allows")
		if diff := cmp.Diff(others, p.objects(t, "restore-not-dropped")); diff != "" {
			t.Errorf("restored (-want +got):\n%s", diff)
		}
	})
}

// checkBackedUp compares the objects of a namespace in a tarball.
func (p *pipelines) checkBackedUp(t *testing.T, backup, namespace string, want map[string]map[string]any) {
	t.Helper()
	files, err := p.BackupContents(t.Context(), backup)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for path := range files {
		if regexp.MustCompile(`^resources/[^/]+/namespaces/` + namespace + `/`).MatchString(path) {
			o := decoded(t, files, path)
			got = append(got, o.GetKind()+"/"+o.GetName())
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), got); diff != "" {
		t.Errorf("the objects of backup %s (-want +got):\n%s", backup, diff)
	}
}
