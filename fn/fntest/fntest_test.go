package fntest_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/fntest"
	"github.com/velero-krm/velero-krm/krm"
)

const (
	// asFunction makes the test binary the function itself.
	asFunction = "as-function"
	// brokenEnv makes TestBroken run that broken function; it must fail.
	brokenEnv = "FNTEST_BROKEN"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == asFunction {
		os.Exit(fn.Main(context.Background(), function(setLabel), os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

type config struct {
	Value string `json:"value" required:"true"`
}

func function(each func(o *fn.Object, value string, l *fn.List) error) fn.Function {
	return fn.New("label", "Sets a label.", func(_ context.Context, c config, l *fn.List) error {
		for o := range l.All() {
			if err := each(o, c.Value, l); err != nil {
				l.Fail(o, err)
			}
		}
		return nil
	})
}

func setLabel(o *fn.Object, value string, _ *fn.List) error {
	return o.Set(value, "metadata", "labels", "v")
}

// TestRun runs a good function in all ways.
func TestRun(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	fntest.Run(t, fntest.Suite{
		Function: function(setLabel),
		Ways: map[string]fntest.Way{
			"executable": fntest.Command(self, asFunction),
			"main":       fntest.InProcess(function(setLabel)),
		},
	})
}

func TestUpdate(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"ordinary", "bad-config"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join("testdata", name))); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"expected.yaml", "errors.txt"} {
			if err := os.WriteFile(filepath.Join(dir, name, file), []byte("# wrong\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	fntest.Run(t, fntest.Suite{Function: function(setLabel), Dir: dir, Update: true})
	fntest.Run(t, fntest.Suite{Function: function(setLabel), Dir: dir})
	if _, err := os.Stat(filepath.Join(dir, "bad-config", "expected.yaml")); err == nil {
		t.Error("a case that fails kept its expected.yaml")
	}
}

// brokenFunctions each break one promise; say is what the suite must say.
func brokenFunctions() map[string]struct {
	say  string
	each func(o *fn.Object, value string, l *fn.List) error
} {
	return map[string]struct {
		say  string
		each func(o *fn.Object, value string, l *fn.List) error
	}{
		"wrong output": {"expected.yaml (-want +got)", func(o *fn.Object, value string, _ *fn.List) error {
			return o.Set(value+"!", "metadata", "labels", "v")
		}},
		"says too much": {"results.txt (-want +got)", func(o *fn.Object, value string, l *fn.List) error {
			l.Report(krm.Result{Message: "done"})
			return setLabel(o, value, l)
		}},
		"not idempotent": {"second run (-want +got)", func(o *fn.Object, value string, _ *fn.List) error {
			old, _ := o.GetString("metadata", "labels", "v")
			return o.Set(strings.TrimPrefix(old+value, old+old), "metadata", "labels", "v")
		}},
		"depends on the list": {"object by object (-want +got)", func(o *fn.Object, value string, l *fn.List) error {
			if len(l.Objects) == 1 {
				return nil
			}
			return setLabel(o, value, l)
		}},
		"panics": {"with a strange .metadata.labels: panic:", func(o *fn.Object, value string, l *fn.List) error {
			if v, ok := o.Get("metadata", "labels"); ok {
				_ = v.(map[string]any)
			}
			return setLabel(o, value, l)
		}},
		"re-encodes": {"did not change but is not the item that went in", func(o *fn.Object, value string, l *fn.List) error {
			if o.Is("", "ConfigMap") {
				return setLabel(o, value, l)
			}
			l.Drop(o)
			l.AddMap(o.Item().Object())
			return nil
		}},
		"fails": {"function failed", func(o *fn.Object, value string, _ *fn.List) error {
			return o.Set(value, "kind", "x")
		}},
	}
}

// TestBroken does nothing unless it is a child of TestBrokenFunctionsAreFound.
func TestBroken(t *testing.T) {
	b, ok := brokenFunctions()[os.Getenv(brokenEnv)]
	if !ok {
		return
	}
	fntest.Run(t, fntest.Suite{Function: function(b.each)})
}

// TestBrokenFunctionsAreFound wants a failure of every broken function.
func TestBrokenFunctionsAreFound(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range brokenFunctions() {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestBroken$")
			cmd.Env = append(os.Environ(), brokenEnv+"="+name)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), b.say) {
				t.Errorf("want a failure that says %q, got %v:\n%s", b.say, err, out)
			}
		})
	}
}
