package fn

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
)

func named(tb testing.TB, name string) *krm.Item {
	tb.Helper()
	return item(tb, fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q}}`, name))
}

func names(items []*krm.Item) []string {
	list := []string{}
	for _, it := range items {
		list = append(list, it.Identity().Name)
	}
	return list
}

func TestDropAndAdd(t *testing.T) {
	out, err := run(t, func(l *List) error {
		for o := range l.All() {
			switch o.Identity().Name {
			case "a", "c":
				l.Drop(o)
			case "b":
				l.Add(named(t, "new"))
				made := l.AddMap(map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "made", "namespace": "n"}})
				if got := made.Identity().String(); got != "Secret n/made" {
					t.Errorf("identity of a made object: %s", got)
				}
			case "new", "made":
				t.Error("an added object was iterated over")
			}
		}
		for o := range l.Of("", "ConfigMap") {
			if o.Identity().Name == "a" {
				t.Error("a dropped object was iterated over")
			}
		}
		return nil
	}, named(t, "a"), named(t, "b"), named(t, "c"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"b", "new", "made"}, names(out.Items)); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

func TestObjectsMayBeReorderedAndCut(t *testing.T) {
	out, err := run(t, func(l *List) error {
		l.Objects = []*Object{l.Objects[2], l.Objects[0]}
		return nil
	}, named(t, "a"), named(t, "b"), named(t, "c"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"c", "a"}, names(out.Items)); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

func TestAddMapThatIsNoObject(t *testing.T) {
	_, err := run(t, func(l *List) error { l.AddMap(map[string]any{"kind": "Secret"}); return nil })
	var nk *krm.NotKRMError
	if !errors.As(err, &nk) {
		t.Errorf("got %v, want a NotKRMError", err)
	}
}

func TestResults(t *testing.T) {
	f := New("test", "Tests.", func(_ context.Context, _ NoConfig, l *List) error {
		l.Report(krm.Result{Message: "about the list"})
		l.ReportOn(l.Objects[0], krm.Warning, "spec.x", "odd")
		l.Fail(l.Objects[0], l.Objects[0].Set("v", "kind", "x"))
		return nil
	})
	in := &krm.ResourceList{Items: []*krm.Item{named(t, "a")}, Results: []krm.Result{{Message: "earlier"}}}
	out, err := f.Run(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	ref := &krm.ResourceRef{APIVersion: "v1", Kind: "ConfigMap", Name: "a"}
	want := []krm.Result{
		{Message: "earlier"},
		{Message: "about the list"},
		{Message: "odd", Severity: krm.Warning, ResourceRef: ref, Field: &krm.Field{Path: "spec.x"}},
		{Message: "is a string where a map is needed", Severity: krm.Error, ResourceRef: ref, Field: &krm.Field{Path: "kind"}},
	}
	if diff := cmp.Diff(want, out.Results); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if len(in.Results) != 1 {
		t.Error("the input's results changed")
	}
}

func TestRunErrorKeepsResults(t *testing.T) {
	cause := errors.New("broken")
	_, err := run(t, func(l *List) error {
		l.Report(krm.Result{Message: "before"})
		return cause
	})
	var re *RunError
	if !errors.As(err, &re) || !errors.Is(err, cause) {
		t.Fatalf("got %v, want a RunError with the cause", err)
	}
	if re.Function != "test" || len(re.FunctionResults()) != 1 || err.Error() != "broken" {
		t.Errorf("got %v, results %v", err, re.Results)
	}
}

func TestEndOfContextEndsTheIteration(t *testing.T) {
	stop := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	seen := 0
	f := New("test", "Tests.", func(_ context.Context, _ NoConfig, l *List) error {
		for range l.All() {
			if seen++; seen == 2 {
				cancel(stop)
			}
		}
		return nil
	})
	in := &krm.ResourceList{Items: []*krm.Item{named(t, "a"), named(t, "b"), named(t, "c")}}
	if _, err := f.Run(ctx, in); !errors.Is(err, stop) || seen != 2 {
		t.Errorf("got %v after %d objects, want %v after 2", err, seen, stop)
	}
}

func TestRequestItems(t *testing.T) {
	secret := krm.AdditionalItem{Resource: "secrets", Namespace: "n", Name: "s"}
	out, err := run(t, func(l *List) error {
		for o := range l.All() {
			switch o.Identity().Name {
			case "a":
				l.RequestItems(o, secret, krm.AdditionalItem{Group: "example.org", Resource: "things", Name: "x"})
			case "b":
				l.RequestItems(o, krm.AdditionalItem{Resource: "Secret", Name: "kind"}, secret)
			case "c":
				l.RequestItems(o)
			}
		}
		return nil
	}, named(t, "a"), named(t, "b"), named(t, "c"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range out.Results {
		got = append(got, fmt.Sprintf("%s %s %s", r.Severity, r.ResourceRef.Name, r.Tags[krm.AdditionalItemTag]))
	}
	want := []string{"info a secrets/n/s", "info a things.example.org/x", "error b ", "info b secrets/n/s"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if r := out.Results[2]; !strings.Contains(r.Message, `"Secret/kind"`) {
		t.Errorf("the error says %q", r.Message)
	}
}
