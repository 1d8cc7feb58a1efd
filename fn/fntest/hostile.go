package fntest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
)

// hostileValues take the place of every field in turn.
func hostileValues() []any {
	return []any{
		nil, "text", int64(-1), true, json.Number("1e400"),
		[]any{},
		[]any{nil, "text", map[string]any{}},
		map[string]any{},
		map[string]any{"": []any{}},
	}
}

// checkHostile replaces each field of each object of the case, one at a time,
// by values of every type. The function may fail on such an object, but must
// not panic, nor change on a second run what a first one made.
func (s Suite) checkHostile(t *testing.T, c *testCase) {
	t.Helper()
	local, objects := splitLocal(c.items)
	for _, item := range objects {
		object := item.Object()
		for _, f := range places(object, "") {
			for _, v := range hostileValues() {
				old := f.set(v)
				// What is no KRM object any more cannot reach a function.
				if broken, err := krm.FromObject(object); err == nil {
					s.tryHostile(t, &krm.ResourceList{FunctionConfig: c.config, Items: with(local, broken)}, f.path)
				}
				f.set(old)
			}
		}
	}
}

func (s Suite) tryHostile(t *testing.T, in *krm.ResourceList, path string) {
	t.Helper()
	item := in.Items[len(in.Items)-1]
	defer func() {
		if v := recover(); v != nil {
			t.Errorf("%s with a strange %s: panic: %v", item.Identity(), path, v)
		}
	}()
	first := s.inProcess(t, in)
	if first.failed() {
		return
	}
	again := s.inProcess(t, &krm.ResourceList{FunctionConfig: in.FunctionConfig, Items: first.items})
	if again.failed() {
		t.Errorf("%s with a strange %s: second run fails: %v", item.Identity(), path, again.errors())
		return
	}
	compareItems(t, "second run with a strange "+path, first.items, again.items)
}

// place is one field or element of an object.
type place struct {
	path string
	// set puts a value there and returns the one before.
	set func(v any) any
}

func places(v any, path string) []place {
	var list []place
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			at := path + "." + k
			list = append(list, place{at, func(next any) any { old := v[k]; v[k] = next; return old }})
			list = append(list, places(v[k], at)...)
		}
	case []any:
		for i := range v {
			at := fmt.Sprintf("%s[%d]", path, i)
			list = append(list, place{at, func(next any) any { old := v[i]; v[i] = next; return old }})
			list = append(list, places(v[i], at)...)
		}
	}
	return list
}
