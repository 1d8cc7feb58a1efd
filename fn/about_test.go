package fn

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
)

func TestAbout(t *testing.T) {
	f := New("drop-pods", "Drops pods.", func(context.Context, NoConfig, *List) error { return nil }, Describe(About{
		Kinds: []string{"Pod"},
		Needs: Needs{Delete: Always, Rename: "with names", Context: "without names", List: Always},
	}))
	want := About{
		Kinds: []string{"Pod"}, Phases: []string{Backup, Restore},
		Needs: Needs{Delete: Always, Rename: "with names", Context: "without names", List: Always},
	}
	if diff := cmp.Diff(want, f.About()); diff != "" {
		t.Errorf("About (-want +got):\n%s", diff)
	}
	f.About().Kinds[0] = "Changed"
	f.About().Phases[0] = "Changed"
	if diff := cmp.Diff(want, f.About()); diff != "" {
		t.Errorf("About after a caller changed it (-want +got):\n%s", diff)
	}
	grants := []Grant{
		{"allow", "Delete", Always},
		{"allow", "Rename", "with names"},
		{"context", "true", "without names"},
		{"scope", "List", Always},
	}
	if diff := cmp.Diff(grants, f.About().Needs.Grants()); diff != "" {
		t.Errorf("Grants (-want +got):\n%s", diff)
	}
}

// moving is a config that says what it needs.
type moving struct {
	Objects bool `json:"objects"`
	Size    int  `json:"size"`
}

func (m moving) Needs() Needs {
	if !m.Objects {
		return Needs{}
	}
	return Needs{Rename: "with objects: true", Delete: "with objects: true"}
}

func TestNeedsOfAConfig(t *testing.T) {
	f := New("move", "Moves.", func(context.Context, moving, *List) error { return nil }, Describe(About{
		Needs: Needs{Delete: Always, Rename: "with objects: true", List: "to see all"},
	}))
	always := Grant{"allow", "Delete", Always}
	for text, want := range map[string][]Grant{
		"":                           {always},
		"{objects: 'false'}":         {always},
		"{objects: 'true'}":          {always, {"allow", "Rename", "with objects: true"}},
		"{objects: 'true', size: x}": {always}, // nobody knows what is meant
	} {
		var cfg *krm.Item
		if text != "" {
			cfg = config(t, "apiVersion: v1\nkind: ConfigMap\ndata: "+text)
		}
		if diff := cmp.Diff(want, f.Needs(cfg)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestOnlyPhases(t *testing.T) {
	for _, tc := range []struct {
		about About
		want  []string
	}{
		{About{Phases: []string{Backup}}, []string{Backup}},
		{About{}, nil},
		{About{Phases: []string{Restore}, Validates: true}, nil}, // it changes nothing
	} {
		f := New("x", "X.", func(context.Context, NoConfig, *List) error { return nil }, Describe(tc.about))
		if diff := cmp.Diff(tc.want, f.OnlyPhases(nil)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tc.about, diff)
		}
	}
}

// telling is for backups unless its config says that it is for any phase.
type telling struct {
	Any  bool `json:"any"`
	Size int  `json:"size"`
}

func (c telling) Phases() []string {
	if c.Any {
		return nil
	}
	return []string{Backup}
}

// TestPhaseTeller: the config has the last word.
func TestPhaseTeller(t *testing.T) {
	f := New("x", "X.", func(context.Context, telling, *List) error { return nil }, Describe(About{Phases: []string{Backup}}))
	for text, want := range map[string][]string{
		"":                       {Backup},
		"{any: 'false'}":         {Backup},
		"{any: 'true'}":          nil,
		"{any: 'true', size: x}": nil, // nobody knows what is meant
	} {
		var cfg *krm.Item
		if text != "" {
			cfg = config(t, "apiVersion: v1\nkind: ConfigMap\ndata: "+text)
		}
		if diff := cmp.Diff(want, f.OnlyPhases(cfg)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// TestSayingsOfRequests: what RequestItems says is among a function's own words.
func TestSayingsOfRequests(t *testing.T) {
	nothing := func(context.Context, NoConfig, *List) error { return nil }
	for reason, tc := range map[string]struct {
		about About
		want  []string
	}{
		"a function that asks": {About{Kinds: []string{"Pod"}, AdditionalItems: []string{"secrets"}}, []string{"done: %d", "additional item %s"}},
		"one that does not":    {About{Kinds: []string{"Pod"}}, []string{"done: %d"}},
	} {
		if diff := cmp.Diff(tc.want, New("x", "X.", nothing, Describe(tc.about), Says("done: %d")).Sayings()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", reason, diff)
		}
	}
}

func TestFieldDefaults(t *testing.T) {
	type config struct {
		On   bool   `json:"on" doc:"whether; default false, as before"`
		Text string `json:"text" doc:"what; this or that"`
		Bare string `json:"bare"`
	}
	f := New("x", "X.", func(context.Context, config, *List) error { return nil })
	want := []ConfigField{
		{Name: "on", Type: "boolean", Doc: "whether", Default: "false, as before"},
		{Name: "text", Type: "string", Doc: "what; this or that"},
		{Name: "bare", Type: "string"},
	}
	if diff := cmp.Diff(want, f.ConfigFields()); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

// wantSpec is the schema of the spec of shape.
const wantSpec = `{
  "type": "object", "additionalProperties": false, "required": ["name", "rules"],
  "properties": {
    "name":  {"type": "string", "minLength": 1, "description": "what to call it"},
    "rules": {"type": "array", "minItems": 1, "items": {
      "type": "object", "additionalProperties": false, "required": ["from"],
      "properties": {
        "from": {"type": "string", "minLength": 1, "description": "where from"},
        "keep": {"type": "boolean"}
      }
    }},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "sizes":  {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "number"}}},
    "count":  {"type": "integer", "default": 3, "description": "how many; default 3"},
    "on":     {"type": "boolean", "default": false, "description": "whether; default false, as before"},
    "other":  {"type": "boolean", "description": "whether; default as the Backup has it"},
    "any":    {}
  }
}`

func TestConfigSchema(t *testing.T) {
	type shape struct {
		Name   string               `json:"name" required:"true" doc:"what to call it"`
		Rules  []rule               `json:"rules" required:"true"`
		Labels map[string]string    `json:"labels"`
		Sizes  map[string][]float64 `json:"sizes"`
		Count  int                  `json:"count" doc:"how many; default 3"`
		On     bool                 `json:"on" doc:"whether; default false, as before"`
		Other  bool                 `json:"other" doc:"whether; default as the Backup has it"`
		Any    any                  `json:"any"`
	}
	f := New("make-shape", "Makes.", func(context.Context, shape, *List) error { return nil }, AcceptConfig("example.com/v1", "Shape"))
	var got struct {
		AnyOf []struct {
			Title      string
			Required   []string
			Properties map[string]any
		}
	}
	recode(t, f.ConfigSchema(), &got)
	var titles []string
	for _, form := range got.AnyOf {
		titles = append(titles, form.Title)
	}
	if diff := cmp.Diff([]string{"ConfigMap", "MakeShape", "MakeShape without spec", "Shape", "Shape without spec"}, titles); diff != "" {
		t.Fatalf("forms (-want +got):\n%s", diff)
	}
	var want any
	if err := json.Unmarshal([]byte(wantSpec), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.AnyOf[1].Properties["spec"]); diff != "" {
		t.Errorf("spec (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"apiVersion", "kind", "name", "rules"}, got.AnyOf[2].Required); diff != "" {
		t.Errorf("required without spec (-want +got):\n%s", diff)
	}
	text := got.AnyOf[0].Properties["data"].(map[string]any)["properties"].(map[string]any)["rules"]
	if diff := cmp.Diff(map[string]any{"type": "string", "minLength": 1.0, "description": "(list of object, as YAML)"}, text); diff != "" {
		t.Errorf("a list in a ConfigMap (-want +got):\n%s", diff)
	}
}

// anything reads itself.
type anything struct {
	Rules []rule `json:"rules" required:"true" doc:"which"`
}

func (*anything) ReadConfig(*krm.Item) error { return nil }

func TestConfigSchemaOfConfigReader(t *testing.T) {
	f := New("x", "X.", func(context.Context, anything, *List) error { return nil })
	var got struct {
		AnyOf []struct {
			AdditionalProperties any
			Required             []string
			Properties           map[string]any
		}
	}
	recode(t, f.ConfigSchema(), &got)
	want := map[string]any{
		"type": "object", "additionalProperties": true,
		"properties": map[string]any{"rules": map[string]any{"description": "which"}},
	}
	if diff := cmp.Diff(want, got.AnyOf[1].Properties["spec"]); diff != "" {
		t.Errorf("spec (-want +got):\n%s", diff)
	}
	if flat := got.AnyOf[2]; flat.AdditionalProperties != true || len(flat.Required) != 2 {
		t.Errorf("without spec: %v", flat)
	}
}

func recode(t *testing.T, from, into any) {
	t.Helper()
	raw, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}
