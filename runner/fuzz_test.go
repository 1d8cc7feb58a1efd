package runner_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/runnertest"
)

// What a hostile function does to one object.
const (
	keep = iota
	touch
	drop
	double
	forgetID
	wrongID
	rename
	forgetAndRename
	copyOther
	operations
)

// hostile returns a function that does to each object what ops says, and
// puts the list into another order. With moody, it decides anew in each call.
func hostile(ops []byte, moody bool) runner.Function {
	calls := 0
	return runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		calls++
		out := &krm.ResourceList{}
		for _, it := range in.Items {
			var n int
			_, _ = fmt.Sscanf(it.Identity().Name, "o%d", &n)
			if moody {
				n += calls
			}
			out.Items = append(out.Items, operate(it, ops[n%len(ops)]%operations)...)
		}
		for i := range out.Items {
			j := (i*7 + int(ops[0])) % len(out.Items)
			out.Items[i], out.Items[j] = out.Items[j], out.Items[i]
		}
		return out, nil
	})
}

func operate(it *krm.Item, op byte) []*krm.Item {
	switch op {
	case touch:
		return []*krm.Item{it.WithAnnotation("example.com/touched", "yes")}
	case drop:
		return nil
	case double:
		return []*krm.Item{it, it.WithAnnotation("example.com/copy", "yes")}
	case forgetID:
		return []*krm.Item{withoutID(it)}
	case wrongID:
		return []*krm.Item{it.WithAnnotation(runner.IDAnnotation, "x17")}
	case rename:
		return []*krm.Item{renamed(it, "new-"+it.Identity().Name)}
	case forgetAndRename:
		return []*krm.Item{renamed(withoutID(it), "lost-"+it.Identity().Name)}
	case copyOther:
		return []*krm.Item{it, renamed(withoutID(it), "the-same-copy")}
	}
	return []*krm.Item{it}
}

func withoutID(it *krm.Item) *krm.Item {
	return it.WithoutAnnotations(func(key string) bool { return key == runner.IDAnnotation })
}

func renamed(it *krm.Item, name string) *krm.Item {
	old := fmt.Sprintf(`"name":%q`, it.Identity().Name)
	out, err := krm.NewItem(bytes.Replace(it.Raw(), []byte(old), []byte(fmt.Sprintf(`"name":%q`, name)), 1))
	if err != nil {
		panic(err)
	}
	return out
}

// expected is what must become of an object, whatever happens to the others:
// every status in the list is right.
func expected(op byte, p runner.Permissions) []runner.Status {
	permitted := func(ok bool, s runner.Status) []runner.Status {
		if ok {
			return []runner.Status{s, runner.Failed}
		}
		return []runner.Status{runner.Failed}
	}
	switch op {
	case keep, forgetID:
		return []runner.Status{runner.Unchanged}
	case touch:
		return []runner.Status{runner.Changed}
	case drop:
		return permitted(p.Delete, runner.Removed)
	case rename:
		return permitted(p.Rename, runner.Changed)
	case forgetAndRename:
		return permitted(p.Create && p.Delete, runner.Removed)
	case copyOther:
		return permitted(p.Create, runner.Unchanged)
	}
	return []runner.Status{runner.Failed}
}

// FuzzMatch runs functions that lose, double, rename and invent objects, and
// wants every object accounted for once, with the status that is due to it.
func FuzzMatch(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8}, uint8(9), uint8(3), uint8(0), false)
	f.Add([]byte{4, 7, 2}, uint8(12), uint8(5), uint8(7), false)
	f.Add([]byte{8, 8, 2, 6}, uint8(20), uint8(20), uint8(5), true)
	f.Add([]byte{2, 7}, uint8(6), uint8(6), uint8(2), false)
	f.Fuzz(func(t *testing.T, ops []byte, n, batch, allow uint8, moody bool) {
		if len(ops) == 0 {
			return
		}
		items := objects(t, 1+int(n)%24)
		p := runner.Permissions{Create: allow&1 != 0, Delete: allow&2 != 0, Rename: allow&4 != 0}
		out, err := runner.Transform(t.Context(), hostile(ops, moody), items, runner.TransformOptions{
			Allow: p, MaxBatchItems: 1 + int(batch)%24, MaxConcurrency: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		runnertest.CheckAccount(t, items, out)
		checkNothingStrange(t, out, p)
		for i, o := range out.Items {
			op := ops[i%len(ops)] % operations
			if ok := expected(op, p); !moody && !contains(ok, o.Status) {
				t.Errorf("operation %d on items[%d]: %s, want one of %v; error: %v", op, i, o.Status, ok, o.Err)
			}
		}
	})
}

func contains(all []runner.Status, s runner.Status) bool {
	for _, one := range all {
		if one == s {
			return true
		}
	}
	return false
}

// checkNothingStrange checks the list as a whole.
func checkNothingStrange(t *testing.T, out *runner.Outcome, p runner.Permissions) {
	t.Helper()
	seen := map[krm.Identity]bool{}
	final := append([]*krm.Item(nil), out.Added...)
	for _, o := range out.Items {
		if o.Out != nil {
			final = append(final, o.Out)
		}
		if o.Status == runner.Removed && !p.Delete {
			t.Errorf("%s was removed without permission", o.In.Identity())
		}
		if o.Out != nil && !p.Rename && o.Out.Identity() != o.In.Identity() {
			t.Errorf("%s was renamed without permission", o.In.Identity())
		}
	}
	if len(out.Added) > 0 && !p.Create {
		t.Error("objects were added without permission")
	}
	for _, it := range final {
		if seen[it.Identity()] {
			t.Errorf("%s is in the list twice", it.Identity())
		}
		seen[it.Identity()] = true
		if strings.Contains(string(it.Raw()), "internal.config.kubernetes.io") {
			t.Errorf("an internal annotation leaks: %s", it.Raw())
		}
	}
}
