package starlark

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.starlark.net/starlark"

	"github.com/velero-krm/velero-krm/internal/bench/objects"
	"github.com/velero-krm/velero-krm/krm"
)

// TestRewrite looks at bytes: what a script left alone must stand as it came.
func TestRewrite(t *testing.T) {
	const head, tail = `{"kind":"X", "apiVersion":"v1","metadata":{"name":"x"},"f":`, `}`
	const out = `{"kind":"X","apiVersion":"v1","metadata":{"name":"x"},"f":`
	tests := map[string]struct {
		reason, field, script, want string
	}{
		"nothing":         {"the item itself comes back", `[ 1.10, "\u0041", {"b":1, "a":2} ]`, `pass`, "same"},
		"same again":      {"what is written with the same value is no change", `[1, 1.0, "\u0041", [null]]`, `o["f"] = (1.0, 1, "A", [None])`, "same"},
		"other order":     {"the order of keys is no change", `{"a":1,"b":2}`, `o["f"]["a"] = o["f"].pop("a")`, "same"},
		"replaced":        {"numbers around it keep their digits, text its escapes", `{"n":1.10,"e":1E400,"t":"\u0041","c":1}`, `o["f"]["c"] = 2`, `{"n":1.10,"e":1E400,"t":"\u0041","c":2}`},
		"added":           {"a key comes last", `{"b":1}`, `o["f"]["a"] = {"z": [], "y": {}}`, `{"b":1,"a":{"z":[],"y":{}}}`},
		"added to none":   {"no comma comes first", `{}`, `o["f"]["a"] = 1`, `{"a":1}`},
		"removed first":   {"no comma is left", `{"a":1,"b":{"c":[1]},"d":2}`, `o["f"].pop("a")`, `{"b":{"c":[1]},"d":2}`},
		"removed all":     {"no comma is left", `{"a":1,"b":2}`, `o["f"].clear()`, `{}`},
		"removed, added":  {"as many keys as before", `{"a":1,"b":2}`, `o["f"] = {"b": 2, "c": 1}`, `{"b":2,"c":1}`},
		"escaped key":     {"a key is found by what it stands for", `{"\u0061":1.0,"b":2}`, `o["f"]["b"] = o["f"]["a"] + 2`, `{"\u0061":1.0,"b":3}`},
		"list longer":     {"elements come last", `[1.0]`, `o["f"].append(None)`, `[1.0,null]`},
		"list shorter":    {"the rest is gone", `[1.0,{"a":1},[]]`, `o["f"] = o["f"][:1]`, `[1.0]`},
		"list emptied":    {"no comma is left", `[1,2]`, `o["f"].clear()`, `[]`},
		"list shifted":    {"values are written where they are now", `[{"a":1},{"a":2,"b":3}]`, `o["f"].pop(0)`, `[{"a":2,"b":3}]`},
		"other types":     {"a container gives way to text, text to a container", `{"a":[1],"b":"t","c":{}}`, `o["f"] = {"a": "t", "b": ["t"], "c": []}`, `{"a":"t","b":["t"],"c":[]}`},
		"bool for number": {"True is not 1", `[1,0]`, `o["f"] = [True, False]`, `[true,false]`},
		"number for text": {"1 is not \"1\"", `["1"]`, `o["f"][0] = 1`, `[1]`},
		"backslash":       {"text is compared by what it stands for, not by how it is written", `["a\\nb"]`, `o["f"][0] = "a\nb"`, `["a\nb"]`},
		"whole float":     {"a division gives a float", `12`, `o["f"] /= 2`, `6`},
		"small float":     {"as JSON writes it", `1`, `o["f"] = 1e-7`, `1e-7`},
		"large float":     {"no exponent, which Go does not decode into an integer", `9007199254740993`, `o["f"] = o["f"] * 4 / 2`, `18014398509481984`},
		"zero":            {"-0 is 0", `1`, `o["f"] = o["f"] * -0.0`, `0`},
		"large integer":   {"beyond 64 bits", `18446744073709551616`, `o["f"] += 1`, `18446744073709551617`},
		"YAML's breaks":   {"new text is escaped for YAML readers", `1`, `o["f"] = "\u2028\x7f"`, `"\u2028\u007f"`},
		"moved dict":      {"the same dict twice is written twice", `{"a":{"x":1.0}}`, `o["f"]["b"] = o["f"]["a"]`, `{"a":{"x":1.0},"b":{"x":1}}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			item, err := krm.NewItem([]byte(head + tc.field + tail))
			if err != nil {
				t.Fatal(err)
			}
			r := newReader(1)
			d := r.object(item.Raw())
			if _, err := starlark.ExecFileOptions(options(), &starlark.Thread{}, name, tc.script, starlark.StringDict{"o": d}); err != nil {
				t.Fatal(err)
			}
			var w writer
			raw, changed, err := w.rewrite(item.Raw(), d)
			if err != nil {
				t.Fatal(err)
			}
			got := "same"
			if changed {
				got = strings.TrimSuffix(strings.TrimPrefix(string(raw), out), tail)
			}
			if got != tc.want {
				t.Errorf("%s:\nwant %s\n got %s", tc.reason, tc.want, got)
			}
			if _, err := krm.NewItem(raw); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRewriteIsBounded gives values that are small in a script and large, or
// endless, as text.
func TestRewriteIsBounded(t *testing.T) {
	for name, script := range map[string]string{
		"bytes": "t = 'x' * 1000000\no['f'] = [t] * 100\n",
		"parts": "l = [1] * 2000\no['f'] = [l] * 2000\n",
		"loop":  "o['f'] = o\n",
	} {
		t.Run(name, func(t *testing.T) {
			w, r := writer{}, newReader(1)
			raw := []byte(`{"f":{"f":{}}}`)
			d := r.object(raw)
			if _, err := starlark.ExecFileOptions(options(), &starlark.Thread{}, name, script, starlark.StringDict{"o": d}); err != nil {
				t.Fatal(err)
			}
			_, _, err := w.rewrite(raw, d)
			if err == nil || !strings.HasSuffix(err.Error(), "the value is too large, or holds itself") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestBadValues makes of an object what is none.
func TestBadValues(t *testing.T) {
	for script, want := range map[string]string{
		`o["f"] = {1: 2}`:                 `f: a key is no text, but a int`,
		`o["f"] = {"": 2, None: 1}`:       `f: a key is no text, but a NoneType`,
		`o["f"] = {"ä"[:1]: 1}`:           `f: a key is no UTF-8`,
		`o["f"]["a"] = {"b": [1, set()]}`: `f.a.b[1]: no field can hold a set`,
		`o["f"]["a"] = len`:               `f.a: no field can hold a builtin_function_or_method`,
		`o["f"][""] = float("nan")`:       `f[""]: JSON has no such number`,
		`o["f"][""] = "ä"[:1]`:            `f[""]: the text is no UTF-8`,
		`o["f"]["a"] = o`:                 `f.a.f.a.f.a.f.a.f.a.f.a.f.a.f.a: the value is too large, or holds itself`,
		`o.pop("kind")`:                   `is no Kubernetes object: not a KRM object: kind is missing or has the wrong type`,
		`o["metadata"].clear()`:           `is no Kubernetes object: not a KRM object: metadata.name is missing or has the wrong type`,
	} {
		config, err := krm.FromObject(map[string]any{
			"apiVersion": runAPIVersion, "kind": runKind, "metadata": map[string]any{"name": "x"},
			"source": "o = ctx.resource_list['items'][0]\n" + script,
		})
		if err != nil {
			t.Fatal(err)
		}
		item, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"X","metadata":{"name":"x"},"f":{"":1}}`))
		if err != nil {
			t.Fatal(err)
		}
		_, err = Function().Run(t.Context(), &krm.ResourceList{FunctionConfig: config, Items: []*krm.Item{item}})
		if want = "run script: what the script made of X x: " + want; err == nil || err.Error() != want {
			t.Errorf("%s:\nwant %s\n got %v", script, want, err)
		}
	}
}

// FuzzRewrite compares what is written over an object with what the library
// says that the script made of it.
func FuzzRewrite(f *testing.F) {
	f.Add(`{"a":[1,{"b":"\u0041"}],"c":{"d":1.50,"e":null}}`, `o["f"]["c"]["x"] = o["f"].pop("a")`)
	f.Add(`[{"a":1},{"a":2,"b":"x"}]`, `o["f"] = o["f"][1:] + [o["f"][0], (1, 2.5)]`)
	f.Add(`{"a":1,"b":2,"c":3}`, `b = o["f"].pop("b"); o["f"]["d"] = 4; o["f"]["b"] = b`)
	f.Add(`{"":1}`, `o["f"] = {"": 1.0, "a": {}}`)
	f.Fuzz(func(t *testing.T, field, script string) {
		item, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"X","metadata":{"name":"x"},"f":` + field + `}`))
		if err != nil {
			return
		}
		r, w := newReader(1), writer{}
		d := r.object(item.Raw())
		thread := &starlark.Thread{}
		thread.SetMaxExecutionSteps(10_000)
		if _, err := starlark.ExecFileOptions(options(), thread, "fuzz", script, starlark.StringDict{"o": d}); err != nil {
			return
		}
		out, changed, err := w.rewrite(item.Raw(), d)
		want, encodeErr := starlark.Call(&starlark.Thread{}, jsonModule().Members["encode"], starlark.Tuple{d}, nil)
		if err != nil || encodeErr != nil || !json.Valid([]byte(want.(starlark.String))) {
			return // numbers without end, text that is no UTF-8
		}
		if diff := cmp.Diff(decoded(t, []byte(want.(starlark.String))), decoded(t, out)); diff != "" {
			t.Errorf("(-library +written):\n%s", diff)
		}
		if same := cmp.Equal(decoded(t, item.Raw()), decoded(t, out)); !same && !changed {
			t.Errorf("%s: taken for unchanged", out)
		}
	})
}

// decoded has numbers as float64, which is what both sides keep of them.
func decoded(t *testing.T, raw []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestLocationTellsNoSecret gives a key that a script made of a value.
func TestLocationTellsNoSecret(t *testing.T) {
	w, r := writer{tells: func(key string) bool { return key != "HUNTER2" }}, newReader(1)
	raw := []byte(`{"data":{"HUNTER2":[1]}}`)
	d := r.object(raw)
	if _, err := starlark.ExecFileOptions(options(), &starlark.Thread{}, "test", `o["data"]["HUNTER2"] = [set()]`, starlark.StringDict{"o": d}); err != nil {
		t.Fatal(err)
	}
	const want = `data["..."][0]: no field can hold a set`
	if _, _, err := w.rewrite(raw, d); err == nil || err.Error() != want {
		t.Errorf("want %s, got %v", want, err)
	}
}

// BenchmarkRewrite writes 1,000 objects, of which a label was set.
func BenchmarkRewrite(b *testing.B) {
	raw := objects.Generate(1000)
	r, w := newReader(len(raw)), writer{}
	dicts := make([]*starlark.Dict, len(raw))
	for i := range raw {
		dicts[i] = r.object(raw[i])
		meta, _, err := dicts[i].Get(starlark.String("metadata"))
		if err != nil {
			b.Fatal(err)
		}
		if err := meta.(*starlark.Dict).SetKey(starlark.String("labels"), starlark.None); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for i := range raw {
			if _, changed, err := w.rewrite(raw[i], dicts[i]); err != nil || !changed {
				b.Fatal(changed, err)
			}
		}
	}
}
