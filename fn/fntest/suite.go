package fntest

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Suite says what [Run] tests.
type Suite struct {
	// Function to test. Required.
	Function fn.Function
	// Dir has one folder for each case. Default testdata.
	Dir string
	// Ways are further ways to run the same function, by name. May be empty.
	Ways map[string]Way
	// WholeList is true for a function that must see the whole list at once:
	// it is not tried object by object.
	WholeList bool
	// Settle returns what of an object is the same in every run, for a function
	// that encrypts or makes names: objects that come out go through it before
	// they are compared with expected.yaml and among the ways, and when
	// expected.yaml is written. May be nil.
	Settle func(*krm.Item) (*krm.Item, error)
	// Update writes expected.yaml, results.txt and errors.txt instead of
	// comparing with them. What is written must be read before it is committed.
	Update bool
}

// Run runs every case of the suite as a subtest. A suite without cases fails.
func Run(t *testing.T, s Suite) {
	t.Helper()
	if s.Dir == "" {
		s.Dir = "testdata"
	}
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	cases := 0
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		cases++
		t.Run(e.Name(), func(t *testing.T) { s.runCase(t, filepath.Join(s.Dir, e.Name())) })
	}
	if cases == 0 {
		t.Fatalf("%s has no cases", s.Dir)
	}
}

func (s Suite) runCase(t *testing.T, dir string) {
	t.Helper()
	c := load(t, dir)
	got := s.inProcess(t, c.list())
	settled := got
	if !got.failed() {
		settled.items = s.settle(t, got.items)
	}
	if s.Update {
		c.update(t, settled)
		c = load(t, dir)
	}
	t.Run("expected", func(t *testing.T) { c.check(t, settled) })
	for name, way := range s.Ways {
		t.Run(name, func(t *testing.T) { s.checkWay(t, c, settled, way) })
	}
	if got.failed() {
		return
	}
	t.Run("idempotent", func(t *testing.T) {
		again := s.inProcess(t, &krm.ResourceList{FunctionConfig: c.config, Items: got.items})
		compareItems(t, "second run", got.items, again.items)
	})
	if !s.WholeList {
		t.Run("one-by-one", func(t *testing.T) { s.checkOneByOne(t, c, got) })
	}
	t.Run("hostile", func(t *testing.T) { s.checkHostile(t, c) })
}

// settle returns the items as they are compared.
func (s Suite) settle(t *testing.T, items []*krm.Item) []*krm.Item {
	t.Helper()
	if s.Settle == nil {
		return items
	}
	settled := make([]*krm.Item, len(items))
	for i, item := range items {
		var err error
		if settled[i], err = s.Settle(item); err != nil {
			t.Fatalf("settle %s: %v", item.Identity(), err)
		}
	}
	return settled
}

// outcome is what a run of a function gave.
type outcome struct {
	items   []*krm.Item
	results []krm.Result
	err     error
}

// errors are what went wrong, one to a line.
func (o outcome) errors() []string {
	var lines []string
	var re *fn.RunError
	if errors.As(o.err, &re) {
		o.results = re.Results
	}
	for _, r := range o.results {
		if r.Failed() {
			lines = append(lines, resultLine(r))
		}
	}
	var ce *fn.ConfigError
	if errors.As(o.err, &ce) {
		for _, p := range ce.Problems {
			lines = append(lines, p.String())
		}
	} else if o.err != nil {
		lines = append(lines, o.err.Error())
	}
	return lines
}

func (o outcome) failed() bool { return len(o.errors()) > 0 }

// inProcess runs the function here, and checks that the input stays as it was
// and that unchanged objects are the same items.
func (s Suite) inProcess(t *testing.T, in *krm.ResourceList) outcome {
	t.Helper()
	before := make([]string, len(in.Items))
	for i, item := range in.Items {
		before[i] = string(item.Raw())
	}
	items := append([]*krm.Item{}, in.Items...)
	out, err := s.Function.Run(t.Context(), in)
	for i := range items {
		if in.Items[i] != items[i] || string(items[i].Raw()) != before[i] {
			t.Errorf("the function changed its input, item %d (%s)", i, items[i].Identity())
		}
	}
	if err != nil {
		return outcome{err: err}
	}
	for _, item := range out.Items {
		for _, was := range items {
			if item != was && item.Identity() == was.Identity() && item.Equal(was) {
				t.Errorf("%s did not change but is not the item that went in", item.Identity())
			}
		}
	}
	return outcome{items: out.Items, results: out.Results}
}

func (s Suite) checkOneByOne(t *testing.T, c *testCase, want outcome) {
	t.Helper()
	local, objects := splitLocal(c.items)
	var items []*krm.Item
	for _, item := range objects {
		one := s.inProcess(t, &krm.ResourceList{FunctionConfig: c.config, Items: with(local, item)})
		if one.failed() {
			t.Fatalf("%s fails alone and not in the list: %s", item.Identity(), strings.Join(one.errors(), "; "))
		}
		_, out := splitLocal(one.items)
		items = append(items, out...)
	}
	_, wanted := splitLocal(want.items)
	compareItems(t, "object by object", s.settle(t, wanted), s.settle(t, items))
}

// splitLocal takes out the objects that orchestrators hand to a function beside
// those of the backup, and with each batch again, as the context of a run is.
func splitLocal(items []*krm.Item) (local, objects []*krm.Item) {
	for _, item := range items {
		if v, _ := item.Annotation("config.kubernetes.io/local-config"); v == "true" {
			local = append(local, item)
		} else {
			objects = append(objects, item)
		}
	}
	return local, objects
}

// with returns a list of its own.
func with(items []*krm.Item, item *krm.Item) []*krm.Item {
	return append(append([]*krm.Item{}, items...), item)
}

// check compares an outcome with the files of the case.
func (c *testCase) check(t *testing.T, got outcome) {
	t.Helper()
	lines := got.errors()
	if !c.wantFailure {
		if len(lines) > 0 {
			t.Fatalf("function failed: %s", strings.Join(lines, "\n"))
		}
		compareItems(t, "expected.yaml", c.expected, got.items)
		compareText(t, "results.txt", c.results, resultText(got.results))
		return
	}
	if len(lines) == 0 {
		t.Fatal("function did not fail, and errors.txt wants it to")
	}
	matched := map[string]bool{}
	for _, pattern := range c.errors {
		re, err := regexp.Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, line := range lines {
			if re.MatchString(line) {
				found, matched[line] = true, true
			}
		}
		if !found {
			t.Errorf("no error matches %q; errors:\n%s", pattern, strings.Join(lines, "\n"))
		}
	}
	for _, line := range lines {
		if !matched[line] {
			t.Errorf("errors.txt does not have: %s", line)
		}
	}
}
