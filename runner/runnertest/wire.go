package runnertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

func wireItems() []Item {
	return []Item{
		{Number: 1, Title: "input-is-one-document", test: testEnvelope},
		{Number: 2, Title: "function-config-is-passed-as-it-is", test: testConfig},
		{Number: 3, Title: "every-code-point-survives", test: testCodePoints},
		{Number: 4, Title: "lookalikes-stay-strings", test: testLookalikes},
		{Number: 5, Title: "numbers-survive", test: testNumbers},
		{Number: 6, Title: "line-ends-and-documents-in-values-survive", test: testLineEnds},
		{Number: 7, Title: "output-is-yaml-or-json", test: testOutputFormats},
		{Number: 8, Title: "what-is-not-one-list-is-an-error", test: testNotOneList},
		{Number: 9, Title: "duplicate-keys-are-an-error", test: testDuplicateKeys},
		{Number: 10, Title: "alias-bombs-are-bounded", test: testAliasBomb},
		{Number: 11, Title: "output-size-is-limited", test: testOutputLimit},
		{Number: 12, Title: "stderr-is-limited", test: testStderrLimit},
	}
}

func testEnvelope(s *suite) {
	t := s.t
	for name, items := range map[string][]*krm.Item{"with items": configMaps(t, "a", "b"), "without items": nil} {
		in := &krm.ResourceList{Items: items}
		f, ok := s.wire(t, "tell-envelope")
		if !ok {
			out, err := s.must(t, "identity").Run(t.Context(), in)
			if err != nil || len(out.Items) != len(items) {
				t.Errorf("%s: Run(...): %v, %v", name, out, err)
			}
			continue
		}
		out, err := f.Run(t.Context(), in)
		if err != nil {
			t.Fatalf("%s: Run(...): %v", name, err)
		}
		want := map[string]string{
			"apiVersion": `"config.kubernetes.io/v1"`, "kind": `"ResourceList"`,
			"documents": "1", "utf8": "true", "items": "[", "functionConfig": "",
		}
		if diff := cmp.Diff(want, out.Results[0].Tags); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

func testConfig(s *suite) {
	t := s.t
	raw := `{"kind":"AnyKind","apiVersion":"example.com/v7","spec":{"b":1.50,"a":[9007199254740993]}}`
	config, err := krm.ParseConfig([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	if f, ok := s.wire(t, "tell-envelope"); ok {
		out := transform(t, f, configMaps(t, "a"), runner.TransformOptions{Config: config})
		if got := out.Results[0].Tags["functionConfig"]; got != raw {
			t.Errorf("functionConfig on the wire:\n%s\nwant\n%s", got, raw)
		}
	}
	f := s.must(t, "tell-config")
	out := transform(t, f, configMaps(t, "a"), runner.TransformOptions{Config: config})
	if got := out.Results[0].Message; got != raw {
		t.Errorf("functionConfig:\n%s\nwant\n%s", got, raw)
	}
	out = transform(t, f, configMaps(t, "a"), runner.TransformOptions{})
	if got := out.Results[0].Message; got != "no functionConfig" {
		t.Errorf("without a config the function saw %s", got)
	}
}

// recoders change nothing; each reads and prints in another way.
func recoders() []string { return []string{"identity", "json-recode", "yaml-read", "yaml-print"} }

// checkSurvives runs items through every recoder and wants them unchanged.
func checkSurvives(t *testing.T, s *suite, items []*krm.Item) {
	t.Helper()
	for _, name := range recoders() {
		f := s.function(t, name)
		if f == nil {
			continue // said by those that need the wire
		}
		out := transform(t, f, items, runner.TransformOptions{})
		for _, o := range out.Items {
			if o.Status != runner.Unchanged {
				t.Errorf("%s: %s is %s: %v\n%v", name, o.In.Identity(), o.Status, o.Err, firstChange(o))
			}
		}
	}
}

func firstChange(o runner.ItemOutcome) string {
	if o.Out == nil || o.Out == o.In {
		return ""
	}
	for _, c := range krm.Diff(o.In, o.Out) {
		return fmt.Sprintf("%s: %q became %q", c.Path, c.Before, c.After)
	}
	return "no field differs"
}

// withData returns a ConfigMap with that data.
func withData(tb testing.TB, name string, data map[string]any) *krm.Item {
	tb.Helper()
	it, err := krm.FromObject(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": name, "namespace": "ns"}, "data": data,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return it
}

func testCodePoints(s *suite) {
	t := s.t
	var items []*krm.Item
	for block := rune(0); block < 0x11000; block += 0x400 {
		var text strings.Builder
		for c := block; c < block+0x400; c++ {
			if c < 0xD800 || c > 0xDFFF { // halves of pairs are no characters
				text.WriteString("x")
				text.WriteRune(c)
			}
		}
		items = append(items, withData(t, fmt.Sprintf("block-%x", block), map[string]any{"text": text.String()}))
	}
	single := map[string]any{}
	for _, c := range []rune{0x7f, 0x80, 0x85, 0x9f, 0xa0, 0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff, 0x1F600} {
		single[fmt.Sprintf("c%x", c)] = string(c)
	}
	checkSurvives(t, s, append(items, withData(t, "single", single)))
}

func testLookalikes(s *suite) {
	t := s.t
	data := map[string]any{}
	words := strings.Fields(`yes Yes YES no on off y n Y N true True false ~ null Null NULL 012 0o14 0x1F 0b11 1_000 1:30
		190:20:30 2001-12-14 2001-12-14t21:59:43.10-05:00 1e3 1E3 .5 5. +1 -0 .inf -.inf .nan .NaN = << ! & * - ? : , [ ] { } # | > @ %
		' " -- --- ... !!str a:b a#b -1 00 08 0.0 1.0 123456789012345678901234567890`)
	words = append(words, "", " ", " a", "a ", "a: b", "a #b", "- a", "? a", "key: value", "@a", "`a`", "\\", "\\n")
	for i, word := range words {
		data[fmt.Sprintf("w%d", i)] = word
	}
	items := []*krm.Item{withData(t, "values", data)}
	keys := map[string]any{}
	for _, word := range words {
		if word != "<<" { // a merge key where it is plain: yaml.v3 prints it so
			keys[word] = "x"
		}
	}
	checkSurvives(t, s, append(items, withData(t, "keys", keys)))
}

func testNumbers(s *suite) {
	t := s.t
	t.Log("decision: a number keeps its digits as long as nobody decodes it; of what a function prints, 1.0 and 1 are equal, as in Kubernetes")
	checkSurvives(t, s, []*krm.Item{item(t, `{"apiVersion":"v1","kind":"Numbers","metadata":{"name":"n"},"spec":{`+
		`"big":9007199254740993,"max":9223372036854775807,"min":-9223372036854775808,"float":1.5,"whole":1.0,"exp":1e3,"zero":0,"neg":-7}}`)})
	out := transform(t, s.must(t, "touch"), []*krm.Item{item(t,
		`{"apiVersion":"v1","kind":"Numbers","metadata":{"name":"n"},"spec":{"big":9007199254740993,"long":0.12345678901234567890}}`)}, runner.TransformOptions{})
	wantStatus(t, out, runner.Changed)
	for _, digits := range []string{"9007199254740993", "0.12345678901234567890"} {
		if raw := string(out.Items[0].Out.Raw()); !strings.Contains(raw, digits) {
			t.Errorf("%s lost digits: %s", digits, raw)
		}
	}
}

func testLineEnds(s *suite) {
	t := s.t
	checkSurvives(t, s, []*krm.Item{withData(t, "ends", map[string]any{
		"crlf": "a\r\nb\r\n", "cr": "a\rb", "trailing": "a  \nb\t\n", "leading": "\n\n a\n", "no-end": "a\nb", "many-ends": "a\n\n\n",
		"documents": "a: 1\n---\nb: 2\n---\n", "indented": "  ---\n  x\n", "end": "a\n...\nb\n", "only": "---\n", "folded": strings.Repeat("word ", 200),
		"script": "#!/bin/sh\ncat <<EOF\n---\nkind: X\nEOF\n", "tab": "a\tb\n\tc\n",
	})})
	tabs := []*krm.Item{withData(t, "tabs", map[string]any{"first": "\ta\n\t\tb"})}
	for _, name := range []string{"identity", "json-recode", "yaml-read"} {
		if f := s.function(t, name); f != nil {
			wantStatus(t, transform(t, f, tabs, runner.TransformOptions{}), runner.Unchanged)
		}
	}
	if f, ok := s.wire(t, "yaml-print"); ok {
		t.Log("decision: a text whose first character is a tab, printed as YAML by yaml.v3, is a block that yaml.v3 cannot read: the object fails and stays as it was")
		wantStatus(t, transform(t, f, tabs, runner.TransformOptions{}), runner.Failed)
	}
}

func testOutputFormats(s *suite) {
	t := s.t
	f, ok := s.wire(t, "print-bare-yaml")
	if !ok {
		return
	}
	out := transform(t, f, configMaps(t, "a"), runner.TransformOptions{Allow: allow()})
	wantStatus(t, out, runner.Removed)
	if len(out.Added) != 1 {
		t.Fatalf("%d objects added, want 1", len(out.Added))
	}
	t.Log("decision: YAML 1.2 as yaml.v3 reads it: plain yes and dates are strings, 0o14 is a number")
	want := map[string]any{"answer": "yes", "day": "2001-12-14", "oct": int64(12)}
	if diff := cmp.Diff(want, out.Added[0].Object()["data"]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// wantSyntax wants all items to fail with a SyntaxError that says words.
func wantSyntax(t *testing.T, s *suite, behaviour string, words ...string) {
	t.Helper()
	f, ok := s.wire(t, behaviour)
	if !ok {
		return
	}
	out := transform(t, f, configMaps(t, "a"), runner.TransformOptions{Allow: allow()})
	wantStatus(t, out, runner.Failed)
	err := out.Items[0].Err
	var syntax *krm.SyntaxError
	if !errors.As(err, &syntax) {
		t.Errorf("%s: %v is no SyntaxError", behaviour, err)
	}
	wantText(t, err, words...)
}

func wantText(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, word := range words {
		if !strings.Contains(strings.ToLower(err.Error()), word) {
			t.Errorf("error does not say %q: %v", word, err)
		}
	}
}

func testNotOneList(s *suite) {
	t := s.t
	for _, behaviour := range []string{"two-documents", "text-before", "text-after"} {
		wantSyntax(t, s, behaviour)
	}
	t.Log("decision: YAML has no end mark, so a value that is cut off in it cannot be told from a short one; JSON can")
	for _, behaviour := range []string{"truncate", "bare-documents", "kind-list", "scalar-item", "non-krm-item"} {
		f, ok := s.wire(t, behaviour)
		if !ok {
			continue
		}
		out := transform(t, f, configMaps(t, "a"), runner.TransformOptions{Allow: allow()})
		wantStatus(t, out, runner.Failed)
		var (
			kind   *krm.WrongKindError
			object *krm.NotKRMError
			syntax *krm.SyntaxError
		)
		if err := out.Items[0].Err; !errors.As(err, &kind) && !errors.As(err, &object) && !errors.As(err, &syntax) {
			t.Errorf("%s: %v is no typed error of package krm", behaviour, err)
		}
	}
	out := transform(t, s.must(t, "nothing"), configMaps(t, "a"), runner.TransformOptions{Allow: allow()})
	wantStatus(t, out, runner.Failed)
	if !errors.Is(out.Items[0].Err, krm.ErrNoResourceList) {
		t.Errorf("no output: %v, want ErrNoResourceList", out.Items[0].Err)
	}
	for _, behaviour := range []string{"no-items", "null-items"} {
		f, ok := s.wire(t, behaviour)
		if !ok {
			continue
		}
		t.Logf("decision: %s means none, which needs the permission to delete", behaviour)
		wantStatus(t, transform(t, f, configMaps(t, "a"), runner.TransformOptions{Allow: allow()}), runner.Removed)
		out := transform(t, f, configMaps(t, "a"), runner.TransformOptions{})
		wantStatus(t, out, runner.Failed)
		wantIs(t, out.Items[0].Err, runner.ErrRemoved)
	}
}

func wantIs(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
	var fe *runner.FunctionError
	if !errors.As(err, &fe) {
		t.Errorf("error %v holds no FunctionError", err)
	}
}

func testDuplicateKeys(s *suite) {
	t := s.t
	wantSyntax(t, s, "duplicate-keys-json", "dup")
	wantSyntax(t, s, "duplicate-keys-yaml")
	if _, err := krm.NewItem(json.RawMessage(`{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},"k":1,"k":2}`)); err == nil {
		t.Error("NewItem took an object with a key twice")
	}
}

func testAliasBomb(s *suite) { t := s.t; wantSyntax(t, s, "alias-bomb", "alias") }

func testOutputLimit(s *suite) {
	t := s.t
	f, ok := s.wire(t, "endless-stdout")
	if !ok {
		f = runner.WithSizeLimits(s.must(t, "twice"), runner.SizeLimits{MaxOutputItems: 1})
	}
	out := transform(t, f, configMaps(t, "a"), runner.TransformOptions{Allow: allow()})
	wantStatus(t, out, runner.Failed)
	wantIs(t, out.Items[0].Err, runner.ErrOutputTooLarge)
}

func testStderrLimit(s *suite) {
	t := s.t
	f, ok := s.wire(t, "noisy")
	if !ok {
		return
	}
	out := transform(t, f, configMaps(t, "a"), runner.TransformOptions{})
	wantStatus(t, out, runner.Failed)
	var fe *runner.FunctionError
	if !errors.As(out.Items[0].Err, &fe) {
		t.Fatalf("%v holds no FunctionError", out.Items[0].Err)
	}
	if len(fe.Stderr) > 64<<10 {
		t.Errorf("%d bytes of stderr kept of a megabyte", len(fe.Stderr))
	}
	for _, want := range []string{"this is the first line", "this is the last line", "bytes dropped"} {
		if !strings.Contains(fe.Stderr, want) {
			t.Errorf("stderr does not say %q", want)
		}
	}
	if len(fe.Error()) > 1000 {
		t.Errorf("the error is %d bytes long", len(fe.Error()))
	}
}
