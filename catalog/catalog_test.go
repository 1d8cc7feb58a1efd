package catalog_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/catalog/internal/sealed"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/fntest"
	"github.com/velero-krm/velero-krm/krm"
)

var update = flag.Bool("update", false, "write expected.yaml, results.txt and errors.txt of the fixtures")

// TestFixtures runs every case of every function in the process, through Main,
// and as the executable that cmd/krm-functions builds.
func TestFixtures(t *testing.T) {
	executable := buildExecutable(t)
	for _, f := range catalog.Functions() {
		t.Run(f.Name(), func(t *testing.T) {
			t.Parallel()
			fntest.Run(t, fntest.Suite{
				Function: f,
				Dir:      filepath.Join(f.Name(), "testdata"),
				Ways: map[string]fntest.Way{
					"main":       fntest.InProcess(f),
					"executable": fntest.Command(executable, f.Name()),
					"link":       fntest.Command(link(t, executable, f.Name())),
				},
				Settle: settle[f.Name()],
				// Object by object they see nothing of what they look for.
				WholeList: f.About().Needs.List == fn.Always,
				Update:    *update,
			})
		})
	}
}

// settle has what makes the fixtures of functions comparable whose output
// differs in every run.
var settle = map[string]func(*krm.Item) (*krm.Item, error){
	"seal-secrets": opened,
}

// opened returns a sealed Secret with what is sealed in it in clear.
func opened(item *krm.Item) (*krm.Item, error) {
	object := item.Object()
	data, _ := object["data"].(map[string]any)
	key, _ := data[sealed.KeyName].(string)
	values, ok := data[sealed.ValuesName].(string)
	if !ok {
		return item, nil
	}
	manifest, err := sealed.NewKeyring("internal/sealed/testdata/keys.txt").Open(sealed.Box{Key: key, Values: values})
	if err != nil {
		return nil, err
	}
	object["data"] = map[string]any{sealed.KeyName: "a key", sealed.ValuesName: string(manifest.Raw())}
	return krm.FromObject(object)
}

// buildExecutable builds the multi-call executable once.
func buildExecutable(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "krm-functions")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "../cmd/krm-functions").CombinedOutput()
	if err != nil {
		t.Fatalf("build cmd/krm-functions: %v\n%s", err, out)
	}
	return path
}

// link makes a link to the executable with the name of a function.
func link(t *testing.T, executable, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.Symlink(executable, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// requiredCases are what every function must have a fixture for.
var requiredCases = []string{"ordinary", "no-op", "mixed-list", "bad-config", "hostile"}

func TestEveryFunctionIsComplete(t *testing.T) {
	for _, f := range catalog.Functions() {
		t.Run(f.Name(), func(t *testing.T) {
			for _, c := range requiredCases {
				if _, err := os.Stat(filepath.Join(f.Name(), "testdata", c, "input.yaml")); err != nil {
					t.Errorf("case %q: %v", c, err)
				}
			}
			readme, err := os.ReadFile(filepath.Join(f.Name(), "README.md"))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"# " + f.Name() + "\n", "\n## Config", "\n## Before and after", "\n## Edge cases"} {
				if !strings.Contains(string(readme), want) {
					t.Errorf("README.md lacks %q", want)
				}
			}
			for _, field := range f.ConfigFields() {
				if !strings.Contains(string(readme), "`"+field.Name+"`") {
					t.Errorf("README.md does not name the config field `%s`", field.Name)
				}
				if field.Doc == "" {
					t.Errorf("config field %s has no doc", field.Name)
				}
			}
			if s := f.Summary(); !strings.HasSuffix(s, ".") || strings.Count(s, ". ") > 0 {
				t.Errorf("summary is not one sentence: %q", s)
			}
		})
	}
}

func TestNamesAreSortedAndFoldersMatch(t *testing.T) {
	names := catalog.Names()
	for i := 1; i < len(names); i++ {
		if names[i] < names[i-1] {
			t.Errorf("catalog.go lists %s after %s: keep the functions in the order of their names", names[i], names[i-1])
		}
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && e.Name()[0] != '_' && e.Name() != "internal" && !slices.Contains(names, e.Name()) {
			t.Errorf("folder %s is not listed in catalog.go", e.Name())
		}
	}
}

func TestLookup(t *testing.T) {
	if f, ok := catalog.Lookup("route"); !ok || f.Name() != "route" {
		t.Errorf("Lookup(route) = %q, %v", f.Name(), ok)
	}
	if _, ok := catalog.Lookup("routes"); ok {
		t.Error("Lookup(routes) found something")
	}
}

// TestDependencies keeps functions small and quick to start: they may use the
// wire types, the function API, a YAML reader and the standard library. What a
// few need beside that is listed with those few.
func TestDependencies(t *testing.T) {
	const module = "github.com/velero-krm/velero-krm/"
	allowed := []string{module + "krm", module + "fn", module + "fn/podspec", module + "fn/runcontext", module + "catalog", module + "internal/jsonvalue", module + "internal/jsontext", module + "internal/objectmeta", module + "internal/includes", "go.yaml.in/yaml/v3"}
	foreign := map[string]string{ // package prefix: why
		"filippo.io/age":       "seal-secrets, unseal-secrets",
		"filippo.io/hpke":      "age: post-quantum keys",
		"golang.org/x/crypto/": "age",
		"golang.org/x/sys/cpu": "age",

		"github.com/google/cel-go/":   "cel, by itself: see celFunction",
		"cel.dev/expr":                "cel-go",
		"github.com/antlr4-go/antlr/": "cel-go",
		"golang.org/x/exp/":           "cel-go",
		"golang.org/x/text/":          "cel-go",
		"google.golang.org/genproto/": "cel-go",
		"google.golang.org/protobuf/": "cel-go",
		"go.starlark.net/":            "starlark",
		"golang.org/x/sys/unix":       "go.starlark.net",
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".", "../fn", "../fn/podspec").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	for dep := range strings.FieldsSeq(string(out)) {
		known := slices.Contains(allowed, dep) || strings.HasPrefix(dep, module+"catalog/")
		for prefix := range foreign {
			known = known || strings.HasPrefix(dep, prefix)
		}
		if !known {
			t.Errorf("the catalogue depends on %s: it would grow every function, wasm builds most", dep)
		}
	}
}
