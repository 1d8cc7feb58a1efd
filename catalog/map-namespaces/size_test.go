package mapnamespaces

import (
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
)

// many is a custom resource with a list of equal texts.
func many(tb testing.TB, text string, count int) *krm.Item {
	tb.Helper()
	list := strings.TrimSuffix(strings.Repeat(`"`+text+`",`, count), ",")
	i, err := krm.NewItem([]byte(`{"apiVersion":"example.com/v1","kind":"Foo","metadata":{"name":"v","namespace":"a"},"spec":{"l":[` + list + `]}}`))
	if err != nil {
		tb.Fatal(err)
	}
	return i
}

// mapShop runs the function over one object.
func mapShop(tb testing.TB, object *krm.Item) *krm.ResourceList {
	tb.Helper()
	config, err := krm.ParseConfig([]byte(`{"apiVersion":"velero-krm.io/v1alpha1","kind":"MapNamespaces","spec":{"mappings":{"shop":"store","web":"site"}}}`))
	if err != nil {
		tb.Fatal(err)
	}
	out, err := Function().Run(tb.Context(), &krm.ResourceList{Items: []*krm.Item{object}, FunctionConfig: config})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// TestManyEdits wants each of a list's texts edited, at a cost that does not grow
// with the list: that an edit by an element's number looks at no other element
// is for the tests of package fn.
func TestManyEdits(t *testing.T) {
	const count = 1000
	out := mapShop(t, many(t, "db.shop.svc", count))
	if got := strings.Count(string(out.Items[0].Raw()), `"db.store.svc"`); got != count {
		t.Errorf("edited %d of %d", got, count)
	}
	allocs := func(count int) float64 {
		object := many(t, "db.shop.svc", count)
		return testing.AllocsPerRun(3, func() { mapShop(t, object) })
	}
	if small, large := allocs(count), allocs(8*count); large > 10*small {
		t.Errorf("%d edits take %.0f allocations, eight times as many %.0f", count, small, large)
	}
}

// TestManyReports wants one result of an object and namespace.
func TestManyReports(t *testing.T) {
	tests := map[string]struct {
		object *krm.Item
		want   []string
	}{
		"a list": {many(t, "shop", 20000), []string{
			"spec.l[0] may refer to namespace shop, which moves; not changed (nor in spec.l[1], spec.l[2], spec.l[3], spec.l[4], spec.l[5] and 19994 more)",
		}},
		"the first by its place, whatever the order of the text": {
			item(t, `{"apiVersion":"example.com/v1","kind":"Foo","metadata":{"name":"v"},"spec":{"z":"shop","l":["x","x","shop","x","x","x","x","x","x","x","shop","web"],"m":{"a":"web"}}}`),
			[]string{
				"spec.l[2] may refer to namespace shop, which moves; not changed (nor in spec.l[10], spec.z)",
				"spec.l[11] may refer to namespace web, which moves; not changed (nor in spec.m.a)",
			},
		},
	}
	for name, tc := range tests {
		out := mapShop(t, tc.object)
		var got []string
		for _, r := range out.Results {
			got = append(got, r.Field.Path+" "+r.Message)
		}
		if strings.Join(got, "\n") != strings.Join(tc.want, "\n") {
			t.Errorf("%s: want %q, got %q", name, tc.want, got)
		}
	}
}

// BenchmarkManyEdits has texts of one list that all change.
func BenchmarkManyEdits(b *testing.B) {
	for name, count := range map[string]int{"1000": 1000, "40000": 40000} {
		object := many(b, "db.shop.svc", count)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				mapShop(b, object)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/edit")
		})
	}
}
