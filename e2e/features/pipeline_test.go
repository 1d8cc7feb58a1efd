package features

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/velero-krm/velero-krm/runner/runnertest/behave"

	"github.com/velero-krm/velero-krm/e2e/stack"
)

// TestMain lets the test binary be the functions that the pipelines call.
func TestMain(m *testing.M) {
	behave.Main()
	featureMain()
	pluginMain()
	os.Exit(m.Run())
}

// TestPipeline is all that velero-plugin-krm does on an unmodified Velero. Its
// features share one stack, one after the other: a Velero restores serially,
// and a stack takes longer to start than most features to run.
func TestPipeline(t *testing.T) {
	p := newPipelines(t, stockServer, concurrent...)
	t.Run("Shop", p.testShop)
	t.Run("Backup", p.testBackup)
	t.Run("Delete", p.testDelete)
	t.Run("Choice", p.testChoice)
	t.Run("Defaults", p.testDefaults)
	t.Run("BrokenDefault", p.testBrokenDefault)
	t.Run("Refused", p.testRefused)
	t.Run("KindNowhere", p.testKindNowhere)
	t.Run("BadFunctions", p.testBadFunctions)
	t.Run("AsInBackup", p.testAsInBackup)
	t.Run("Carry", p.testCarry)
	t.Run("Environment", p.testEnvironment)
	t.Run("ClusterScoped", p.testClusterScoped)
	t.Run("SideBySide", p.testSideBySide)
	// The last two leave the stack changed: the server is started anew with
	// other settings, a CustomResourceDefinition is deleted.
	t.Run("OtherServer", p.testOtherServer)
	t.Run("KindFromBackup", p.testKindFromBackup)
}

// pipelines is the stack with the plugin in it.
type pipelines struct {
	*stack.Stack
	// functions is the folder of the executables, KRM_FN_DIR.
	functions string
	// config starts the server again as it was.
	config stack.VeleroConfig
	// multiItem is true for the server that calls multi-item actions.
	multiItem bool
}

// functionSecret is in the environment of Velero; no function may see it.
const functionSecret = "Lk3!xV7$gT9^"

// programs is the folder of what was built.
func programs() string {
	if bin := os.Getenv(stack.BinEnv); bin != "" {
		return bin
	}
	return filepath.Join("..", "..", "bin")
}

// The servers, as files of the folder of what was built.
const (
	stockServer     = "velero-stock"
	multiItemServer = "velero"
)

// concurrent are flags that older servers do not all have.
var concurrent = []string{"--concurrent-backups", "4", "--item-block-worker-count", "4"}

// newPipelines starts a stack with the plugin in the server of that file name.
func newPipelines(t *testing.T, server string, flags ...string) *pipelines {
	t.Helper()
	bin := programs()
	dir := installFunctions(t, bin)
	config := stack.VeleroConfig{
		Binary:  filepath.Join(bin, server),
		Plugins: []string{filepath.Join(bin, "velero-plugin-krm")},
		Env:     []string{"KRM_FN_DIR=" + dir, "AWS_SECRET_OF_THE_SERVER=" + functionSecret},
		// Debug, because what must not be in a log must not be there either.
		Flags: append([]string{"--log-level", "debug"}, flags...),
	}
	s := stack.ForTest(t,
		stack.WithManifests(filepath.Join("testdata", "pipeline", "cluster"), filepath.Join(shop, "cluster")),
		stack.WithVelero(config.Binary), stack.WithPlugins(config.Plugins...), stack.WithEnv(config.Env...), stack.WithFlags(config.Flags...))
	return &pipelines{Stack: s, functions: dir, config: config, multiItem: server == multiItemServer}
}

// installFunctions fills a folder as an image for Velero's pod would: the
// functions of the shop under their own names, and this test's.
func installFunctions(t *testing.T, bin string) string {
	t.Helper()
	dir := t.TempDir()
	if err := stack.LinkFunctions(dir, bin, "route", "service", "set-image-registry"); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, "testfn")); err != nil {
		t.Fatal(err)
	}
	return dir
}
