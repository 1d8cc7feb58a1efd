package krmfn_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// TestMain makes the test binary double as the functions that the tests run:
// under a name that testFunctions has, it is that function. Real child
// processes, and nothing but the standard library in them.
func TestMain(m *testing.M) {
	if f, ok := testFunctions[filepath.Base(os.Args[0])]; ok {
		os.Exit(f())
	}
	os.Exit(m.Run())
}

// list is a ResourceList as a function sees it.
type list struct {
	APIVersion     string   `json:"apiVersion"`
	Kind           string   `json:"kind"`
	FunctionConfig object   `json:"functionConfig,omitempty"`
	Items          []object `json:"items"`
	Results        []object `json:"results,omitempty"`
}

type object = map[string]any

// testFunctions are functions by the name of their executable.
var testFunctions = map[string]func() int{
	"fn-identity": edit(func(*list) {}),
	"fn-label": edit(func(l *list) {
		for _, o := range l.Items {
			setIn(o, "labels", l.FunctionConfig["data"].(object))
		}
	}),
	"fn-spec-label": edit(func(l *list) {
		for _, o := range l.Items {
			setIn(o, "labels", l.FunctionConfig["spec"].(object)["labels"].(object))
		}
	}),
	"fn-trace": edit(func(l *list) { // appends data.letter to annotation trace
		for _, o := range l.Items {
			notes := child(child(o, "metadata"), "annotations")
			trace, _ := notes["trace"].(string)
			notes["trace"] = trace + l.FunctionConfig["data"].(object)["letter"].(string)
		}
	}),
	"fn-environment": edit(func(l *list) {
		dir, _ := os.Getwd()
		setIn(l.Items[0], "annotations", object{"env": strings.Join(os.Environ(), "\n"), "dir": dir})
	}),
	"fn-reverse":     edit(func(l *list) { slices.Reverse(l.Items) }),
	"fn-rename":      edit(func(l *list) { child(l.Items[0], "metadata")["name"] = "renamed" }),
	"fn-drop-first":  edit(func(l *list) { l.Items = l.Items[1:] }),
	"fn-drop-all":    edit(func(l *list) { l.Items = []object{} }),
	"fn-add":         edit(func(l *list) { l.Items = append(l.Items, configMapNamed("added")) }),
	"fn-report-two":  edit(func(l *list) { l.Results = report("info", "first", "second") }),
	"fn-print-yaml":  printYAML,
	"fn-report-none": withEmptyResults,
	"fn-report-fail": func() int {
		edit(func(l *list) { l.Results = report("error", "cannot convert this one") })()
		return 3
	},
	"fn-stderr-fail": func() int {
		fmt.Fprintln(os.Stderr, "storage class fast is not known")
		return 4
	},
	"fn-silent": func() int { return 0 },
	"fn-hang":   func() int { time.Sleep(time.Hour); return 0 },
	"fn-flood":  flood,
	"fn-touch": func() int {
		if err := os.WriteFile("touched", nil, 0o600); err != nil {
			return 1
		}
		return edit(func(*list) {})()
	},
}

// edit returns a function that decodes stdin, calls f and encodes to stdout.
func edit(f func(*list)) func() int {
	return func() int {
		var l list
		dec := json.NewDecoder(os.Stdin)
		dec.UseNumber()
		if err := dec.Decode(&l); err != nil {
			fmt.Fprintln(os.Stderr, "decode input:", err)
			return 1
		}
		f(&l)
		if err := json.NewEncoder(os.Stdout).Encode(l); err != nil {
			return 1
		}
		return 0
	}
}

// withEmptyResults is the identity with "results: []", which many SDKs print.
func withEmptyResults() int {
	var l object
	if err := json.NewDecoder(os.Stdin).Decode(&l); err != nil {
		return 1
	}
	l["results"] = []any{}
	if err := json.NewEncoder(os.Stdout).Encode(l); err != nil {
		return 1
	}
	return 0
}

// printYAML is the identity that prints YAML, as kyaml functions do: texts of
// several lines as block scalars.
func printYAML() int {
	var l object
	if err := json.NewDecoder(os.Stdin).Decode(&l); err != nil {
		return 1
	}
	if err := yaml.NewEncoder(os.Stdout).Encode(l); err != nil {
		return 1
	}
	return 0
}

// flood prints without end; the write fails when somebody stops it.
func flood() int {
	block := bytes.Repeat([]byte(" "), 1<<20)
	for {
		if _, err := os.Stdout.Write(block); err != nil {
			return 1
		}
	}
}

func report(severity string, messages ...string) []object {
	var out []object
	for _, m := range messages {
		out = append(out, object{"severity": severity, "message": m})
	}
	return out
}

func child(o object, key string) object {
	c, ok := o[key].(object)
	if !ok {
		c = object{}
		o[key] = c
	}
	return c
}

func setIn(o object, field string, values object) {
	into := child(child(o, "metadata"), field)
	for k, v := range values {
		into[k] = v
	}
}

func configMapNamed(name string) object {
	return object{"apiVersion": "v1", "kind": "ConfigMap", "metadata": object{"name": name}}
}

// executables is one directory with all functions, as links to the test binary.
func executables(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name := range testFunctions {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// executable is the path of one function.
func executable(t *testing.T, name string) string {
	t.Helper()
	if testFunctions[name] == nil {
		t.Fatalf("no test function %q", name)
	}
	return filepath.Join(executables(t), name)
}
