package runner_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// TestHostileIdentities: functions that do to ids and names what none should.
func TestHostileIdentities(t *testing.T) {
	id := func(it *krm.Item) string { v, _ := it.Annotation(runner.IDAnnotation); return v }
	noID := func(it *krm.Item) *krm.Item {
		return it.WithoutAnnotations(func(key string) bool { return key == runner.IDAnnotation })
	}
	all := runner.Permissions{Create: true, Delete: true, Rename: true}
	cases := map[string]struct {
		reason string
		do     func(items []*krm.Item) []*krm.Item
		allow  runner.Permissions
		names  []string // of the input, default o0 and o1
		want   error    // of every item; nil: none fails
		added  int
	}{
		"swapped": {
			reason: "two objects that change places in their ids are two renames",
			do: func(in []*krm.Item) []*krm.Item {
				return []*krm.Item{in[0].WithAnnotation(runner.IDAnnotation, id(in[1])), in[1].WithAnnotation(runner.IDAnnotation, id(in[0]))}
			},
			want: runner.ErrRenamed,
		},
		"id of text": {
			reason: "an id that is no number is nobody's, and the object not dropped",
			do: func(in []*krm.Item) []*krm.Item {
				return []*krm.Item{in[0].WithAnnotation(runner.IDAnnotation, "zero")}
			},
			allow: all, want: runner.ErrUnknownID,
		},
		"id of none": {
			reason: "the objects that it may be are not told to be removed",
			do: func(in []*krm.Item) []*krm.Item {
				return []*krm.Item{in[0].WithAnnotation(runner.IDAnnotation, "77")}
			},
			want: runner.ErrUnknownID,
		},
		"two for one": {
			reason: "of two objects without id, each could be the one that is missing",
			do: func(in []*krm.Item) []*krm.Item {
				return append([]*krm.Item{noID(in[0]), noID(in[0])}, in[1:]...)
			},
			allow: all, want: runner.ErrAmbiguous,
		},
		"id as a number": {
			reason: "YAML without quotes makes a number of it; the name tells who it is",
			do: func(in []*krm.Item) []*krm.Item {
				obj := in[0].Object()
				m, _ := obj["metadata"].(map[string]any)
				m["annotations"] = map[string]any{runner.IDAnnotation: int64(1)}
				it, err := krm.FromObject(obj)
				if err != nil {
					panic(err)
				}
				return append([]*krm.Item{it}, in[1:]...)
			},
		},
		"twins beside a renamed object": {
			reason: "the same object twice in the input is no fault of the function",
			names:  []string{"twin", "twin", "other"},
			do: func(in []*krm.Item) []*krm.Item {
				out := append([]*krm.Item(nil), in...)
				for i, it := range in {
					if it.Identity().Name == "other" {
						out[i] = newItem(t, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"new","namespace":"ns"}}`).
							WithAnnotation(runner.IDAnnotation, id(it))
					}
				}
				return out
			},
			allow: all,
		},
		"another version of what is there": {
			reason: "the API server keeps both at one place",
			do: func(in []*krm.Item) []*krm.Item {
				return append(append([]*krm.Item(nil), in...), newItem(t, `{"apiVersion":"apps/v1beta1","kind":"Deployment","metadata":{"name":"o0","namespace":"ns"}}`),
					newItem(t, `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"o0","namespace":"ns"}}`))
			},
			allow: all, want: runner.ErrDuplicate,
		},
		"names made later": {
			reason: "objects with a generateName alone are different ones",
			do: func(in []*krm.Item) []*krm.Item {
				it := newItem(t, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"g-","namespace":"ns"}}`)
				return append(append([]*krm.Item(nil), in...), it, it)
			},
			allow: all, added: 2,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.names == nil {
				tc.names = []string{"o0", "o1"}
			}
			var items []*krm.Item
			for _, name := range tc.names {
				items = append(items, object(t, name))
			}
			f := runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
				return &krm.ResourceList{Items: tc.do(in.Items)}, nil
			})
			out := transform(t, f, items, runner.TransformOptions{Allow: tc.allow, WholeList: true})
			if tc.want == nil && len(failed(out)) != 0 || tc.want != nil && !errors.Is(out.Items[0].Err, tc.want) {
				t.Errorf("%s: failed %v: %v; want %v", tc.reason, failed(out), out.Items[0].Err, tc.want)
			}
			if len(out.Added) != tc.added {
				t.Errorf("%s: %d added, want %d", tc.reason, len(out.Added), tc.added)
			}
		})
	}
}

// TestWithBatchTakesTheConfigOfTheCall over that of its options.
func TestWithBatchTakesTheConfigOfTheCall(t *testing.T) {
	own, other := object(t, "own"), object(t, "other")
	var got *krm.Item
	f := runner.WithBatch(runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		got = in.FunctionConfig
		return in, nil
	}), runner.TransformOptions{Config: own})
	for want, config := range map[*krm.Item]*krm.Item{own: nil, other: other} {
		if _, err := f.Run(t.Context(), &krm.ResourceList{Items: objects(t, 1), FunctionConfig: config}); err != nil || got != want {
			t.Errorf("config %v, error %v; want %v", got, err, want)
		}
	}
}

// TestNoCopyOfTheWholeList: what is alive during a call is that call's batch.
func TestNoCopyOfTheWholeList(t *testing.T) {
	const size, n = 100 << 10, 300
	items := make([]*krm.Item, n)
	for i := range items {
		items[i] = newItem(t, fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"o%d"},"data":{"k":%q}}`, i, strings.Repeat("x", size)))
	}
	live := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most := live(), uint64(0)
	f := runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		most = max(most, live())
		return in, nil
	})
	transform(t, f, items, runner.TransformOptions{MaxBatchItems: 50, MaxConcurrency: 1})
	if most > before+size*n/2 {
		t.Errorf("%d bytes more in use during a call than before, for a list of %d", most-before, size*n)
	}
}

// TestFunctionThatReordersItsInput in place does not confuse who is who.
func TestFunctionThatReordersItsInput(t *testing.T) {
	f := runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		out := &krm.ResourceList{Items: slices.Clone(in.Items)}
		slices.Reverse(in.Items)
		return out, nil
	})
	for i, o := range transform(t, f, objects(t, 5), runner.TransformOptions{}).Items {
		if o.Status != runner.Unchanged {
			t.Errorf("items[%d] is %s: %v", i, o.Status, o.Err)
		}
	}
}
