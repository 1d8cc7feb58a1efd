package pipeline_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/velero-krm/velero-krm/pipeline"
)

var update = flag.Bool("update", false, "rewrite expected.yaml and errors.txt of the fixtures")

// ignoreSource leaves out where the fields stood in the file.
var ignoreSource = cmpopts.IgnoreUnexported(pipeline.Pipeline{})

func TestLoadKptfilePipeline(t *testing.T) {
	const text = `
apiVersion: velero-krm.io/v1alpha1
kind: Pipeline
metadata: {name: pasted}
spec:
  mutators:
  - exec: ./fn --flag 'two words'
    name: first
    configMap: {namespace: x, replicas: 3, debug: true, ratio: 1.50, since: 2001-12-14}
    selectors:
    - {apiVersion: apps/v1, kind: Deployment, name: web, namespace: shop, labels: {app: web}, annotations: {a: b}}
    exclude: [{kind: Secret}]
  - exec: ./fn
    configPath: conf/fn.yaml
  validators:
  - builtin: required-fields
`
	want := &pipeline.Pipeline{
		APIVersion: pipeline.APIVersion,
		Kind:       pipeline.Kind,
		Metadata:   pipeline.Metadata{Name: "pasted"},
		Spec: pipeline.Spec{
			Mutators: []pipeline.Step{
				{
					Exec: "./fn --flag 'two words'",
					Name: "first",
					ConfigMap: map[string]string{
						"namespace": "x", "replicas": "3", "debug": "true", "ratio": "1.50", "since": "2001-12-14",
					},
					Selectors: []pipeline.Selector{{
						APIVersion: "apps/v1", Kind: "Deployment", Name: "web", Namespace: "shop",
						Labels: map[string]string{"app": "web"}, Annotations: map[string]string{"a": "b"},
					}},
					Exclude: []pipeline.Selector{{Kind: "Secret"}},
				},
				{Exec: "./fn", ConfigPath: "conf/fn.yaml"},
			},
			Validators: []pipeline.Step{{Builtin: "required-fields"}},
		},
	}
	got, err := pipeline.Load([]byte(text), "pasted.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, ignoreSource); diff != "" {
		t.Errorf("Load: -want +got:\n%s", diff)
	}
}

func TestLoadJSON(t *testing.T) {
	text := "{\n\t\"apiVersion\":\"velero-krm.io/v1alpha1\",\"kind\":\"Pipeline\",\n\t\"metadata\":{\"name\":\"j\"},\"spec\":{\t\"default\":true}}"
	p, err := pipeline.Load([]byte(text), "p.json")
	if err != nil {
		t.Fatal(err)
	}
	if p.Metadata.Name != "j" || !p.Spec.Default {
		t.Errorf("Load: got %+v", p)
	}
}

// TestLoadProblems compares all that Load says about a pipeline.
func TestLoadProblems(t *testing.T) {
	dirs, err := filepath.Glob("testdata/load-*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			p, err := pipeline.Load(readFile(t, filepath.Join(dir, "pipeline.yaml")), "pipeline.yaml")
			var loadErr *pipeline.LoadError
			if !errors.As(err, &loadErr) {
				t.Fatalf("Load: got %v, %v, want a *LoadError", p, err)
			}
			golden(t, filepath.Join(dir, "errors.txt"), err.Error()+"\n")
		})
	}
}

func TestLoadAll(t *testing.T) {
	doc := func(name string) string {
		return "apiVersion: velero-krm.io/v1alpha1\nkind: Pipeline\nmetadata: {name: " + name + "}\nspec: {}\n---\n"
	}
	cases := map[string]struct {
		reason, text string
		want         []string
		problems     int
	}{
		"two":       {reason: "each document is a pipeline", text: doc("a") + doc("b"), want: []string{"a", "b"}},
		"empty":     {reason: "a file without a pipeline is a mistake", text: "---\n---\n", problems: 1},
		"same name": {reason: "one name cannot choose between two", text: doc("a") + doc("a"), problems: 1},
		"all bad":   {reason: "problems of all documents are told at once", text: doc("A") + doc("B"), problems: 2},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := pipeline.LoadAll([]byte(tc.text), "all.yaml")
			var names []string
			for _, p := range got {
				names = append(names, p.Metadata.Name)
			}
			if diff := cmp.Diff(tc.want, names); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			var loadErr *pipeline.LoadError
			if errors.As(err, &loadErr) != (tc.problems > 0) || loadErr != nil && len(loadErr.Problems) != tc.problems {
				t.Errorf("%s: got error %v, want %d problems", tc.reason, err, tc.problems)
			}
		})
	}
}

func TestSplitCommand(t *testing.T) {
	cases := map[string]struct {
		reason, command string
		want            []string
		fails           bool
	}{
		"words":           {reason: "white space separates", command: "./fn  --a\t-b ", want: []string{"./fn", "--a", "-b"}},
		"single quotes":   {reason: "nothing is special in single quotes", command: `fn 'a "b" \ c'`, want: []string{"fn", `a "b" \ c`}},
		"double quotes":   {reason: "a backslash quotes in double quotes", command: `fn "a \"b\" c"`, want: []string{"fn", `a "b" c`}},
		"backslash":       {reason: "a backslash keeps a space", command: `my\ fn x`, want: []string{"my fn", "x"}},
		"empty word":      {reason: "quotes make an empty argument", command: `fn ''`, want: []string{"fn", ""}},
		"no shell":        {reason: "no shell reads it", command: `fn $HOME *.yaml | cat`, want: []string{"fn", "$HOME", "*.yaml", "|", "cat"}},
		"open quote":      {reason: "an open quote is a mistake", command: `fn "a`, fails: true},
		"ends with slash": {reason: "so is a backslash at the end", command: `fn \`, fails: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := pipeline.SplitCommand(tc.command)
			if (err != nil) != tc.fails {
				t.Fatalf("%s: got error %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// FuzzLoad checks that Load neither panics nor hangs, and that what it accepts
// is what it says: named, of the right kind, and accepted by Compile's checks.
func FuzzLoad(f *testing.F) {
	dirs, _ := filepath.Glob("testdata/*/pipeline.yaml")
	for _, file := range dirs {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("{\"spec\": {\"mutators\": [{\"config\": {\"a\": 1e999, \"b\": .nan, ? [x] : y}}]}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := pipeline.Load(data, "fuzz")
		var loadErr *pipeline.LoadError
		if err != nil {
			if !errors.As(err, &loadErr) || len(loadErr.Problems) == 0 || loadErr.Error() == "" {
				t.Fatalf("Load: got %v, want a *LoadError with problems", err)
			}
			return
		}
		if p.Metadata.Name == "" || p.Kind != pipeline.Kind || p.APIVersion != pipeline.APIVersion {
			t.Fatalf("Load accepted %+v", p)
		}
	})
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// golden compares got with the file, or writes the file under -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := strings.ReplaceAll(string(readFile(t, name)), "\r\n", "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: -want +got:\n%s", name, diff)
	}
}
