package fn

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
)

// duration reads itself from text.
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = duration(v)
	if err != nil {
		return errors.New("is no duration")
	}
	return nil
}

type rule struct {
	From string `json:"from" required:"true" doc:"where from"`
	Keep *bool  `json:"keep"`
}

type common struct {
	Mode string `json:"mode" doc:"how"`
}

type everything struct {
	common
	Name    string            `json:"name" required:"true" doc:"what to call it"`
	Count   int               `json:"count"`
	Small   int8              `json:"small"`
	Ratio   float64           `json:"ratio"`
	On      bool              `json:"on"`
	List    []string          `json:"list"`
	Labels  map[string]string `json:"labels"`
	Rules   []rule            `json:"rules"`
	Timeout duration          `json:"timeout"`
	Path    Path              `json:"path"`
	Any     any               `json:"any"`
	Hidden  string            `json:"-"`
}

func (c *everything) Default() {
	if c.Mode == "" {
		c.Mode = "fast"
	}
}

func (c *everything) Validate() error {
	var errs []error
	if c.Count < 0 {
		errs = append(errs, Invalid("count", "must not be negative", ""))
	}
	if c.Mode == "broken" {
		errs = append(errs, Invalid("mode", "is broken", "mend it"))
	}
	return errors.Join(errs...)
}

func readEverything(cfg *krm.Item) (everything, error) {
	var got everything
	f := New("read-everything", "Reads.", func(_ context.Context, c everything, _ *List) error { got = c; return nil })
	_, err := f.Run(context.Background(), &krm.ResourceList{FunctionConfig: cfg})
	return got, err
}

func TestReadConfig(t *testing.T) {
	keep := true
	path, err := ParsePath("a.b[*]")
	if err != nil {
		t.Fatal(err)
	}
	want := everything{
		common: common{"fast"}, Name: "n", Count: 3, Ratio: 1.5, On: true, List: []string{"a", "b"}, Labels: map[string]string{"x": "1"},
		Rules: []rule{{"f", &keep}}, Timeout: duration(time.Minute), Path: path, Any: map[string]any{"k": int64(1)},
	}
	const fields = `
  name: n
  count: 3
  ratio: 1.5
  on: true
  list: [a, b]
  labels: {x: "1"}
  rules: [{from: f, keep: true}]
  timeout: 1m
  path: a.b[*]
  any: {k: 1}
`
	tests := map[string]string{
		"spec":      "apiVersion: velero-krm.io/v1alpha1\nkind: ReadEverything\nmetadata: {name: x}\nspec:" + fields,
		"top level": "apiVersion: velero-krm.io/v1alpha1\nkind: ReadEverything" + strings.ReplaceAll(fields, "\n  ", "\n"),
		"ConfigMap": `
apiVersion: v1
kind: ConfigMap
metadata: {name: function-input}
data:
  name: n
  count: "3"
  ratio: " 1.5 "
  on: "true"
  list: a, b
  labels: |
    x: "1"
  rules: '[{"from": "f", "keep": true}]'
  timeout: 1m
  path: a.b[*]
  any: "k: 1"
`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := readEverything(config(t, text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(everything{}, Path{}, segment{})); diff != "" {
				t.Errorf("config (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadConfigProblems(t *testing.T) {
	const kind = "apiVersion: velero-krm.io/v1alpha1\nkind: ReadEverything\n"
	const configMap = "apiVersion: v1\nkind: ConfigMap\n"
	tests := map[string]struct {
		reason string
		config string
		want   []string
	}{
		"none": {reason: "a required field", want: []string{"name: is required (what to call it)"}},
		"all at once": {
			reason: "every problem is told, by path",
			config: kind + "spec: {naem: n, count: x, small: 300, ratio: [], on: 1, list: {}, labels: [1], rules: [{form: f}, null], timeout: soon, path: ., Hidden: x}\n",
			want: []string{
				"spec.Hidden: unknown field (known: mode, name, count, small, ratio, on, list, labels, rules, timeout, path, any)",
				"spec.naem: unknown field (did you mean name?)",
				"spec.count: must be a whole number, is a string",
				"spec.small: is too large",
				"spec.ratio: must be a number, is a list",
				"spec.on: must be a boolean, is a number (write true or false)",
				"spec.list: must be a list, is a map",
				"spec.labels: must be a map, is a list",
				"spec.rules[0].form: unknown field (did you mean from?)",
				"spec.rules[0].from: is required (where from)",
				"spec.rules[1]: must not be null",
				"spec.timeout: is no duration",
				"spec.path: at character 1: expected a key; put keys with other characters in brackets and quotes",
				"spec.name: is required (what to call it)",
			},
		},
		"quotes":     {reason: "a number where text is needed", config: kind + "spec: {name: 1}\n", want: []string{"spec.name: must be a string, is a number (put it in quotes)"}},
		"fraction":   {reason: "no silent rounding", config: kind + "spec: {name: n, count: 1.5}\n", want: []string{"spec.count: must be a whole number, is a number"}},
		"validate":   {reason: "the config's own check has paths, too", config: kind + "spec: {name: n, count: -1, mode: broken}\n", want: []string{"spec.count: must not be negative", "spec.mode: is broken (mend it)"}},
		"beside":     {reason: "fields beside spec are misplaced", config: kind + "name: n\nspec: {name: n}\n", want: []string{"name: unknown field beside spec (move it into spec)"}},
		"spec text":  {reason: "spec must be a map", config: kind + "spec: secret\n", want: []string{"spec: must be a map, is a string"}},
		"other kind": {reason: "a config of another function", config: "apiVersion: velero-krm.io/v1alpha1\nkind: Other\n", want: []string{"kind: the function is not configured by kind Other of velero-krm.io/v1alpha1 (use ConfigMap of v1 or ReadEverything of velero-krm.io/v1alpha1)"}},
		"ConfigMap": {
			reason: "text that is not what the field needs, never shown",
			config: configMap + "data: {name: n, count: hunter2, on: 'yes', rules: '[{', labels: 'a: 1', any: '*hunter2', timeout: hunter2}\nnaem: x\n",
			want: []string{
				"naem: a ConfigMap that configures a function has its fields in data",
				"data.count: must be a whole number, is a string",
				"data.on: must be a boolean, is a string (write true or false)",
				"data.labels.a: must be a string, is a number (put it in quotes)",
				"data.rules: is not well-formed YAML",
				"data.timeout: is no duration",
				"data.any: is not well-formed YAML",
			},
		},
		"ConfigMap aliases": {reason: "no alias bombs, no doubled keys", config: configMap + "data: {name: n, any: '[&a 1, *a]', labels: '{a: b, a: c}'}\n", want: []string{"data.labels: has the same key twice", "data.any: has a YAML alias, which a config value must not"}},
		"ConfigMap types":   {reason: "data holds text alone", config: configMap + "data: {name: [n]}\n", want: []string{"data.name: must be a string, is a list"}},
		"ConfigMap data":    {reason: "data is a map", config: configMap + "data: x\n", want: []string{"data: must be a map, is a string"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var cfg *krm.Item
			if tc.config != "" {
				cfg = config(t, tc.config)
			}
			_, err := readEverything(cfg)
			var ce *ConfigError
			if !errors.As(err, &ce) {
				t.Fatalf("%s: got %v, want a ConfigError", tc.reason, err)
			}
			var got []string
			for _, p := range ce.Problems {
				got = append(got, p.String())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
			if all := ce.Unwrap(); len(all) != len(tc.want) || all[0].Error() != tc.want[0] {
				t.Errorf("Unwrap gives %v", all)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows a value: %v", err)
			}
		})
	}
}

// whole is a config that reads itself.
type whole struct{ kind string }

func (w *whole) ReadConfig(config *krm.Item) error {
	if config == nil {
		return Invalid("", "is needed", "")
	}
	w.kind = config.Identity().Kind
	return nil
}

func TestConfigReaderAndAcceptConfig(t *testing.T) {
	f := New("whole", "Reads itself.", func(_ context.Context, c whole, l *List) error {
		l.Report(krm.Result{Message: c.kind})
		return nil
	}, AcceptConfig("fn.kpt.dev/v1alpha1", "Script"))
	out, err := f.Run(t.Context(), &krm.ResourceList{FunctionConfig: config(t, "apiVersion: fn.kpt.dev/v1alpha1\nkind: Script\nanything: [1]\n")})
	if err != nil || out.Results[0].Message != "Script" {
		t.Errorf("got %v, %v", out, err)
	}
	if err := f.CheckConfig(nil); err == nil {
		t.Error("no config was accepted")
	}
	if err := f.CheckConfig(config(t, "apiVersion: v1\nkind: Secret\n")); err == nil {
		t.Error("a Secret was accepted")
	}
}

func TestNoConfig(t *testing.T) {
	f := New("none", "Takes none.", func(context.Context, NoConfig, *List) error { return nil })
	for name, cfg := range map[string]*krm.Item{
		"nil":             nil,
		"empty ConfigMap": config(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: function-input}\n"),
		"own kind":        config(t, "apiVersion: velero-krm.io/v1alpha1\nkind: None\nspec: null\n"),
	} {
		if err := f.CheckConfig(cfg); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := f.CheckConfig(config(t, "apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n")); err == nil {
		t.Error("a field was accepted")
	}
}

func TestConfigFields(t *testing.T) {
	f := New("read-everything", "Reads.", func(context.Context, everything, *List) error { return nil })
	got := map[string]string{}
	for _, field := range f.ConfigFields() {
		got[field.Name] = field.Type
	}
	want := map[string]string{
		"mode": "string", "name": "string", "count": "integer", "small": "integer", "ratio": "number", "on": "boolean", "list": "list of string",
		"labels": "map of string", "rules": "list of object", "timeout": "string", "path": "string", "any": "any",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if f.ConfigKind() != "ReadEverything" {
		t.Errorf("ConfigKind = %s", f.ConfigKind())
	}
}

func TestClosest(t *testing.T) {
	candidates := []string{"route", "service", "set-labels"}
	for word, want := range map[string]string{
		"Route": "route", "routes": "route", "ruote": "route", "setlabels": "set-labels", "xyz": "", "": "", strings.Repeat("route", 100): "",
	} {
		if got := Closest(word, candidates); got != want {
			t.Errorf("Closest(%q) = %q, want %q", word, got, want)
		}
	}
}

// FuzzReadConfig reads whatever config: it must not panic, and what it accepts
// it must accept again.
func FuzzReadConfig(f *testing.F) {
	for _, seed := range []string{
		`{"apiVersion":"velero-krm.io/v1alpha1","kind":"ReadEverything","spec":{"name":"n","rules":[{"from":"x"}],"path":"a[*]"}}`,
		`{"apiVersion":"v1","kind":"ConfigMap","data":{"name":"n","list":"a,b","labels":"{a: b}","any":"- &a [*a]"}}`,
		`{"apiVersion":"v1","kind":"ConfigMap","data":{"count":"1e3","ratio":".inf","any":"? [a]\n: b","on":"null"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		cfg, err := krm.ParseConfig(raw)
		if err != nil {
			return
		}
		if _, err := readEverything(cfg); err != nil {
			var ce *ConfigError
			if !errors.As(err, &ce) || len(ce.Problems) == 0 {
				t.Fatalf("got %v, want a ConfigError with problems", err)
			}
			return
		}
		if _, err := readEverything(cfg); err != nil {
			t.Fatalf("accepted once, then: %v", err)
		}
	})
}

func TestDecodeStrict(t *testing.T) {
	var into struct {
		Name  string `json:"name" required:"true"`
		Inner *struct {
			Mapping map[string]string `json:"mapping"`
		} `json:"inner"`
	}
	got := DecodeStrict(map[string]any{"inner": map[string]any{"mappings": map[string]any{"a": "b"}, "mapping": map[string]any{"a": int64(1)}}}, &into)
	want := []Problem{
		{Path: "inner.mappings", Reason: "unknown field", Hint: "did you mean mapping?"},
		{Path: "inner.mapping.a", Reason: "must be a string, is a number", Hint: "put it in quotes"},
		{Path: "name", Reason: "is required"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := DecodeStrict(map[string]any{"name": "x"}, &into); len(got) != 0 || into.Name != "x" {
		t.Errorf("got %v and %q", got, into.Name)
	}
}
