package features

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
)

// testOtherServer starts the server with other settings of the plugin: taken
// for a Velero 1.17, and with the functions in the plugin folder.
func (p *pipelines) testOtherServer(t *testing.T) {
	functions := filepath.Join(p.Velero.PluginDir, "krm-functions.d")
	other := p.config
	other.Env = append(slices.Clone(other.Env), "KRM_VELERO_VERSION=v1.17.2", "KRM_FN_DIR="+functions)
	if err := p.RestartVelero(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	p.app(t, "other")
	// The server has looked through its plugin folder by now; under a real one
	// an init container does this before.
	p.installWithoutPermission(t, functions)
	t.Run("OlderVelero", p.testOlderVelero)
	t.Run("FunctionsAmongPlugins", p.testFunctionsAmongPlugins)
}

// installWithoutPermission copies a function as the plugin's image does.
func (p *pipelines) installWithoutPermission(t *testing.T, dir string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(p.functions, "set-image-registry"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "set-image-registry"), content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// testOlderVelero asks for what came with 1.18: leaving an object out of a
// backup.
func (p *pipelines) testOlderVelero(t *testing.T) {
	p.put(t, "may-drop", pipelineText("may-drop", "mutators:\n- {builtin: route, allow: [Delete]}"))
	backup := p.backup(t, "older", "other", named("may-drop"))
	if backup.Status.Phase != velerov1api.BackupPhaseFailed {
		t.Errorf("phase: want Failed, got %s", backup.Status.Phase)
	}
	contains(t, backup.Status.FailureReason, "spec.mutators[0].allow", "v1.17.2", "1.18", "upgrade Velero")
	p.nothingBackedUp(t, "older")
}

// testFunctionsAmongPlugins runs a function from the folder in the plugin
// folder, where it may not be executable.
func (p *pipelines) testFunctionsAmongPlugins(t *testing.T) {
	p.put(t, "among", pipelineText("among", `
mutators:
`+labelStep("seen", "yes")+`
- {exec: set-image-registry, configMap: {from: a.example, to: b.example}}
`))
	p.complete(t, p.restore(t, "other", "other", "among", named("among")))
	if diff := cmp.Diff(labelled(p.objects(t, "other"), "seen", "yes"), p.objects(t, "among")); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
}
