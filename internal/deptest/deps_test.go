package deptest

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/velero-krm/velero-krm/"

// TestDependencies fails when a package, or anything it depends on, imports
// what its layer must not know.
func TestDependencies(t *testing.T) {
	kubernetes := "functions and the runner work on unstructured JSON, so that unknown fields survive and binaries stay small"
	tests := map[string]struct {
		packages  string
		forbidden map[string]string // prefix of an import path: why not
	}{
		"Wire": {packages: "krm", forbidden: map[string]string{
			module + "fn": "krm is the lowest layer", module + "runner": "krm is the lowest layer",
			"k8s.io/": kubernetes, "github.com/": "krm imports the standard library and one YAML package",
		}},
		"Functions": {packages: "fn/...", forbidden: map[string]string{
			module + "runner": "a function must not carry the code that runs it", module + "pipeline": "a function does not know pipelines",
			"k8s.io/": kubernetes, "net/http": "a function has no business with the network",
		}},
		"Catalogue": {packages: "catalog/...", forbidden: map[string]string{
			module + "runner": "a function must not carry the code that runs it", module + "pipeline": "a function does not know pipelines",
			"k8s.io/": kubernetes, "net/http": "a function has no business with the network",
		}},
		"Runner": {packages: "runner/...", forbidden: map[string]string{
			module + "pipeline": "the runner does not choose what runs", module + "catalog": "the runner knows no function",
			"k8s.io/": kubernetes,
		}},
		"Pipeline": {packages: "pipeline/...", forbidden: map[string]string{
			module + "cmd": "a library does not import a program", "k8s.io/": kubernetes,
			"github.com/spf13/cobra": "a library does not import a program's parts",
		}},
		"Protocol": {packages: "multiitem/...", forbidden: map[string]string{
			module + "krm": "the protocol carries any objects", module + "fn": "the protocol does not know functions",
			module + "runner": "the protocol does not know functions", module + "pipeline": "the protocol does not know pipelines",
			"k8s.io/": "a plugin must not have to resolve what its host uses",
		}},
		"Everything": {packages: "...", forbidden: map[string]string{
			"github.com/vmware-tanzu/velero":       "only the velero module may import Velero",
			"github.com/sirupsen/logrus":           "libraries log through log/slog",
			"sigs.k8s.io/kustomize":                "kyaml is for comparison, in the bench module",
			"github.com/velero-krm/velero-krm/e2e": "the real stack is for tests",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			deps := dependencies(t, test.packages)
			for _, dep := range deps {
				for prefix, reason := range test.forbidden {
					if strings.HasPrefix(dep, prefix) && !strings.HasPrefix(module+test.packages, prefix) && dep != module+test.packages {
						t.Errorf("%s depends on %s: %s", test.packages, dep, reason)
					}
				}
			}
		})
	}
}

// dependencies lists what the non-test code of the packages depends on.
func dependencies(t *testing.T, packages string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", module+packages).Output()
	if err != nil {
		t.Fatalf("list the dependencies of %s: %v", packages, err)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 10 {
		t.Fatalf("list the dependencies of %s: only %d, so the list is not what it should be", packages, len(deps))
	}
	return deps
}
