package krm

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const yamlHead = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n"

const jsonItem = `{"apiVersion":"v1","kind":"A","metadata":{"name":"x"}}`

// raws returns the JSON of items.
func raws(items []*Item) []string {
	out := make([]string, 0, len(items))
	for _, it := range items {
		out = append(out, string(it.Raw()))
	}
	return out
}

func TestDecodeItems(t *testing.T) {
	cases := map[string]struct {
		reason, in string
		want       []string
	}{
		"JSON":         {"the usual way", envelopeStart + `,"items":[` + jsonItem + `]}`, []string{jsonItem}},
		"JSONPretty":   {"items keep their white space", "\n{ \"kind\": \"ResourceList\",\n\"apiVersion\": \"config.kubernetes.io/v1\", \"items\" : [ {\"apiVersion\":\"v1\",\n\"kind\":\"A\",\"metadata\":{\"name\":\"x\"}} ] }\n\n", []string{"{\"apiVersion\":\"v1\",\n\"kind\":\"A\",\"metadata\":{\"name\":\"x\"}}"}},
		"ItemsFirst":   {"keys in any order", `{"items":[` + jsonItem + `],"kind":"ResourceList","apiVersion":"config.kubernetes.io/v1"}`, []string{jsonItem}},
		"Absent":       {"the Go SDK leaves items out when it deletes all", envelopeStart + `}`, []string{}},
		"Null":         {"none", envelopeStart + `,"items":null}`, []string{}},
		"EmptyItems":   {"none", envelopeStart + `,"items":[]}`, []string{}},
		"UnknownKey":   {"ignored in JSON", envelopeStart + `,"extra":{"a":1},"items":[]}`, []string{}},
		"Beta":         {"older SDKs", `{"apiVersion":"config.kubernetes.io/v1beta1","kind":"ResourceList","items":[]}`, []string{}},
		"ByteOrder":    {"a byte order mark", "\uFEFF" + envelopeStart + `}`, []string{}},
		"YAMLBlock":    {"the usual YAML", yamlHead + "items:\n- apiVersion: v1\n  kind: A\n  metadata:\n    name: x\n", []string{jsonItem}},
		"YAMLMixed":    {"kyaml given JSON prints block around flow", yamlHead + "items:\n- {\"apiVersion\": \"v1\", \"kind\": \"A\", \"metadata\": {\"name\": \"x\", annotations: {a: 'b'}}}\n", []string{`{"apiVersion":"v1","kind":"A","metadata":{"name":"x","annotations":{"a":"b"}}}`}},
		"YAMLFlow":     {"starts with a brace and is no JSON", "{apiVersion: config.kubernetes.io/v1, kind: ResourceList, items: [{apiVersion: v1, kind: A, metadata: {name: x}}]}", []string{jsonItem}},
		"YAMLAbsent":   {"none", yamlHead, []string{}},
		"YAMLNull":     {"none", yamlHead + "items:\n", []string{}},
		"YAMLStart":    {"explicit start and end", "%YAML 1.1\n---\n" + yamlHead + "items: []\n...\n", []string{}},
		"YAMLEmptyDoc": {"an empty document is nothing", yamlHead + "items: []\n---\n# end\n", []string{}},
		"YAMLAlias":    {"anchors across items", yamlHead + "items:\n- apiVersion: v1\n  kind: A\n  metadata: &m {name: x}\n- apiVersion: v1\n  kind: B\n  metadata: *m\n", []string{jsonItem, `{"apiVersion":"v1","kind":"B","metadata":{"name":"x"}}`}},
		"YAMLItem":     {"an alias for a whole item", yamlHead + "items:\n- &i {apiVersion: v1, kind: A, metadata: {name: x}}\n- *i\n", []string{jsonItem, jsonItem}},
		"YAMLMerge":    {"merge keys; own keys win, then the first", yamlHead + "items:\n- apiVersion: v1\n  kind: A\n  metadata: {name: x}\n  a: &a {p: 1, q: 2}\n  b: &b {p: 3, r: 4}\n  c: {<<: [*a, *b], q: 5}\n  d: {\"<<\": 1}\n", []string{`{"apiVersion":"v1","kind":"A","metadata":{"name":"x"},"a":{"p":1,"q":2},"b":{"p":3,"r":4},"c":{"q":5,"p":1,"r":4},"d":{"<<":1}}`}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			list, err := Decode([]byte(tc.in), DecodeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, raws(list.Items)); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestDecodeYAMLScalars(t *testing.T) {
	cases := map[string]struct{ reason, yaml, want string }{
		"Words":        {"YAML 1.1 words are text", `[yes, Yes, no, on, off, y, n, Y, N, nan, inf]`, `["yes","Yes","no","on","off","y","n","Y","N","nan","inf"]`},
		"Bool":         {"the words of YAML 1.2", `[true, True, TRUE, false, False, FALSE]`, `[true,true,true,false,false,false]`},
		"Null":         {"the words of YAML 1.2", `[null, Null, NULL, ~, '', "~"]`, `[null,null,null,null,"","~"]`},
		"Timestamp":    {"dates stay text", `[2001-12-14, 2001-12-14t21:59:43.10-05:00, !!timestamp 2001-12-14]`, `["2001-12-14","2001-12-14t21:59:43.10-05:00","2001-12-14"]`},
		"Sexagesimal":  {"times stay text", `[1:30, 190:20:30]`, `["1:30","190:20:30"]`},
		"JSONNumbers":  {"literals stay", `[0, -0, 7, 1.0, 1e3, 1E400, 9007199254740993, 123456789012345678901234567890]`, `[0,-0,7,1.0,1e3,1E400,9007199254740993,123456789012345678901234567890]`},
		"Bases":        {"the integers of yaml.v3", `[0x1F, 0b11, 0o17, -0x10, +7, 1_000]`, `[31,3,15,-16,7,1000]`},
		"Octal":        {"file modes in manifests", `[0644, 012, 00, -07]`, `[420,10,0,-7]`},
		"NotOctal":     {"only writers of text leave these plain", `[08, 0912, 012345678901234567890128]`, `["08","0912","012345678901234567890128"]`},
		"Floats":       {"as JSON", `[.5, 5., +1.5, -.5, 01.50, 1_0.5]`, `[0.5,5.0,1.5,-0.5,1.50,10.5]`},
		"Quoted":       {"quotes make text", `['1', "true", '2001-12-14']`, `["1","true","2001-12-14"]`},
		"Blocks":       {"blocks are text", "\n  - |\n    1\n  - >-\n    true\n    false\n", `["1\n","true false"]`},
		"TaggedString": {"the tag decides", `[!!str 1, !!str true]`, `["1","true"]`},
		"Tagged":       {"the tag decides", `[!!int "1", !!float "1.5", !!float 1, !!bool "true", !!null "null"]`, `[1,1.5,1,true,null]`},
		"Keys":         {"keys are text as written", `{1: a, true: b, 0x1F: c, 1.50: d, null: e, on: f, 2001-12-14: g, !!str 2: h}`, `{"1":"a","true":"b","0x1F":"c","1.50":"d","null":"e","on":"f","2001-12-14":"g","2":"h"}`},
		"MergeValue":   {"no merge in a value", `[<<, =]`, `["<<","="]`},
		"Hex":          {"hexadecimal beyond 64 bits is text to yaml.v3", `[0xFFFFFFFFFFFFFFFF, 0x1FFFFFFFFFFFFFFFF]`, `[18446744073709551615,"0x1FFFFFFFFFFFFFFFF"]`},
		"Version":      {"versions are text", `[1.2.3, v1, 10.0.0.1]`, `["1.2.3","v1","10.0.0.1"]`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			in := yamlHead + "items:\n- apiVersion: v1\n  kind: A\n  metadata: {name: x}\n  v: " + tc.yaml + "\n"
			list, err := Decode([]byte(in), DecodeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(object(tc.want), string(list.Items[0].Raw())); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	jsonList := envelopeStart + `,"items":[` + jsonItem + `]}`
	yamlList := yamlHead + "items:\n- apiVersion: v1\n  kind: A\n  metadata:\n    name: x\n"
	yamlValue := func(v string) string { return yamlList + "  v: " + v + "\n" }
	before := "line 1: text before the ResourceList on stdout: write log lines to stderr"
	cases := map[string]struct{ reason, in, want string }{
		"Empty":            {"a function that printed nothing", "", "no ResourceList on stdout"},
		"White":            {"nothing", " \n\t\n", "no ResourceList on stdout"},
		"CommentOnly":      {"nothing", "---\n# nothing\n", "no ResourceList on stdout"},
		"LogBeforeJSON":    {"a log line", "starting up\n" + jsonList, before},
		"LogBeforeYAML":    {"a log line", "starting up\n" + yamlList, before},
		"LogLikeKey":       {"a log line that is YAML", "INFO: starting up\n" + yamlList, before},
		"LogLikeKeyJSON":   {"a log line that is YAML", "INFO: starting up\n" + jsonList, before},
		"LogJSON":          {"a log line that is JSON", `{"level":"info"}` + "\n" + jsonList, before},
		"LogDocument":      {"a log line in a document of its own", "starting\n---\n" + yamlList, before},
		"LogAfterJSON":     {"a log line", jsonList + "\ndone\n", "line 2: text after the ResourceList on stdout: write log lines to stderr"},
		"LogAfterYAML":     {"a log line", yamlList + "done\n", "line 8: could not find expected ':': write log lines to stderr"},
		"LogAfterLikeKey":  {"a log line that is YAML", yamlList + "INFO: done\n", "line 8: unknown key in the ResourceList: write log lines to stderr"},
		"TwoJSON":          {"one document only", jsonList + "\n" + jsonList, "line 2: a second document after the ResourceList: print one ResourceList with every object in it"},
		"TwoYAML":          {"one document only", yamlList + "---\na: 1\n", "line 9: a second document after the ResourceList: print one ResourceList with every object in it"},
		"YAMLAfterJSON":    {"one document only", jsonList + "\n---\na: 1\n", "line 2: a second document after the ResourceList: print one ResourceList with every object in it"},
		"TruncatedJSON":    {"cut off", jsonList[:90], "line 1: the document ends in the middle: output may be truncated (90 bytes)"},
		"TruncatedYAML":    {"cut off in a quote", yamlValue(`"abc`), "line 8: found unexpected end of stream: output may be truncated (123 bytes)"},
		"Deployment":       {"not a list", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {}\n", `expected kind ResourceList of config.kubernetes.io/v1, found kind "Deployment" of "apps/v1"`},
		"List":             {"not a ResourceList", `{"apiVersion":"v1","kind":"List","items":[]}`, `expected kind ResourceList of config.kubernetes.io/v1, found kind "List" of "v1"`},
		"OtherVersion":     {"unknown version", `{"apiVersion":"v9","kind":"ResourceList","items":[]}`, `expected kind ResourceList of config.kubernetes.io/v1, found kind "ResourceList" of "v9"`},
		"WrongKindItems":   {"the kind matters more than the items", `{"apiVersion":"v1","items":[1],"kind":"PodList"}`, `expected kind ResourceList of config.kubernetes.io/v1, found kind "PodList" of "v1"`},
		"Scalar":           {"not a list", "hello\n", "line 1: expected a ResourceList: write log lines to stderr"},
		"Sequence":         {"not a list", "- a\n", "line 1: expected a ResourceList: write log lines to stderr"},
		"ItemScalar":       {"no object", envelopeStart + `,"items":[` + jsonItem + `,"hello"]}`, "items[1] is not a KRM object: expected a mapping"},
		"ItemNull":         {"no object", envelopeStart + `,"items":[null]}`, "items[0] is not a KRM object: expected a mapping"},
		"ItemScalarYAML":   {"no object", yamlHead + "items:\n- hello\n", "items[0] is not a KRM object: expected a mapping"},
		"ItemNoKind":       {"no object", envelopeStart + `,"items":[{"foo":"bar"}]}`, "items[0] is not a KRM object: apiVersion is missing or has the wrong type"},
		"ItemNoNameYAML":   {"no object", yamlHead + "items:\n- {apiVersion: v1, kind: A}\n", "items[0] is not a KRM object: metadata.name is missing or has the wrong type"},
		"ItemsMapping":     {"no list", envelopeStart + `,"items":{}}`, "not a KRM object: items is missing or has the wrong type"},
		"ItemsMappingYAML": {"no list", yamlHead + "items: {}\n", "not a KRM object: items is missing or has the wrong type"},
		"Config":           {"no object", envelopeStart + `,"functionConfig":{"a":1}}`, "not a KRM object: functionConfig.apiVersion is missing or has the wrong type"},
		"ConfigScalar":     {"no object", yamlHead + "functionConfig: hello\n", "not a KRM object: functionConfig is missing or has the wrong type"},
		"ResultsScalar":    {"no list", envelopeStart + `,"results":"x"}`, "results is not a list"},
		"ResultScalar":     {"no mapping", yamlHead + "results: [x]\n", "results[0] is not a mapping"},
		"DuplicateJSON":    {"which one counts?", envelopeStart + ",\"items\":[\n{\"apiVersion\":\"v1\",\n\"apiVersion\":\"v1\"}]}", "line 3: duplicate key in a mapping"},
		"DuplicateTop":     {"which one counts?", envelopeStart + `,"items":[],"items":[]}`, "line 1: duplicate key in a mapping"},
		"DuplicateYAML":    {"which one counts?", yamlValue("{a: 1, \"a\": 2}"), "line 8: duplicate key in a mapping"},
		"DuplicateTopYAML": {"which one counts?", yamlList + "items: []\n", "line 8: duplicate key in a mapping"},
		"DuplicateMerge":   {"merging hides no duplicate", yamlValue("{<<: {a: 1}, b: 1, b: 2}"), "line 8: duplicate key in a mapping"},
		"Cycle":            {"an alias within its anchor", yamlValue("&v [*v]"), "line 8: an alias stands for a value that contains itself"},
		"CycleMerge":       {"a merge key within its anchor", yamlValue("&v {<<: *v}"), "line 8: an alias stands for a value that contains itself"},
		"UnknownAnchor":    {"the name is not shown", yamlValue("*secret-name"), "unknown anchor"},
		"Infinity":         {"JSON has none", yamlValue("-.INF"), "line 8: JSON has no infinity and no NaN"},
		"NaN":              {"JSON has none", yamlValue(".nan"), "line 8: JSON has no infinity and no NaN"},
		"Binary":           {"JSON has none", yamlValue("!!binary c2VjcmV0"), "line 8: a tag that JSON has no type for: leave the tag out or use !!str"},
		"CustomTag":        {"unknown", yamlValue("!secret {a: 1}"), "line 8: a tag that JSON has no type for: leave the tag out or use !!str"},
		"Set":              {"JSON has none", yamlValue("!!set {a}"), "line 8: a tag that JSON has no type for: leave the tag out or use !!str"},
		"TagMisfit":        {"the value is not shown", yamlValue("!!int secret"), "line 8: a value that does not fit its tag"},
		"ComplexKey":       {"JSON has text keys only", yamlValue("{[secret]: 1}"), "line 8: a key is not a scalar"},
		"MergeScalar":      {"nothing to merge", yamlValue("{<<: secret}"), "line 8: a merge key needs a mapping"},
		"TooDeepYAML":      {"bounded", yamlValue(strings.Repeat("[", 1001) + strings.Repeat("]", 1001)), "line 8: nested too deeply"},
		"InvalidUTF8":      {"YAML is UTF-8", yamlValue("\"\xff\""), "invalid leading UTF-8 octet"},
		"LineBreakJSON":    {"YAML would fold it to a space", envelopeStart + ",\"items\":[],\"a\":\"b\nc\"}", "line 1: control character in a string"},
		"PythonNaN":        {"YAML would take it for text", envelopeStart + `,"items":[],"a":[NaN]}`, "line 1: JSON has no infinity and no NaN"},
		"PythonInfinity":   {"YAML would take it for text", envelopeStart + `,"items":[],"a":[-Infinity]}`, "line 1: JSON has no infinity and no NaN"},
		"BrokenJSON":       {"neither JSON nor YAML", envelopeStart + ",\n\"items\":[}", "line 2: expected a JSON value"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Decode([]byte(tc.in), DecodeOptions{})
			want := "decode resource list: " + tc.want
			if err == nil || err.Error() != want {
				t.Errorf("%s: want %q, got %v", tc.reason, want, err)
			}
		})
	}
}

func TestDecodeErrorTypes(t *testing.T) {
	_, err := Decode(nil, DecodeOptions{})
	if !errors.Is(err, ErrNoResourceList) {
		t.Errorf("want ErrNoResourceList, got %v", err)
	}
	var syntax *SyntaxError
	if _, err = Decode([]byte("{"), DecodeOptions{}); !errors.As(err, &syntax) || syntax.Line != 1 {
		t.Errorf("want a SyntaxError in line 1, got %v", err)
	}
	if _, err = Decode([]byte(envelopeStart+",]"), DecodeOptions{}); !errors.As(err, &syntax) {
		t.Errorf("want a SyntaxError, got %v", err)
	}
	var notKRM *NotKRMError
	if _, err = Decode([]byte(envelopeStart+`,"items":[{}]}`), DecodeOptions{}); !errors.As(err, &notKRM) || notKRM.Index != 0 {
		t.Errorf("want a NotKRMError for item 0, got %v", err)
	}
	var kind *WrongKindError
	if _, err = Decode([]byte(`{"kind":"`+strings.Repeat("K", 1000)+`"}`), DecodeOptions{}); !errors.As(err, &kind) || len(kind.Kind) > 400 {
		t.Errorf("want a WrongKindError with a bounded kind, got %v", err)
	}
}

// bomb returns YAML whose aliases expand to 10^levels nodes.
func bomb(levels int) string {
	var b strings.Builder
	b.WriteString(yamlHead + "items:\n- apiVersion: v1\n  kind: A\n  metadata: {name: x}\n  l0: &l0 [a]\n")
	for i := 1; i <= levels; i++ {
		refs := strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*l%d,", i-1), 10), ",")
		fmt.Fprintf(&b, "  l%d: &l%d [%s]\n", i, i, refs)
	}
	return b.String()
}

func TestDecodeBoundsAliases(t *testing.T) {
	long := yamlHead + "items:\n- apiVersion: v1\n  kind: A\n  metadata: {name: x}\n  a: &a " + strings.Repeat("x", 1<<16) +
		"\n  l: [" + strings.TrimSuffix(strings.Repeat("*a,", 10000), ",") + "]\n"
	merges := "  l0: &l0 {}\n"
	for i := 1; i <= 40; i++ {
		merges += fmt.Sprintf("  l%d: &l%d {<<: [*l%d, *l%d]}\n", i, i, i-1, i-1)
	}
	merges = yamlHead + "items:\n- apiVersion: v1\n  kind: A\n  metadata: {name: x}\n" + merges
	cases := map[string]struct {
		reason, in string
		most       int
		ok         bool
	}{
		"Few":      {"real documents", bomb(3), 0, true},
		"Bomb":     {"ten to the ninth", bomb(9), 0, false},
		"Lower":    {"the caller's bound", bomb(3), 100, false},
		"LongText": {"one long text many times", long, 0, false},
		"Merges":   {"two to the fortieth merges of nothing", merges, 0, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Decode([]byte(tc.in), DecodeOptions{MaxAliasNodes: tc.most})
			var se *SyntaxError
			if tc.ok != (err == nil) || !tc.ok && (!errors.As(err, &se) || !strings.Contains(se.Reason, "aliases expand")) {
				t.Errorf("%s: got %v", tc.reason, err)
			}
		})
	}
}

func TestDecodeResults(t *testing.T) {
	ref := &ResourceRef{APIVersion: "v1", Kind: "A", Name: "x", Namespace: "n"}
	cases := map[string]struct {
		reason, in string
		want       []Result
	}{
		"Today": {
			"the shape of the specification", `[{"message":"m","severity":"error","resourceRef":{"apiVersion":"v1","kind":"A","name":"x","namespace":"n"},"field":{"path":"spec.a","currentValue":1,"proposedValue":{"b":[2]}},"file":{"path":"a.yaml","index":2},"tags":{"a":"b"}}]`,
			[]Result{{
				Message: "m", Severity: Error, ResourceRef: ref, Tags: map[string]string{"a": "b"}, File: &File{Path: "a.yaml", Index: 2},
				Field: &Field{Path: "spec.a", CurrentValue: int64(1), ProposedValue: map[string]any{"b": []any{int64(2)}}},
			}},
		},
		"Legacy": {
			"results of older SDKs", `{"metadata":{"name":"f"},"items":[{"message":"m","resourceRef":{"apiVersion":"v1","kind":"A","metadata":{"name":"x","namespace":"n"}},"field":{"path":"p","suggestedValue":"s"}}]}`,
			[]Result{{Message: "m", ResourceRef: ref, Field: &Field{Path: "p", ProposedValue: "s"}}},
		},
		"Unknown":   {"an unknown severity is kept", `[{"message":"m","severity":"fatal"}]`, []Result{{Message: "m", Severity: "fatal"}}},
		"WrongType": {"slightly wrong types", `[{"message":1,"file":{"path":"p","index":"3"},"tags":{"a":true}}]`, []Result{{Message: "1", File: &File{Path: "p", Index: 3}, Tags: map[string]string{"a": "true"}}}},
		"Null":      {"none", `null`, nil},
		"Empty":     {"none", `[]`, nil},
		"NullItems": {"none", `{"items":null}`, nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, in := range []string{envelopeStart + `,"results":` + tc.in + `}`, yamlHead + "results: " + tc.in + "\n"} {
				list, err := Decode([]byte(in), DecodeOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tc.want, list.Results); diff != "" {
					t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
				}
				back, err := Decode(AppendResourceList(nil, list), DecodeOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(list.Results, back.Results); diff != "" {
					t.Errorf("there and back: -want +got:\n%s", diff)
				}
			}
		})
	}
}

func TestResultFailed(t *testing.T) {
	for severity, want := range map[Severity]bool{"": false, Info: false, Warning: false, Error: true, "fatal": true, "ERROR": true} {
		if got := (Result{Severity: severity}).Failed(); got != want {
			t.Errorf("severity %q: want %v, got %v", severity, want, got)
		}
	}
}

func TestAppendResourceListCannotFail(t *testing.T) {
	list := &ResourceList{Results: []Result{{Message: "m", Field: &Field{Path: "p", CurrentValue: make(chan int), ProposedValue: "x"}}}}
	want := envelopeStart + `,"items":[],"results":[{"message":"m","field":{"path":"p","currentValue":null,"proposedValue":"x"}}]}`
	if diff := cmp.Diff(want, string(AppendResourceList(nil, list))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFunctionConfigCrosses(t *testing.T) {
	config, err := ParseConfig([]byte(`{"apiVersion":"example.com/v1","kind":"Any","data":{"n":1.0}}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, encode := range ways {
		list, err := Decode(encode(&ResourceList{FunctionConfig: config}), DecodeOptions{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !list.FunctionConfig.Equal(config) {
			t.Errorf("%s: want %s, got %s", name, config.Raw(), list.FunctionConfig.Raw())
		}
	}
}

func TestErrorsShowNoValues(t *testing.T) {
	const secret = "hunter2"
	for _, in := range []string{
		yamlHead + "items:\n- " + secret + ": *" + secret, yamlHead + "items: !" + secret + " [",
		yamlHead + "items:\n- {a: !!int " + secret + "}", yamlHead + "items:\n- {" + secret + ": 1, " + secret + ": 2}",
		secret, secret + "\n---\n" + secret, "{\"" + secret + "\":\"" + secret + "\"," + secret + "}", yamlHead + secret + ": 1\n" + secret,
		yamlHead + "items: [" + secret + "]", yamlHead + "%" + secret + "\n---\n", "%TAG " + secret + "\n---\na", yamlHead + "a: &" + secret + "é 1",
		yamlHead + "results: [" + secret + "]", yamlHead + "functionConfig: {a: " + secret + "}", yamlHead + "items: [{apiVersion: v1, kind: " + secret + "}]",
	} {
		_, err := Decode([]byte(in), DecodeOptions{})
		if err == nil {
			t.Errorf("want an error for %q", in)
			continue
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error repeats the document: %v", err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(envelopeStart + `,"items":[` + jsonItem + `],"results":[{"message":"m"}],"functionConfig":{"apiVersion":"v1","kind":"A"}}`))
	f.Add([]byte(yamlHead + "items:\n- {\"apiVersion\": v1, kind: A, metadata: &m {name: x}, a: *m, <<: {b: 0x1F}}\nresults:\n- message: |\n    a\n    b\n"))
	f.Add([]byte(bomb(2)))
	f.Add([]byte("log\n" + envelopeStart + "}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := Decode(data, DecodeOptions{MaxAliasNodes: 10000})
		if err != nil {
			return
		}
		for name, encode := range ways {
			wire := encode(list)
			back, err := Decode(wire, DecodeOptions{})
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, wire)
			}
			if len(back.Items) != len(list.Items) || len(back.Results) != len(list.Results) {
				t.Fatalf("%s: want %d items and %d results, got %d and %d", name,
					len(list.Items), len(list.Results), len(back.Items), len(back.Results))
			}
			for i := range back.Items {
				if !back.Items[i].Equal(list.Items[i]) {
					t.Fatalf("%s: want %s, got %s", name, list.Items[i].Raw(), back.Items[i].Raw())
				}
			}
			if (back.FunctionConfig == nil) != (list.FunctionConfig == nil) ||
				back.FunctionConfig != nil && !back.FunctionConfig.Equal(list.FunctionConfig) {
				t.Fatalf("%s: the config changed", name)
			}
		}
	})
}
