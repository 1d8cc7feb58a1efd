package runnertest

import (
	"fmt"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/runnertest/behave"
)

// Behaviour is what a function for a test does.
type Behaviour = behave.Behaviour

// Item is one obligation.
type Item struct {
	// Number in the checklist, 1 to 49.
	Number int
	// Title in lower case words joined by "-".
	Title string
	// Elsewhere names the package whose tests hold the item, for what is no
	// matter of a single function or of calling one; what is asserted here is the part of it that
	// Transform does. Empty for the others.
	Elsewhere string

	test func(s *suite)
}

// Name of the subtest, such as "01-input-is-one-document".
func (i Item) Name() string { return fmt.Sprintf("%02d-%s", i.Number, i.Title) }

// Items returns the whole checklist in order.
func Items() []Item {
	var items []Item
	for _, group := range [][]Item{wireItems(), identityItems(), statusItems(), pipelineItems(), additionalItems()} {
		items = append(items, group...)
	}
	return items
}

// Run runs the suite. newFunction returns a function of the runtime under test
// that behaves as asked, or nil when the runtime cannot have that behaviour;
// what it starts it stops by t.Cleanup. Functions are to be made with the
// runtime's defaults.
func Run(t *testing.T, newFunction func(t *testing.T, behaviour Behaviour) runner.Function) {
	t.Helper()
	for _, item := range Items() {
		t.Run(item.Name(), func(t *testing.T) {
			if item.Elsewhere != "" {
				t.Logf("tested as a whole in package %s; here: what Transform does", item.Elsewhere)
			}
			item.test(&suite{newFunction: newFunction, t: t})
		})
	}
}

// suite is one subtest.
type suite struct {
	t           *testing.T
	newFunction func(t *testing.T, behaviour Behaviour) runner.Function
}

// function returns the function that behaves so, nil if the runtime has none.
func (s *suite) function(t *testing.T, behaviour string) runner.Function {
	t.Helper()
	b, ok := behave.ByName(behaviour)
	if !ok {
		t.Fatalf("no behaviour %q", behaviour)
	}
	return s.newFunction(t, b)
}

// must returns the function that behaves so; every runtime has it.
func (s *suite) must(t *testing.T, behaviour string) runner.Function {
	t.Helper()
	f := s.function(t, behaviour)
	if f == nil {
		t.Fatalf("the runtime has no function that behaves as %q, which any can have", behaviour)
	}
	return f
}

// wire returns the function that behaves so, or says why the runtime has none.
func (s *suite) wire(t *testing.T, behaviour string) (runner.Function, bool) {
	t.Helper()
	f := s.function(t, behaviour)
	if f == nil {
		t.Logf("decision: not applicable, the runtime hands over Go values and has no %q", behaviour)
	}
	return f, f != nil
}

// allow permits everything.
func allow() runner.Permissions {
	return runner.Permissions{Create: true, Delete: true, Rename: true}
}

func transform(t *testing.T, f runner.Function, items []*krm.Item, opts runner.TransformOptions) *runner.Outcome {
	t.Helper()
	if opts.Name == "" {
		opts.Name = "under-test"
	}
	out, err := runner.Transform(t.Context(), f, items, opts)
	if err != nil {
		t.Fatalf("Transform(...): %v", err)
	}
	CheckAccount(t, items, out)
	return out
}

// CheckAccount fails the test unless out accounts for each of items exactly
// once, in order, and keeps what Outcome promises about each status.
func CheckAccount(tb testing.TB, items []*krm.Item, out *runner.Outcome) {
	tb.Helper()
	if len(out.Items) != len(items) {
		tb.Fatalf("outcome has %d items, want %d", len(out.Items), len(items))
	}
	for i, o := range out.Items {
		if o.In != items[i] {
			tb.Errorf("items[%d].In is not the item that went in", i)
		}
		ok := false
		switch o.Status {
		case runner.Unchanged:
			ok = o.Out == o.In && o.Err == nil
		case runner.Changed:
			ok = o.Out != nil && o.Out != o.In && o.Err == nil
		case runner.Removed:
			ok = o.Out == nil && o.Err == nil
		case runner.Failed:
			ok = o.Out == o.In && o.Err != nil
		}
		if !ok {
			tb.Errorf("items[%d] does not fit its status %s: Out %p, In %p, Err %v", i, o.Status, o.Out, o.In, o.Err)
		}
	}
}

// item returns an object made of JSON as it stands.
func item(tb testing.TB, raw string) *krm.Item {
	tb.Helper()
	it, err := krm.NewItem([]byte(raw))
	if err != nil {
		tb.Fatalf("NewItem(%s): %v", raw, err)
	}
	return it
}

// configMap returns a ConfigMap in namespace ns; fields stand in its metadata.
func configMap(tb testing.TB, name, fields string) *krm.Item {
	tb.Helper()
	if fields != "" {
		fields = "," + fields
	}
	return item(tb, fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q,"namespace":"ns"%s},"data":{"k":"v"}}`, name, fields))
}

func configMaps(tb testing.TB, names ...string) []*krm.Item {
	tb.Helper()
	items := make([]*krm.Item, len(names))
	for i, name := range names {
		items[i] = configMap(tb, name, "")
	}
	return items
}

func wantStatus(t *testing.T, out *runner.Outcome, want ...runner.Status) {
	t.Helper()
	for i, w := range want {
		if got := out.Items[i].Status; got != w {
			t.Errorf("items[%d] %s: status %s, want %s; error: %v", i, out.Items[i].In.Identity(), got, w, out.Items[i].Err)
		}
	}
}
