package catalog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/podspec"
	"github.com/velero-krm/velero-krm/fn/runcontext"
	"github.com/velero-krm/velero-krm/krm"
)

// kindName is one kind as fn.About has it.
var kindName = regexp.MustCompile(`^[A-Z][A-Za-z]+(\.[a-z0-9.-]+)?$`)

// TestEveryFunctionStatesWhatItIs checks what functions say about themselves
// for form; TestStatementsHold for truth.
func TestEveryFunctionStatesWhatItIs(t *testing.T) {
	for _, f := range catalog.Functions() {
		about := f.About()
		if len(about.Kinds) == 0 != about.Validates {
			t.Errorf("%s: fn.About needs Kinds, or Validates for a function that changes nothing (fn.Describe in fn.New)", f.Name())
		}
		for _, kind := range about.Kinds {
			if kind != fn.AnyKind && kind != fn.PodTemplates && !kindName.MatchString(kind) {
				t.Errorf("%s: %q is no kind: Kind.group, or Kind of the core group", f.Name(), kind)
			}
		}
		for _, phase := range about.Phases {
			if phase != fn.Backup && phase != fn.Restore {
				t.Errorf("%s: %q is no phase", f.Name(), phase)
			}
		}
	}
}

// TestStatementsHold runs every fixture of every function and compares what
// happens with what the function says of itself.
func TestStatementsHold(t *testing.T) {
	for _, f := range catalog.Functions() {
		t.Run(f.Name(), func(t *testing.T) {
			dirs, err := filepath.Glob(filepath.Join(f.Name(), "testdata", "*", "input.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			for _, input := range dirs {
				in := readFixture(t, filepath.Dir(input))
				out, err := f.Run(t.Context(), in)
				if err != nil {
					continue // that it should is the fixture's to say
				}
				checkStatements(t, f.About(), input, in.Items, out.Items)
				checkRequests(t, f.About(), input, out.Results)
			}
		})
	}
}

// TestContextIsNeeded takes the run's context away from functions that say
// they always need it.
func TestContextIsNeeded(t *testing.T) {
	for _, f := range catalog.Functions() {
		in := readFixture(t, filepath.Join(f.Name(), "testdata", "ordinary"))
		before := len(in.Items)
		in.Items = slices.DeleteFunc(in.Items, func(item *krm.Item) bool { return item.Identity().Kind == "RunContext" })
		_, err := f.Run(t.Context(), in)
		if needs := f.About().Needs.Context; needs == fn.Always && (err == nil || len(in.Items) == before) {
			t.Errorf("%s says that it always needs the context, and ran without: %v", f.Name(), err)
		} else if needs == "" && len(in.Items) < before {
			t.Errorf("%s says that it needs no context, and its fixture has one", f.Name())
		}
	}
}

// TestFactsAreStated gives functions the context as a pipeline does, with the
// facts alone that they state: one that reads another would find it in its
// fixtures and never in a run.
func TestFactsAreStated(t *testing.T) {
	told := 0
	for _, f := range catalog.Functions() {
		// What these are told to do may need any fact: their steps name them.
		if f.Name() == "cel" || f.Name() == "starlark" {
			continue
		}
		inputs, err := filepath.Glob(filepath.Join(f.Name(), "testdata", "*", "input.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, input := range inputs {
			in := readFixture(t, filepath.Dir(input))
			if !slices.ContainsFunc(in.Items, runcontext.Is) {
				continue
			}
			all := runFixture(t, f, in)
			for i, item := range in.Items {
				if in.Items[i], err = runcontext.Narrow(item, f.Facts()); err != nil {
					t.Fatal(err)
				}
				if len(f.Facts()) > 0 && runcontext.Is(item) {
					told++
				}
			}
			if diff := cmp.Diff(all, runFixture(t, f, in)); diff != "" {
				t.Errorf("%s: it reads facts that %s does not state with fn.NeedFacts (-all +stated):\n%s", input, f.Name(), diff)
			}
		}
	}
	if told == 0 {
		t.Error("no fixture tells a fact: they are not found any more")
	}
}

// runFixture returns what a function makes and says, as text, but for the
// context itself.
func runFixture(t *testing.T, f fn.Function, in *krm.ResourceList) []string {
	t.Helper()
	out, err := f.Run(t.Context(), in)
	if err != nil {
		return []string{err.Error()}
	}
	var lines []string
	for _, item := range out.Items {
		if !runcontext.Is(item) {
			lines = append(lines, string(item.Raw()))
		}
	}
	for _, r := range out.Results {
		lines = append(lines, fmt.Sprintf("%s %s", r.Severity, r.Message))
	}
	return lines
}

// checkStatements compares one run with what the function says.
func checkStatements(t *testing.T, about fn.About, where string, in, out []*krm.Item) {
	t.Helper()
	had, has := map[krm.Identity]*krm.Item{}, map[krm.Identity]bool{}
	for _, item := range in {
		had[item.Identity()] = item
	}
	gone, added := len(in), 0
	for _, item := range out {
		id := item.Identity()
		has[id] = true
		was := had[id]
		if was == nil {
			added++
			continue
		}
		gone--
		if was != item && !touches(about, id) {
			t.Errorf("%s: %s changed, and is not of the kinds that the function names", where, id)
		}
	}
	for _, item := range in {
		if id := item.Identity(); !has[id] && !touches(about, id) {
			t.Errorf("%s: %s is gone, and is not of the kinds that the function names", where, id)
		}
	}
	needs := about.Needs
	// An object with another identity counts as gone and as added.
	if gone > 0 && needs.Delete == "" && needs.Rename == "" {
		t.Errorf("%s: objects are gone, and the function says neither Delete nor Rename", where)
	}
	if added > 0 && needs.Create == "" && needs.Rename == "" {
		t.Errorf("%s: objects are new, and the function says neither Create nor Rename", where)
	}
}

// checkRequests compares the additional items that a function asks for with what
// it says.
func checkRequests(t *testing.T, about fn.About, where string, results []krm.Result) {
	t.Helper()
	for _, r := range results {
		item, asks, err := r.AdditionalItem()
		switch {
		case err != nil:
			t.Errorf("%s: %v", where, err)
		case !asks:
		case !slices.Contains(about.AdditionalItems, strings.TrimSuffix(item.Resource+"."+item.Group, ".")):
			t.Errorf("%s: the function asks for %s, and does not say so", where, item)
		case !touches(about, krm.Identity{APIVersion: r.ResourceRef.APIVersion, Kind: r.ResourceRef.Kind}):
			t.Errorf("%s: an additional item goes with a %s, which the function does not name", where, r.ResourceRef.Kind)
		}
	}
}

// touches reports whether the function says that it changes objects like id.
func touches(about fn.About, id krm.Identity) bool {
	name := id.Kind
	if id.Group() != "" {
		name += "." + id.Group()
	}
	_, pods := podspec.Paths(id.Group(), id.Kind)
	return slices.ContainsFunc(about.Kinds, func(kind string) bool {
		return kind == fn.AnyKind || kind == name || kind == fn.PodTemplates && pods
	})
}

// readFixture reads input.yaml and config.yaml of one case.
func readFixture(t *testing.T, dir string) *krm.ResourceList {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, "input.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	items, err := krm.ReadItems(file, file.Name())
	if err != nil {
		t.Fatal(err)
	}
	in := &krm.ResourceList{Items: items}
	if raw, err := os.ReadFile(filepath.Join(dir, "config.yaml")); err == nil {
		if in.FunctionConfig, err = krm.ParseConfig(raw); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

// TestNobodyIgnoresErrorsOfWhatHidesSecrets lists the functions that leave a
// value in clear, or out, when a step goes on without them.
func TestNobodyIgnoresErrorsOfWhatHidesSecrets(t *testing.T) {
	var got []string
	for _, f := range catalog.Functions() {
		if f.About().IfIgnored != "" {
			got = append(got, f.Name())
		}
	}
	if want := []string{"redact-secrets", "seal-secrets", "unseal-secrets"}; !slices.Equal(got, want) {
		t.Errorf("want %q, got %q", want, got)
	}
}
