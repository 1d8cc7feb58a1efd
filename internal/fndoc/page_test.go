package fndoc_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/internal/fndoc"
	"github.com/velero-krm/velero-krm/pipeline"
)

// TestSteps compiles the step of every page as a person would paste it.
func TestSteps(t *testing.T) {
	env := pipeline.Env{
		Builtins:     func(name string) (pipeline.Builtin, bool) { f, ok := catalog.Lookup(name); return f, ok },
		BuiltinNames: catalog.Names(),
	}
	for _, p := range pages(t) {
		text := "apiVersion: velero-krm.io/v1alpha1\nkind: Pipeline\nmetadata: {name: page}\nspec:\n"
		for line := range strings.Lines(p.Step) {
			text += "  " + line
		}
		loaded, err := pipeline.Load([]byte(text), p.Name)
		if err == nil {
			_, err = pipeline.Compile(loaded, env)
		}
		if err != nil {
			t.Errorf("step of %s: %v\n%s", p.Name, err, p.Step)
		}
	}
}

func TestSummarize(t *testing.T) {
	f := fn.New("move-all", "Moves a|b.", func(context.Context, fn.NoConfig, *fn.List) error { return nil }, fn.Describe(fn.About{
		Kinds: []string{"A.x", "B.x", "C.x"},
		Needs: fn.Needs{Delete: fn.Always, Context: "without names", List: fn.Always},
	}))
	p := fndoc.Summarize(f)
	for what, got := range map[string][2]string{
		"kinds":  {"A.x and 2 more", p.ShortKinds()},
		"grants": {"Delete,[context],List", p.ShortGrants()},
	} {
		if got[0] != got[1] {
			t.Errorf("%s = %q, want %q", what, got[1], got[0])
		}
	}
	for _, words := range [][]string{nil, {"MOVE"}, {"a|b", "b.x"}} {
		if !p.Has(words) {
			t.Errorf("Has(%q) = false", words)
		}
	}
	if p.Has([]string{"move", "route"}) {
		t.Error("Has is true of a word that is not there")
	}
	if _, err := fndoc.Describe(f); !errors.Is(err, catalog.ErrNoExample) {
		t.Errorf("Describe of a function that is not in the catalogue: %v", err)
	}
}

// TestText looks at one page that has everything: a warning, what is granted,
// nested fields and objects that go.
func TestText(t *testing.T) {
	f, _ := catalog.Lookup("drop")
	p, err := fndoc.Describe(f)
	if err != nil {
		t.Fatal(err)
	}
	p.Irreversible = "Gone."
	p.Example = nil
	var b bytes.Buffer
	if err := p.WriteText(&b, true); err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(b.String(), "  except")
	want := "\x1b[1mdrop\x1b[0m: " + p.Summary + `

Kinds:  any kind
Phases: Backup, Restore
Grants: allow: [Delete]
` + "\x1b[31mIrreversible:\x1b[0m Gone.\n\n\x1b[1mConfig, kind Drop of velero-krm.io/v1alpha1 or a ConfigMap:\x1b[0m\n" +
		"  \x1b[1mselectors\x1b[0m (list of object, required)\n      what to drop: objects that one of them matches\n      \x1b[1mgroup\x1b[0m (string)\n"
	if !strings.HasPrefix(head, want) {
		t.Errorf("page (-want +got):\n%s", cmp.Diff(want, head))
	}
	if err := p.WriteText(brokenWriter{}, false); err == nil {
		t.Error("a page that cannot be written is no error")
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space") }
