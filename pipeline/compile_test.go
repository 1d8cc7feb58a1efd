package pipeline_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
	"github.com/velero-krm/velero-krm/runner"
)

// TestCompileProblems has one of each problem that only Compile can find.
func TestCompileProblems(t *testing.T) {
	dir := filepath.Join("testdata", "compile-problems")
	p, err := pipeline.Load(readFile(t, filepath.Join(dir, "pipeline.yaml")), "pipeline.yaml")
	if err != nil {
		t.Fatal(err)
	}
	e := env()
	e.Dir = dir
	e.StockVelero = true
	e.KindKnown = func(apiVersion, kind string) (bool, string, error) {
		if kind == "Broken" {
			return false, "", errors.New("cluster is away")
		}
		return kind == "Deployment" && apiVersion == "apps/v1", "the cluster has Route of route.openshift.io/v1", nil
	}
	_, err = pipeline.Compile(p, e)
	var loadErr *pipeline.LoadError
	if !errors.As(err, &loadErr) {
		t.Fatalf("Compile: got %v, want a *LoadError", err)
	}
	abs, absErr := filepath.Abs(dir)
	if absErr != nil {
		t.Fatal(absErr)
	}
	golden(t, filepath.Join(dir, "errors.txt"), strings.ReplaceAll(err.Error(), abs, "$DIR")+"\n")
}

// TestCompileOfAProgrammersPipeline has the checks of Load without a file.
func TestCompileOfAProgrammersPipeline(t *testing.T) {
	p := &pipeline.Pipeline{
		APIVersion: pipeline.APIVersion, Kind: pipeline.Kind, Metadata: pipeline.Metadata{Name: "made"},
		Spec: pipeline.Spec{Mutators: []pipeline.Step{{Builtin: "identity", Timeout: "soon"}, {}}},
	}
	_, err := pipeline.Compile(p, env())
	var loadErr *pipeline.LoadError
	if !errors.As(err, &loadErr) || len(loadErr.Problems) != 2 || loadErr.Pipeline != "made" {
		t.Errorf("Compile: got %v, want two problems", err)
	}
	p.Spec.Mutators = []pipeline.Step{{Builtin: "identity"}, {Builtin: "identity"}, {Name: "identity-2", Builtin: "trail"}}
	prog, err := pipeline.Compile(p, env())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range execute(t, prog).Steps {
		names = append(names, s.Name)
	}
	if len(names) != 3 || names[0] != "identity" || names[1] != "identity-3" || names[2] != "identity-2" {
		t.Errorf("step names: got %q", names)
	}
}

func TestConfigs(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"one.yaml":  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {add: file}\n",
		"two.yaml":  "apiVersion: v1\nkind: A\n---\napiVersion: v1\nkind: B\n",
		"bare.yaml": "add: x\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	outside := filepath.Join(t.TempDir(), "outside.yaml")
	if err := os.WriteFile(outside, []byte("apiVersion: v1\nkind: A\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		reason string
		step   pipeline.Step
		want   string // trail of the item; empty when it must not compile
	}{
		"map":      {reason: "the data of a ConfigMap", step: pipeline.Step{ConfigMap: map[string]string{"add": "map"}}, want: "map"},
		"file":     {reason: "a file beside the pipeline", step: pipeline.Step{ConfigPath: "one.yaml"}, want: "file"},
		"object":   {reason: "an object in the pipeline", step: pipeline.Step{Config: map[string]any{"apiVersion": "v1", "kind": "X", "data": map[string]any{"add": "obj"}}}, want: "obj"},
		"two":      {reason: "one call has one config", step: pipeline.Step{ConfigPath: "two.yaml"}},
		"bare":     {reason: "a config is a KRM object", step: pipeline.Step{ConfigPath: "bare.yaml"}},
		"link out": {reason: "a link must not lead out of the folder", step: pipeline.Step{ConfigPath: "link.yaml"}},
		"missing":  {reason: "a file that is not there", step: pipeline.Step{ConfigPath: "none.yaml"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.step.Builtin = "trail"
			p := &pipeline.Pipeline{
				APIVersion: pipeline.APIVersion, Kind: pipeline.Kind, Metadata: pipeline.Metadata{Name: "made"},
				Spec: pipeline.Spec{Mutators: []pipeline.Step{tc.step}},
			}
			e := env()
			e.Dir = dir
			prog, err := pipeline.Compile(p, e)
			var loadErr *pipeline.LoadError
			if tc.want == "" {
				if !errors.As(err, &loadErr) {
					t.Errorf("%s: got %v, want a *LoadError", tc.reason, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			plan, err := prog.Execute(t.Context(), pipeline.Input{Items: []*krm.Item{item(t, "Route", "web", nil)}})
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := plan.Items[0].Out.Annotation("trail"); got != tc.want {
				t.Errorf("%s: got %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

// TestConfigValues has every type of value in an inline config; the function
// must be given what was written.
// TestCompileKeepsNothing changes the pipeline after it was compiled.
func TestCompileKeepsNothing(t *testing.T) {
	p := &pipeline.Pipeline{
		APIVersion: pipeline.APIVersion, Kind: pipeline.Kind, Metadata: pipeline.Metadata{Name: "p"},
		Spec: pipeline.Spec{Mutators: []pipeline.Step{{
			Builtin: "trail", ConfigMap: map[string]string{"add": "x"},
			Selectors: []pipeline.Selector{{Kind: "Route", Labels: map[string]string{"a": "b"}}},
			Exclude:   []pipeline.Selector{{Annotations: map[string]string{"a": "b"}}},
		}}},
	}
	prog, err := pipeline.Compile(p, env())
	if err != nil {
		t.Fatal(err)
	}
	s := &p.Spec.Mutators[0]
	s.Selectors[0].Kind, s.Selectors[0].Labels["a"], s.Exclude[0].Annotations["a"], s.ConfigMap["add"] = "Secret", "c", "c", "y"
	route := item(t, "Route", "web", map[string]any{"metadata": map[string]any{
		"name": "web", "namespace": "shop", "labels": map[string]any{"a": "b"}, "annotations": map[string]any{"a": "c"},
	}})
	wantOutline(t, execute(t, prog, route), "Changed Route.route.openshift.io shop/web x")
}

func TestConfigValues(t *testing.T) {
	var got string
	e := counting(env(), func(_ string, in *krm.ResourceList) { got = string(in.FunctionConfig.Raw()) })
	prog := program(t, `
  mutators:
  - builtin: identity
    config:
      apiVersion: v1
      kind: X
      big: 9007199254740993
      float: 1.50
      hex: 0x1F
      yes: yes
      true: true
      none: null
      date: 2001-12-14
      list: [a, 1, {b: ~}]
      text: |
        a: 1
        ---
        b: 2
`, e)
	execute(t, prog, item(t, "Route", "web", nil))
	want := `{"apiVersion":"v1","big":9007199254740993,"date":"2001-12-14","float":1.50,"hex":31,"kind":"X",` +
		`"list":["a",1,{"b":null}],"none":null,"text":"a: 1\n---\nb: 2\n","true":true,"yes":"yes"}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config: -want +got:\n%s", diff)
	}
}

// TestExecReport looks at what the report tells of an executable.
func TestExecReport(t *testing.T) {
	dir, workDir := t.TempDir(), t.TempDir()
	const script = "#!/bin/sh\npwd >&2\necho \"$1|$2\" >&2\nexec cat\n"
	if err := os.WriteFile(filepath.Join(dir, "fn"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(script)))
	e := env()
	e.Dir, e.WorkDir = dir, workDir
	now := time.Unix(0, 0)
	var mu sync.Mutex
	e.Clock = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}
	prog := program(t, "  mutators:\n  - {exec: './fn \"two words\" x', sha256: "+sum+"}\n", e)
	got := execute(t, prog, item(t, "Route", "web", nil)).Steps[0]
	if got.Elapsed <= 0 {
		t.Errorf("elapsed: got %v", got.Elapsed)
	}
	got.Elapsed = 0
	want := pipeline.StepReport{
		Name: "fn", Function: "exec " + filepath.Join(dir, "fn"), SHA256: sum,
		Selected: 1, Unchanged: 1, Calls: 1, Stderr: workDir + "\ntwo words|x\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report: -want +got:\n%s", diff)
	}
}

// TestCompileErrors finds the cause of each problem.
func TestCompileErrors(t *testing.T) {
	cases := map[string]struct {
		reason string
		step   pipeline.Step
		dir    string
		is     error
		says   string
	}{
		"missing":     {reason: "callers branch on it", step: pipeline.Step{Exec: "/none/such"}, is: runner.ErrNotFound, says: "/none/such"},
		"digest":      {reason: "callers branch on it", step: pipeline.Step{Exec: "/bin/sh", SHA256: strings.Repeat("0", 64)}, is: runner.ErrDigest, says: "sha256"},
		"no folder":   {reason: "a relative path needs one", step: pipeline.Step{Exec: "fn"}, says: "absolute path"},
		"no config":   {reason: "a relative path needs one", step: pipeline.Step{Builtin: "trail", ConfigPath: "a.yaml"}, says: "no folder"},
		"no quote":    {reason: "a command must be whole", step: pipeline.Step{Exec: "fn '"}, says: "not closed"},
		"blank":       {reason: "a command must name something", step: pipeline.Step{Exec: " "}, says: "no executable"},
		"no digits":   {reason: "a digest is hex", step: pipeline.Step{Exec: "/bin/sh", SHA256: "x"}, says: "64 hex digits"},
		"large file":  {reason: "a config is sent with every call", step: pipeline.Step{Builtin: "trail", ConfigPath: "zero"}, dir: largeFile(t), says: "larger than"},
		"unsupported": {reason: "the names are kept for later", step: pipeline.Step{Remote: "x:1"}, says: "not supported yet"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := &pipeline.Pipeline{
				APIVersion: pipeline.APIVersion, Kind: pipeline.Kind, Metadata: pipeline.Metadata{Name: "made"},
				Spec: pipeline.Spec{Validators: []pipeline.Step{tc.step}},
			}
			e := env()
			e.Dir = tc.dir
			_, err := pipeline.Compile(p, e)
			var loadErr *pipeline.LoadError
			if !errors.As(err, &loadErr) || len(loadErr.Problems) != 1 || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%s: got %v, want one problem that says %q", tc.reason, err, tc.says)
			}
			if tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("%s: got %v, want %v", tc.reason, err, tc.is)
			}
		})
	}
}

func largeFile(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "zero"), make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestOpen reports what is wrong with the document and with the functions it
// names at once: an operator mends a pipeline once, not twice.
func TestOpen(t *testing.T) {
	const text = `
apiVersion: velero-krm.io/v1alpha1
kind: Pipeline
metadata: {name: p}
spec:
  mutators:
  - builtin: nothing
    selector: []
  - exec: missing
`
	_, err := pipeline.Open([]byte(text), "p.yaml", pipeline.Env{Dir: t.TempDir()})
	var bad *pipeline.LoadError
	if !errors.As(err, &bad) {
		t.Fatalf("Open: want a *LoadError, got %v", err)
	}
	var got []string
	for _, p := range bad.Problems {
		got = append(got, p.Path)
	}
	want := []string{"spec.mutators[0].builtin", "spec.mutators[0].selector", "spec.mutators[1].exec"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Open: paths of the problems: -want +got:\n%s", diff)
	}
}
