package catalog_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// TestSchemasAgreeWithConfigs checks the configs of all fixtures by the schema
// as well: what a function accepts it must accept, and what it refuses for its
// shape it must refuse.
func TestSchemasAgreeWithConfigs(t *testing.T) {
	accepted, refused := 0, 0
	for _, f := range catalog.Functions() {
		schema := throughJSON(t, f.ConfigSchema())
		files, err := filepath.Glob(filepath.Join(f.Name(), "testdata", "*", "config.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			config, err := krm.ParseConfig(raw)
			if err != nil {
				t.Fatal(err)
			}
			wrong := validate(schema, throughJSON(t, config.Object()))
			err = f.CheckConfig(config)
			switch {
			case err == nil:
				accepted++
				if wrong != "" {
					t.Errorf("%s: the function accepts it, and the schema does not: %s", file, wrong)
				}
			case aboutShape(err, f, config):
				refused++
				if wrong == "" {
					t.Errorf("%s: the schema accepts it, and the function does not: %v", file, err)
				}
			}
		}
	}
	if accepted < 20 || refused < 10 {
		t.Errorf("%d configs are accepted and %d refused: they are not found any more", accepted, refused)
	}
}

// wrongType is what the reader of configs says of a value of another type.
var wrongType = regexp.MustCompile(`: must be a (string|boolean|number|whole number|list|map), is a (string|boolean|number|list|map)\b`)

// readsItself reports whether the schema of a function leaves its config open,
// because it reads the config itself: fields cannot say what it looks like.
func readsItself(f fn.Function) bool {
	forms, _ := f.ConfigSchema()["anyOf"].([]any)
	for _, form := range forms {
		if m, _ := form.(map[string]any); m["additionalProperties"] == true {
			return true
		}
	}
	return false
}

// aboutShape reports whether a schema can know what the function says. It knows
// nothing of the text in a ConfigMap, nor of a config that reads itself.
func aboutShape(err error, f fn.Function, config *krm.Item) bool {
	if readsItself(f) {
		return false
	}
	unknown := strings.Contains(err.Error(), "unknown field")
	if config.Identity().Kind == "ConfigMap" {
		return unknown && !strings.Contains(err.Error(), "[") && !strings.Contains(err.Error(), "].")
	}
	return unknown || wrongType.MatchString(err.Error())
}

// TestWhichFunctionsReadTheirConfigThemselves keeps the list of those that the
// test above does not ask.
func TestWhichFunctionsReadTheirConfigThemselves(t *testing.T) {
	var got []string
	for _, f := range catalog.Functions() {
		if readsItself(f) {
			got = append(got, f.Name())
		}
	}
	if want := []string{"resource-modifiers", "starlark"}; !slices.Equal(got, want) {
		t.Errorf("want %q, got %q", want, got)
	}
}

func throughJSON(t *testing.T, v any) any {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// validate checks v by the part of JSON Schema that ConfigSchema uses, and
// fails on any other keyword. It returns what is wrong, "" for nothing. It
// stands here because the module has no other use for a validator.
func validate(schema, v any) string {
	for keyword, want := range schema.(map[string]any) {
		wrong := ""
		switch keyword {
		case "$schema", "title", "description", "default", "properties":
		case "anyOf":
			wrong = validateAny(want.([]any), v)
		case "const":
			if want != v {
				wrong = fmt.Sprintf("is not %v", want)
			}
		case "type":
			if got := jsonType(v); got != want && (want != "number" || got != "integer") {
				wrong = fmt.Sprintf("is a %s and no %s", got, want)
			}
		case "required":
			m, _ := v.(map[string]any)
			for _, key := range want.([]any) {
				if m[key.(string)] == nil {
					wrong = fmt.Sprintf("lacks %s", key)
				}
			}
		case "additionalProperties":
			wrong = validateFields(schema.(map[string]any), v)
		case "items":
			list, _ := v.([]any)
			for i, element := range list {
				if w := validate(want, element); w != "" {
					wrong = fmt.Sprintf("[%d] %s", i, w)
				}
			}
		case "minLength", "minItems", "minProperties":
			if float64(size(v)) < want.(float64) {
				wrong = "is empty"
			}
		default:
			wrong = "unknown keyword " + keyword
		}
		if wrong != "" {
			return wrong
		}
	}
	return ""
}

func validateAny(forms []any, v any) string {
	var all []string
	for _, form := range forms {
		wrong := validate(form, v)
		if wrong == "" {
			return ""
		}
		all = append(all, wrong)
	}
	return strings.Join(all, "; ")
}

// validateFields checks the fields that have a schema and those that have none.
// null counts as absent, as the functions have it.
func validateFields(schema map[string]any, v any) string {
	properties, _ := schema["properties"].(map[string]any)
	m, _ := v.(map[string]any)
	for key, value := range m {
		s, known := properties[key]
		if !known {
			s = schema["additionalProperties"]
		}
		if s == false {
			return "has unknown field " + key
		}
		if s == true || value == nil {
			continue
		}
		if wrong := validate(s, value); wrong != "" {
			return key + " " + wrong
		}
	}
	return ""
}

func size(v any) int {
	switch v := v.(type) {
	case string:
		return utf8.RuneCountInString(v)
	case []any:
		return len(v)
	case map[string]any:
		return len(v)
	default:
		return 1
	}
}

func jsonType(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	default:
		return "object"
	}
}

// TestSchemasSayWhatFieldsAreFor wants a description of every field, which is
// what an editor shows.
func TestSchemasSayWhatFieldsAreFor(t *testing.T) {
	for _, f := range catalog.Functions() {
		var walk func(path []string, v any)
		walk = func(path []string, v any) {
			m, _ := v.(map[string]any)
			for key, child := range m {
				at := append(slices.Clip(path), key)
				s, isSchema := child.(map[string]any)
				inFields := len(path) > 0 && path[len(path)-1] == "properties" && !slices.Contains([]string{"apiVersion", "kind", "metadata", "spec", "data", "immutable"}, key)
				if isSchema && inFields && s["description"] == nil {
					t.Errorf("%s: field %s has no description", f.Name(), strings.Join(at, "."))
				}
				walk(at, child)
				if list, ok := child.([]any); ok {
					for _, element := range list {
						walk(at, element)
					}
				}
			}
		}
		walk(nil, f.ConfigSchema())
	}
}
