package pipeline_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
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
