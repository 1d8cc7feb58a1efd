package resourcemodifiers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
)

// TestPart: what rules look at is decoded alone, and put together again with the
// rest it is the object.
func TestPart(t *testing.T) {
	long := `"` + strings.Repeat("x", 500) + `"`
	const head = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},`
	tests := map[string]struct {
		reason, raw string
		all         bool
		// want are the fields that are decoded.
		want []string
	}{
		"others":  {reason: "most of the object stays", raw: head + `"data":{"a":` + long + `},"z":1}`, want: []string{"apiVersion", "kind", "metadata"}},
		"named":   {reason: "a rule looks at it", raw: head + `"spec":{"a":[1]},"data":{"a":` + long + `}}`, want: []string{"apiVersion", "kind", "metadata", "spec"}},
		"blanks":  {reason: "as files have them", raw: "\n {\"data\" : {\"a\" : " + long + " } ,\n" + head[1:len(head)-1] + " }\n", want: []string{"apiVersion", "kind", "metadata"}},
		"all":     {reason: "a rule looks at everything", raw: head + `"data":{"a":` + long + `}}`, all: true, want: []string{"apiVersion", "data", "kind", "metadata"}},
		"small":   {reason: "it is not worth it", raw: head + `"spec":{},"data":{"a":"b"}}`, want: []string{"apiVersion", "data", "kind", "metadata", "spec"}},
		"escapes": {reason: "the key may be spec", raw: head + `"\u0073pec":{"a":` + long + `}}`, want: []string{"apiVersion", "kind", "metadata", "spec"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			item, err := krm.NewItem([]byte(tc.raw))
			if err != nil {
				t.Fatal(err)
			}
			var names map[string]bool
			if !tc.all {
				names = map[string]bool{"apiVersion": true, "kind": true, "metadata": true, "spec": true}
			}
			p := partOf(item, names)
			fields := p.item.Object()
			if diff := cmp.Diff(tc.want, sortedKeys(fields)); diff != "" {
				t.Errorf("%s: decoded (-want +got):\n%s", tc.reason, diff)
			}
			// A field that was not there, and one before and behind those left out.
			fields["spec"], fields["kind"] = map[string]any{"n": int64(2)}, "Other"
			changed, err := krm.FromObject(fields)
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.with(changed)
			if err != nil {
				t.Fatal(err)
			}
			want := item.Object()
			want["spec"], want["kind"] = fields["spec"], "Other"
			if diff := cmp.Diff(want, got.Object()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// TestLooksAt: a field that a rule reads or writes and that was not decoded would
// be one that is not there.
func TestLooksAt(t *testing.T) {
	tests := map[string]struct {
		reason, rule string
		want         []string
	}{
		"patch":     {reason: "each end of it", rule: `patches: [{operation: copy, from: /spec/a, path: /data/b}, {operation: remove, path: /status}]`, want: []string{"data", "spec", "status"}},
		"matches":   {reason: "they are read", rule: `patches: [{operation: remove, path: /spec/a}]`, want: []string{"spec", "type"}},
		"selector":  {reason: "labels are read", rule: `patches: [{operation: remove, path: /spec/a}]`, want: []string{"metadata", "spec"}},
		"merge":     {reason: "its keys", rule: `mergePatches: [{patchData: "spec: {a: 1}\ndata: null"}]`, want: []string{"data", "spec"}},
		"strategic": {reason: "its keys", rule: `strategicPatches: [{patchData: "spec: {replicas: 1}"}]`, want: []string{"spec"}},
		"directive": {reason: "it may be about every field", rule: `strategicPatches: [{patchData: "{$patch: replace, spec: {replicas: 1}}"}]`},
	}
	conditions := map[string]string{
		"matches":  `, matches: [{path: /type, value: a}]`,
		"selector": `, labelSelector: {matchLabels: {a: b}}`,
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			text := "apiVersion: velero-krm.io/v1alpha1\nkind: ResourceModifiers\nspec:\n  version: v1\n  resourceModifierRules:\n" +
				"  - conditions: {groupResource: deployments.apps" + conditions[name] + "}\n    " + tc.rule + "\n"
			item, err := krm.ParseConfig([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			var c Config
			if err := c.ReadConfig(item); err != nil {
				t.Fatal(err)
			}
			if err := c.Validate(); err != nil {
				t.Fatal(err)
			}
			got := c.program.rules[0].looksAt(map[string]bool{})
			if diff := cmp.Diff(tc.want, sortedKeys(got)); diff != "" || (got == nil) != (tc.want == nil) {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}
