package modifiers_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	resourcemodifiers "github.com/velero-krm/velero-krm/catalog/resource-modifiers"
	"github.com/velero-krm/velero-krm/krm"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// rounds is how many pairs of object and patch are compared in each test.
const rounds = 1000

// modify runs the function with one rule over one object; false when it fails.
func modify(t *testing.T, object map[string]any, rule map[string]any) (map[string]any, bool) {
	t.Helper()
	rule["conditions"] = map[string]any{"groupResource": "deployments.apps"}
	rules := encode(t, map[string]any{"version": "v1", "resourceModifierRules": []any{rule}})
	config, err := krm.FromObject(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "rules"}, "data": map[string]any{"rules": string(rules)},
	})
	if err != nil {
		t.Fatal(err)
	}
	item, err := krm.FromObject(object)
	if err != nil {
		t.Fatal(err)
	}
	out, err := resourcemodifiers.Function().Run(t.Context(), &krm.ResourceList{FunctionConfig: config, Items: []*krm.Item{item}})
	if err != nil {
		t.Fatalf("%s\n%v", rules, err)
	}
	for _, r := range out.Results {
		if r.Failed() {
			return nil, false
		}
	}
	return decode(t, out.Items[0].Raw()), true
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func decode(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func withoutNulls(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = withoutNulls(v[i])
		}
	case map[string]any:
		for k, child := range v {
			if child == nil {
				delete(v, k)
			} else {
				v[k] = withoutNulls(child)
			}
		}
	}
	return v
}

// source makes objects and patches that often meet each other.
type source struct{ *rand.Rand }

func (s source) one(words ...string) string { return words[s.IntN(len(words))] }

func (s source) chance(percent int) bool { return s.IntN(100) < percent }

func (s source) some(element func() any) []any {
	list := make([]any, s.IntN(4))
	for i := range list {
		list[i] = element()
	}
	return list
}

// named makes elements with a key, each of which is there once.
func (s source) named(key string, patch bool, fill func(map[string]any)) []any {
	list := []any{}
	names := []string{"a", "b", "c", "d"}
	s.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names[:s.IntN(4)] {
		e := map[string]any{key: name}
		if patch && s.chance(15) {
			e["$patch"] = "delete"
		} else {
			fill(e)
		}
		list = append(list, e)
	}
	if patch && s.chance(5) {
		list = append(list, map[string]any{"$patch": "replace"})
	}
	return list
}

func (s source) words() []any {
	list := []any{}
	for _, w := range []string{"x", "y", "z"} {
		if s.chance(50) {
			list = append(list, w)
		}
	}
	s.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

func (s source) container(patch bool) func(map[string]any) {
	return func(e map[string]any) {
		e["image"] = s.one("one", "two")
		if s.chance(50) {
			e["env"] = s.named("name", patch, func(e map[string]any) { e["value"] = s.one("1", "2") })
		}
		if s.chance(30) {
			e["args"] = s.words()
		}
		if patch && s.chance(20) {
			e["image"] = nil
		}
	}
}

func (s source) podSpec(patch bool) map[string]any {
	spec := map[string]any{"containers": s.named("name", patch, s.container(patch))}
	if s.chance(40) {
		spec["volumes"] = s.named("name", patch, func(e map[string]any) { e["emptyDir"] = map[string]any{} })
	}
	if s.chance(40) {
		spec["tolerations"] = s.some(func() any { return map[string]any{"key": s.one("k", "l")} })
	}
	if s.chance(40) {
		spec["nodeSelector"] = map[string]any{s.one("disk", "zone"): s.one("1", "2")}
		if patch && s.chance(30) {
			spec["nodeSelector"].(map[string]any)["$patch"] = s.one("replace", "delete")
		}
	}
	return spec
}

func (s source) deployment(patch bool) map[string]any {
	meta := map[string]any{}
	if s.chance(60) {
		meta["finalizers"] = s.words()
	}
	if s.chance(50) {
		meta["labels"] = map[string]any{s.one("a", "b"): s.one("1", "2")}
	}
	// A patch that both adds and deletes has no order, in the library neither.
	if _, sets := meta["finalizers"]; patch && !sets && s.chance(40) {
		meta["$deleteFromPrimitiveList/finalizers"] = s.words()
	}
	spec := map[string]any{"replicas": s.IntN(3), "template": map[string]any{"spec": s.podSpec(patch)}}
	if s.chance(50) {
		spec["strategy"] = map[string]any{"type": s.one("RollingUpdate", "Recreate")}
		if patch && s.chance(50) {
			spec["strategy"].(map[string]any)["$retainKeys"] = []any{"type"}
		} else if !patch {
			spec["strategy"].(map[string]any)["rollingUpdate"] = map[string]any{"maxSurge": 1}
		}
	}
	if patch {
		return map[string]any{"metadata": meta, "spec": spec}
	}
	meta["name"] = "web"
	return map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}
}

// TestStrategicPatches compares with the library of the API server. Where it
// is content the function must make the same; it may not fail alone.
func TestStrategicPatches(t *testing.T) {
	s := source{rand.New(rand.NewPCG(1, 2))}
	compared := 0
	for range rounds {
		object, patch := s.deployment(false), s.deployment(true)
		text := encode(t, patch)
		want, err := strategicpatch.StrategicMergeMapPatch(decode(t, encode(t, object)), decode(t, text), appsv1.Deployment{})
		got, ok := modify(t, object, map[string]any{"strategicPatches": []any{map[string]any{"patchData": string(text)}}})
		if ok != (err == nil) {
			t.Fatalf("object %s\npatch %s\nthe library says %v, the function was content: %v", encode(t, object), text, err, ok)
		}
		if !ok {
			continue
		}
		// In a new element of a list the library leaves directives and nulls as
		// they stand; the function does not, as neither does elsewhere.
		raw := encode(t, want)
		if strings.Contains(string(raw), "$") {
			continue
		}
		compared++
		if diff := cmp.Diff(withoutNulls(decode(t, raw)), any(got)); diff != "" {
			t.Fatalf("object %s\npatch %s\n(-library +function):\n%s", encode(t, object), text, diff)
		}
	}
	if compared < rounds/2 {
		t.Errorf("only %d of %d patches could be compared", compared, rounds)
	}
}

// TestMergePatches compares with the library that Velero uses.
func TestMergePatches(t *testing.T) {
	s := source{rand.New(rand.NewPCG(3, 4))}
	for range rounds {
		object, patch := s.deployment(false), s.deployment(true)
		text := encode(t, patch)
		merged, err := jsonpatch.MergePatch(encode(t, object), text)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := modify(t, object, map[string]any{"mergePatches": []any{map[string]any{"patchData": string(text)}}})
		if !ok {
			t.Fatalf("object %s\npatch %s\nthe function failed", encode(t, object), text)
		}
		if diff := cmp.Diff(decode(t, merged), got); diff != "" {
			t.Fatalf("object %s\npatch %s\n(-library +function):\n%s", encode(t, object), text, diff)
		}
	}
}

func (s source) pointer() string {
	return s.one("/spec/replicas", "/metadata/labels/a", "/metadata/finalizers/0", "/metadata/finalizers/-", "/metadata/finalizers/-1",
		"/spec/template/spec/containers/1", "/spec/template/spec/containers/0/image", "/spec/strategy", "/spec/template/spec/nodeSelector/disk", "/metadata/annotations/a~1b~0c")
}

// TestJSONPatches compares with the library that Velero uses. Where it fails
// the function may be content: README.md of the function says when.
func TestJSONPatches(t *testing.T) {
	s := source{rand.New(rand.NewPCG(5, 6))}
	compared := 0
	for range rounds {
		object := s.deployment(false)
		var theirs, ours []any
		for range 1 + s.IntN(3) {
			op := map[string]any{"op": s.one("add", "remove", "replace", "copy", "move", "test"), "path": s.pointer(), "from": s.pointer(), "value": s.one("a", "1", "x")}
			theirs = append(theirs, op)
			own := map[string]any{"operation": op["op"], "path": op["path"], "from": op["from"], "value": fmt.Sprintf("%q", op["value"])}
			ours = append(ours, own)
		}
		patch, err := jsonpatch.DecodePatch(encode(t, theirs))
		if err != nil {
			t.Fatal(err)
		}
		want, err := patch.Apply(encode(t, object))
		if err != nil {
			continue
		}
		compared++
		got, ok := modify(t, object, map[string]any{"patches": ours})
		if !ok {
			t.Fatalf("object %s\npatch %s\nthe function failed", encode(t, object), encode(t, theirs))
		}
		if diff := cmp.Diff(decode(t, want), got); diff != "" {
			t.Fatalf("object %s\npatch %s\n(-library +function):\n%s", encode(t, object), encode(t, theirs), diff)
		}
	}
	if compared < rounds/10 {
		t.Errorf("only %d of %d patches could be compared", compared, rounds)
	}
}
