package runner_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

func secretOf(tb testing.TB, data map[string]string) *krm.Item {
	tb.Helper()
	encoded := map[string]any{}
	for k, v := range data {
		encoded[k] = base64.StdEncoding.EncodeToString([]byte(v))
	}
	it, err := krm.FromObject(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "s", "namespace": "ns"}, "data": encoded,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return it
}

func TestRedact(t *testing.T) {
	const long = "correct horse battery staple"
	items := []*krm.Item{secretOf(t, map[string]string{
		"long": long, "pin": "4711", "one": "1", "quoted": `a"quoted"\value`, "lines": "line-number-one\nline-number-two\n",
	})}
	cases := map[string]struct{ reason, text, want string }{
		"plain":          {"the value as it is", "password is " + long + "!", "password is [redacted]!"},
		"base64":         {"the value as it stands in the object", "data: " + base64.StdEncoding.EncodeToString([]byte(long)), "data: [redacted]"},
		"cut at its end": {"logs truncate", "got correct horse bat", "got [redacted]"},
		"cut in front":   {"a tail begins somewhere", "ry staple was refused", "[redacted] was refused"},
		"in JSON":        {"escapes stand between", `{"v":"a\"quoted\"\\value"}`, `{"v":"a\"[redacted]"}`},
		"escaped lines":  {"a line end is two characters", `"line-number-one\nline-number-two\n"`, `"[redacted]\n"`},
		"folded":         {"YAML breaks long lines at blanks", "v: correct\n  horse\n  battery\n  staple", "v: [redacted]"},
		"short alone":    {"short values are taken out as words", "pin 4711, not 47110 or x4711", "pin [redacted], not 47110 or x4711"},
		"one character":  {"one character is no secret", "exit 1", "exit 1"},
		"nothing":        {"a text without values stays", "no such key: data.long", "no such key: data.long"},
		"done already":   {"what was taken out stays", "password is [redacted]!", "password is [redacted]!"},
		"empty":          {"", "", ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := runner.Redact(tc.text, items)
			if name == "in JSON" { // how much around the quotes is hidden is of no matter
				if strings.Contains(got, "quoted") || strings.Contains(got, "value") {
					t.Errorf("%s: %s", tc.reason, got)
				}
				return
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			if again := runner.Redact(got, items); again != got {
				t.Errorf("a second time: %q", again)
			}
		})
	}
}

func TestRedactKnowsSecretsAlone(t *testing.T) {
	configMap := newItem(t, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"k":"no secret at all"}}`)
	other := newItem(t, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"c"},"spec":{"ref":{"kind":"Secret","name":"no secret at all"}}}`)
	if got := runner.Redact("no secret at all", []*krm.Item{configMap, other, nil}); got != "no secret at all" {
		t.Errorf("got %q", got)
	}
}

func TestRedactReadsEveryPlace(t *testing.T) {
	secret := newItem(t, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","annotations":{
		"kubectl.kubernetes.io/last-applied-configuration":"{\"kind\":\"Secret\",\"stringData\":{\"a\":\"applied-string\"},\"data\":{\"b\":\"YXBwbGllZC1kYXRh\"}}"}},
		"stringData":{"c":"plain-string"},"data":{"d":"bm8gYmFzZTY0IHRydWx5!!"}}`)
	broken := newItem(t, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","annotations":{
		"kubectl.kubernetes.io/last-applied-configuration":"{not json, but secret"}},"data":["odd-shape",123456789]}`)
	text := "applied-string applied-data YXBwbGllZC1kYXRh plain-string cGxhaW4tc3RyaW5n bm8gYmFzZTY0IHRydWx5!! not json, but secret odd-shape 123456789"
	got := runner.Redact(text, []*krm.Item{secret, broken})
	for _, word := range []string{"applied", "YXBw", "plain", "cGxh", "bm8g", "json", "odd", "123"} {
		if strings.Contains(got, word) {
			t.Errorf("%q is left in %q", word, got)
		}
	}
}

func TestRedactedErrorKeepsItsChain(t *testing.T) {
	cause := errors.New("cause")
	r := runner.NewRedactor([]*krm.Item{secretOf(t, map[string]string{"k": "hunter2hunter2"})})
	err := r.Err(fmt.Errorf("bad value hunter2hunter2: %w", cause))
	if err.Error() != "bad value [redacted]: cause" || !errors.Is(err, cause) {
		t.Errorf("got %v, is cause: %v", err, errors.Is(err, cause))
	}
	if strings.Contains(fmt.Sprintf("%+v %v", err, errors.Unwrap(err)), "hunter2") {
		t.Errorf("the value is there when the chain is printed")
	}
	if plain := fmt.Errorf("harmless: %w", cause); r.Err(plain) != plain { //nolint:errorlint // the very same error
		t.Error("a harmless error was replaced")
	}
	if r.Err(nil) != nil {
		t.Error("no error became one")
	}
}

func TestResultsAboutSecretsAreHashed(t *testing.T) {
	r := runner.NewRedactor([]*krm.Item{secretOf(t, map[string]string{"k": "hunter2hunter2"})})
	in := []krm.Result{{
		Message: "weak: hunter2hunter2", ResourceRef: &krm.ResourceRef{APIVersion: "v1", Kind: "Secret", Name: "s"},
		Field: &krm.Field{Path: "data.k", CurrentValue: "aHVudGVy", ProposedValue: map[string]any{"x": "derived from it"}},
		Tags:  map[string]string{"v": "hunter2hunter2"},
	}, {
		Message: "ok", Field: &krm.Field{Path: "spec", CurrentValue: []any{"hunter2hunter2", int64(3), true, json.Number("1.5")}},
	}}
	got := r.Results(in)
	if in[0].Message != "weak: hunter2hunter2" {
		t.Error("the results that went in were changed")
	}
	want := []krm.Result{{
		Message: "weak: [redacted]", ResourceRef: in[0].ResourceRef,
		Field: &krm.Field{Path: "data.k", CurrentValue: krm.HashSecret("aHVudGVy"), ProposedValue: krm.HashSecret(map[string]any{"x": "derived from it"})},
		Tags:  map[string]string{"v": "[redacted]"},
	}, {
		Message: "ok", Field: &krm.Field{Path: "spec", CurrentValue: []any{"[redacted]", int64(3), true, json.Number("1.5")}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// isMarker reports whether text is a piece of what stands for what was taken out.
func isMarker(text string) bool {
	markers := runner.Redacted + runner.Redacted
	return strings.Contains(markers, text)
}

// FuzzRedact cuts a secret out of its surroundings, writes it in several ways,
// and wants no 8 bytes of it to be left.
func FuzzRedact(f *testing.F) {
	f.Add("hunter2-and-more", "before ", " after", 2, 3)
	f.Add("a\"b\\c\nd\te f'g", "{\"k\":\"", "\"}", 0, 0)
	f.Add("\x00\xff\xfe binary \x80\x81", "", "", 1, 1)
	f.Add("\\n\\n\\n\\u0041\\", "\\", "n", 0, 1)
	f.Fuzz(func(t *testing.T, value, before, after string, from, to int) {
		secret := []*krm.Item{secretOf(t, map[string]string{"k": value})}
		name := secret[0].Identity().String() // which stays
		cut := value
		if from > 0 && to > 0 && from+to < len(cut) {
			cut = cut[from : len(cut)-to]
		}
		inJSON, err := json.Marshal(cut)
		if err != nil {
			t.Fatal(err)
		}
		for _, echo := range []string{cut, base64.StdEncoding.EncodeToString([]byte(value)), string(inJSON), fmt.Sprintf("%q", cut)} {
			got := runner.Redact(before+echo+after, secret)
			for i := 0; i+8 <= len(cut); i++ {
				piece := cut[i : i+8]
				if strings.TrimSpace(piece) == "" || isMarker(piece) || strings.Contains(name, piece) {
					continue
				}
				if strings.Contains(got, piece) {
					t.Errorf("%q is left of %q in %q", piece, value, got)
				}
			}
		}
	})
}

// TestRedactShortValuesInEscapes: a short value is found also as JSON, Go and
// Python print it.
func TestRedactShortValuesInEscapes(t *testing.T) {
	for _, value := range []string{`p"w1`, `p\w1`, "a\nb1", "pä1", "<a>b"} {
		items := []*krm.Item{secretOf(t, map[string]string{"k": value})}
		marshalled, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		for _, echo := range []string{value, string(marshalled), fmt.Sprintf("%q", value), fmt.Sprintf("%+q", value)} {
			got := runner.Redact("k: "+echo+" end", items)
			if !strings.Contains(got, runner.Redacted) || strings.ContainsAny(strings.ReplaceAll(got, runner.Redacted, ""), "w1<>ä") {
				t.Errorf("value %q, echoed as %s: %s", value, echo, got)
			}
		}
	}
}

// TestRedactSecretsInsideOthers: what krm.Diff hides must not be in an error.
func TestRedactSecretsInsideOthers(t *testing.T) {
	template := newItem(t, `{"apiVersion":"template.openshift.io/v1","kind":"Template","metadata":{"name":"t"},"objects":[
		{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"k":"value-in-template"}}]}`)
	token := newItem(t, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","annotations":{
		"openshift.io/token-secret.value":"eyJhbGciOiJSUzI1NiIsImtpZCI6","pin":"4711","openshift.io/token-secret.name":"default-token","x":"true","y":"s"}}}`)
	got := runner.Redact("saw value-in-template, eyJhbGciOiJSUzI1NiIsImtpZCI6, 4711 of default-token: true for s", []*krm.Item{template, token})
	if want := "saw [redacted], [redacted], [redacted] of default-token: true for s"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestOwnWordsStay: a Secret that happens to hold the words of our messages
// does not punch holes into them; what a function says is redacted as ever.
func TestOwnWordsStay(t *testing.T) {
	items := []*krm.Item{secretOf(t, map[string]string{
		"config": "the function removed what the step allows, if the object is meant to: add Delete/hunter2hunter2",
	})}
	drop := runner.FunctionFunc(func(context.Context, *krm.ResourceList) (*krm.ResourceList, error) {
		return &krm.ResourceList{}, nil
	})
	out := transform(t, drop, items, runner.TransformOptions{Name: "route"})
	want := `run function "route": function removed the object, which allow does not permit (add Delete to what the step allows if it is meant to)`
	if got := out.Items[0].Err.Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	says := runner.FunctionFunc(func(context.Context, *krm.ResourceList) (*krm.ResourceList, error) {
		return nil, fmt.Errorf("%w: hunter2hunter2", runner.ErrOutputTooLarge)
	})
	out = transform(t, says, items, runner.TransformOptions{Name: "route"})
	if got, want := out.Items[0].Err.Error(), `run function "route": output is too large: [redacted]`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestRedactCoversWhatDiffHides: a function that prints its input gives away
// nothing that krm.Diff hides.
func TestRedactCoversWhatDiffHides(t *testing.T) {
	applied := `"kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"annotations\":{\"a\":\"HIDE-annotation-applied\"}},\"Data\":{\"k\":\"HIDE-applied\"}}"`
	for name, raw := range map[string]string{
		"annotations": `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","annotations":{"short":"HIDE1","long":"HIDE-a-long-annotation",` + applied + `}}}`,
		"fields":      `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"Data":{"k":"HIDE-in-Data"},"spec":{"deep":[{"er":"HIDE-in-spec"}]},"token":"HIDE-in-token"}`,
		"group":       `{"apiVersion":"example.com/v1","kind":"Secret","metadata":{"name":"s"},"data":{"k":"HIDE-in-another-group"}}`,
		"inside":      `{"apiVersion":"template.openshift.io/v1","kind":"Template","metadata":{"name":"t","annotations":{"copy":"HIDE-in-a-copy"}},"objects":[{"kind":"Secret","metadata":{"name":"s"},"Data":{"k":"HIDE-in-Data"}},{"kind":"Secret","data":{"k":"HIDE-in-data"}}]}`,
		"escaped":     `{"apiVersion":"template.openshift.io/v1","kind":"Template","metadata":{"name":"t"},"objects":[{"kind":"\u0053ecret","metadata":{"name":"s"},"data":{"k":"HIDE-by-escape"}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			item := newItem(t, raw)
			echo := strings.ReplaceAll(raw, `\"`, `"`) // the words must be gone, however they are quoted
			for _, text := range []string{raw, echo} {
				got := runner.Redact(text, []*krm.Item{item})
				if strings.Contains(got, "HIDE") || !strings.Contains(got, `"metadata"`) {
					t.Errorf("printed: %s", got)
				}
			}
		})
	}
}

// TestOurNumbersAreNoSecret: the ids that Secrets are given are annotations.
func TestOurNumbersAreNoSecret(t *testing.T) {
	items := make([]*krm.Item, 20)
	for i := range items {
		items[i] = secretOf(t, map[string]string{"k": "hunter2hunter2"})
	}
	says := runner.FunctionFunc(func(_ context.Context, list *krm.ResourceList) (*krm.ResourceList, error) {
		list.Results = []krm.Result{{Message: "12 of 15 objects"}}
		return list, nil
	})
	got := transform(t, says, items, runner.TransformOptions{Context: items[:15]}).Results
	if diff := cmp.Diff([]krm.Result{{Message: "12 of 15 objects"}}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestResultsAreRedactedEverywhere: a function may put an echo into whatever
// field of a result is a text, and it still names the objects it was given.
func TestResultsAreRedactedEverywhere(t *testing.T) {
	const value = "hunter2hunter2"
	items := []*krm.Item{secretOf(t, map[string]string{"k": value}), newItem(t, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"hunter2hunter2"}}`)}
	known := krm.RefTo(items[1].Identity())
	in := []krm.Result{
		{
			Message: value, Severity: value, File: &krm.File{Path: value},
			ResourceRef: &krm.ResourceRef{APIVersion: value, Kind: value, Name: value, Namespace: value},
			Field:       &krm.Field{Path: value, CurrentValue: value, ProposedValue: value}, Tags: map[string]string{value: value},
		},
		{Message: "about it", ResourceRef: known},
	}
	hidden := runner.Redacted
	want := []krm.Result{
		{
			Message: hidden, Severity: krm.Severity(hidden), File: &krm.File{Path: hidden},
			ResourceRef: &krm.ResourceRef{APIVersion: hidden, Kind: hidden, Name: hidden, Namespace: hidden},
			Field:       &krm.Field{Path: hidden, CurrentValue: hidden, ProposedValue: hidden}, Tags: map[string]string{hidden: hidden},
		},
		{Message: "about it", ResourceRef: known},
	}
	if diff := cmp.Diff(want, runner.NewRedactor(items).Results(in)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	says := runner.FunctionFunc(func(_ context.Context, list *krm.ResourceList) (*krm.ResourceList, error) {
		list.Results = in
		return list, nil
	})
	for _, o := range transform(t, says, items, runner.TransformOptions{WholeList: true}).Items {
		if text := fmt.Sprintf("%+v", o.Err); o.Status != runner.Failed || strings.Contains(text, value) {
			t.Errorf("%s: %s", o.Status, text)
		}
	}
}
