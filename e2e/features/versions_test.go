package features

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
)

// TestOlderVelero runs the plugin in older releases, which know nothing of the
// kinds that it lists beside theirs. TestPipeline is the same for the newest.
func TestOlderVelero(t *testing.T) {
	older, err := filepath.Glob(filepath.Join(programs(), "velero-stock-v*"))
	if err != nil || len(older) < 2 {
		t.Fatalf("older releases: want two or more in %s, got %v, error %v; make velero-stock-older builds them", programs(), older, err)
	}
	slices.Sort(older)
	p := newPipelines(t, filepath.Base(older[0]))
	p.app(t, "aged")
	for i, server := range older {
		version := strings.TrimPrefix(filepath.Base(server), "velero-stock-")
		t.Run(version, func(t *testing.T) {
			if i > 0 {
				p.config.Binary = server
				if err := p.RestartVelero(t.Context(), p.config); err != nil {
					t.Fatal(err)
				}
			}
			p.testOlderServer(t, version)
		})
	}
}

func (p *pipelines) testOlderServer(t *testing.T, version string) {
	t.Helper()
	got, err := p.Command(t.Context(), "version")
	if err != nil || strings.Count(got, version) != 2 {
		t.Fatalf("velero version: want client and server %s, got error %v and\n%s", version, err, got)
	}
	if diff := cmp.Diff([]string{"BackupItemActionV2", "RestoreItemActionV2"}, p.kindsOf(t, "velero-krm.io/pipeline")); diff != "" {
		t.Errorf("kinds of the plugin (-want +got):\n%s", diff)
	}

	suffix := strings.NewReplacer("v", "", ".", "-").Replace(version)
	p.put(t, "label", pipelineText("label", "mutators:\n"+labelStep("seen", "yes")))
	p.complete(t, p.backup(t, "aged-"+suffix, "aged", named("label")))
	p.complete(t, p.restore(t, "aged-"+suffix, "aged", "aged-"+suffix, named("none")))
	if diff := cmp.Diff(labelled(p.objects(t, "aged"), "seen", "yes"), p.objects(t, "aged-"+suffix)); diff != "" {
		t.Errorf("restored from a backup with the pipeline (-want +got):\n%s", diff)
	}
	p.complete(t, p.restore(t, "aged", "aged", "after-"+suffix, named("label")))
	if diff := cmp.Diff(labelled(p.objects(t, "aged"), "seen", "yes"), p.objects(t, "after-"+suffix)); diff != "" {
		t.Errorf("restored with the pipeline (-want +got):\n%s", diff)
	}

	p.put(t, "may-drop", pipelineText("may-drop", "mutators:\n- {builtin: route, allow: [Delete]}"))
	backup := p.backup(t, "dropped-"+suffix, "aged", named("may-drop"))
	if backup.Status.Phase != velerov1api.BackupPhaseFailed {
		t.Errorf("backup that would leave objects out: want Failed, got %s", backup.Status.Phase)
	}
	contains(t, backup.Status.FailureReason, "spec.mutators[0].allow", version, "upgrade Velero")
}

// kindsOf returns the kinds that the server lists under a plugin's name.
func (p *pipelines) kindsOf(t *testing.T, plugin string) []string {
	t.Helper()
	out, err := p.Command(t.Context(), "plugin", "get")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for line := range strings.Lines(out) {
		if name, kind, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == plugin {
			kinds = append(kinds, strings.TrimSpace(kind))
		}
	}
	slices.Sort(kinds)
	return kinds
}
