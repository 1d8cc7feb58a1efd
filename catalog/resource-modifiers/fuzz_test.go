package resourcemodifiers

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// FuzzRules reads whatever rules and does them to whatever object: nothing
// panics, what is wrong with rules is told as a config error, and what comes
// out is an object.
func FuzzRules(f *testing.F) {
	const head = "version: v1\nresourceModifierRules:\n- conditions: {groupResource: '**'}\n"
	for _, rules := range []string{
		"  patches:\n  - {operation: add, path: /metadata/labels/a, value: x}\n  - {operation: test, path: /a/0, value: '[1]'}\n  - {operation: copy, from: /a, path: /a/-}\n",
		"  patches:\n  - {operation: move, from: /a/-1, path: /b~1c/-}\n  - {operation: remove, path: /a/0/b}\n  - {operation: replace, path: /spec, value: '{\"a\": 1.0}'}\n",
		"  mergePatches:\n  - patchData: |\n      spec: {a: [1, {b: null}], c: null}\n",
		"  strategicPatches:\n  - patchData: 'spec: {template: {spec: {containers: [{name: web, $patch: delete}, {name: b, env: [{name: x}]}], volumes: [{$patch: replace}]}}}'\n",
		"  strategicPatches:\n  - patchData: 'metadata: {finalizers: [b, a], $deleteFromPrimitiveList/finalizers: [a], $retainKeys: [name]}'\n",
		"  mergePatches: [{patchData: '{}'}]\nresources: {Deployment.apps: x}\n# [a-z]{b,c}\\*\n",
	} {
		f.Add(head+rules, []byte(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","finalizers":["a","c"]},"a":[1,{"b":2}],`+
			`"spec":{"template":{"spec":{"containers":[{"name":"web"},{"name":"b","env":[]}],"volumes":[{"name":1}]}}}}`))
	}
	f.Fuzz(func(t *testing.T, rules string, object []byte) {
		item, err := krm.NewItem(object)
		if err != nil {
			return
		}
		text, err := json.Marshal(rules)
		if err != nil {
			return
		}
		config, err := krm.ParseConfig([]byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"r"},"data":{"rules":` + string(text) + `}}`))
		if err != nil {
			return
		}
		raw := string(item.Raw())
		out, err := Function().Run(t.Context(), &krm.ResourceList{FunctionConfig: config, Items: []*krm.Item{item}})
		if ce := (*fn.ConfigError)(nil); err != nil && !errors.As(err, &ce) {
			t.Fatalf("got %v, want a ConfigError", err)
		}
		if string(item.Raw()) != raw {
			t.Fatal("the input changed")
		}
		if err == nil && len(out.Items) != 1 {
			t.Fatalf("one object became %d", len(out.Items))
		}
	})
}

// FuzzText checks the reading of values: no error shows one, and text without
// a backslash that looks like nothing else stays as it is.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "true", "True", "010", "1e999", `"1"`, `a"b`, `\n`, `C:\dir`, "{", `{"a":1}`, "null", "nan", "1_0", "a\nb"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := Text(s).value()
		if err != nil {
			return
		}
		if _, err := json.Marshal(v); err != nil {
			t.Fatalf("%q became what JSON cannot say: %v", s, err)
		}
	})
}

// FuzzGlob checks that a pattern that is read matches in linear time and that
// one without special characters matches itself alone.
func FuzzGlob(f *testing.F) {
	for _, seed := range []string{"deployments.apps", "*.*", "**", "[a-c]?", "{a,b*}.x", `\*`, "[!a]", "{", "[z-a]"} {
		f.Add(seed, "deployments.apps")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		re, err := compileGlob(pattern, '.')
		if err != nil {
			return
		}
		if got := re.MatchString(name); !isPattern(pattern) && got != (pattern == name) {
			t.Fatalf("%q matches %q: %v", pattern, name, got)
		}
	})
}
