package fn

import (
	"reflect"
	"strconv"
	"strings"
)

// schemaDialect is what [Function.ConfigSchema] is written in.
const schemaDialect = "https://json-schema.org/draft/2020-12/schema"

// ConfigSchema returns the JSON Schema (draft 2020-12) of the whole
// functionConfig, for editors and other tools: an object of a kind that the
// function accepts, or a ConfigMap. It refuses what [Function.CheckConfig]
// refuses as far as a schema can say it; what a [Validator] checks, and the
// values in a ConfigMap, it does not know, and of the fields of a
// [ConfigReader] it knows the names alone. The caller may change it.
func (f Function) ConfigSchema() map[string]any {
	fields, open := f.ConfigFields(), f.readsItself()
	if open {
		fields = namesAlone(fields)
	}
	var forms []any
	for _, k := range f.kinds {
		if k.kind == "ConfigMap" && k.apiVersion == "v1" {
			forms = append(forms, configMapForm(fields, open))
			continue
		}
		forms = append(forms, specForm(k, fields, open), flatForm(k, fields, open))
	}
	return map[string]any{
		"$schema":     schemaDialect,
		"title":       "functionConfig of " + f.name,
		"description": f.summary,
		"anyOf":       forms,
	}
}

// readsItself reports whether fields cannot say what the config looks like.
func (f Function) readsItself() bool {
	return f.config != nil && reflect.PointerTo(f.config).Implements(reflect.TypeFor[ConfigReader]())
}

// namesAlone takes away what a config that reads itself may have otherwise.
func namesAlone(fields []ConfigField) []ConfigField {
	names := make([]ConfigField, len(fields))
	for i, f := range fields {
		names[i] = ConfigField{Name: f.Name, Doc: f.Doc, Type: typeAny}
	}
	return names
}

// specForm has the fields in spec.
func specForm(k configKind, fields []ConfigField, open bool) map[string]any {
	form := head(k)
	properties := form["properties"].(map[string]any)
	properties["spec"] = objectSchema(fields, open)
	required := []any{"apiVersion", "kind"}
	if anyRequired(fields) {
		required = append(required, "spec")
	}
	form["title"], form["required"] = k.kind, required
	return form
}

// flatForm has the fields beside apiVersion and kind, as the kinds of the
// public catalogue.
func flatForm(k configKind, fields []ConfigField, open bool) map[string]any {
	form := head(k)
	properties := form["properties"].(map[string]any)
	body := objectSchema(fields, open)
	required := []any{"apiVersion", "kind"}
	if more, ok := body["required"].([]any); ok {
		required = append(required, more...)
	}
	for name, s := range body["properties"].(map[string]any) {
		properties[name] = s
	}
	form["title"], form["required"] = k.kind+" without spec", required
	form["additionalProperties"] = open
	return form
}

// configMapForm has every value as text.
func configMapForm(fields []ConfigField, open bool) map[string]any {
	form := head(configKind{"v1", "ConfigMap"})
	properties := form["properties"].(map[string]any)
	texts := make([]ConfigField, len(fields))
	for i, field := range fields {
		texts[i] = ConfigField{Name: field.Name, Doc: field.Doc, Type: typeString, Required: field.Required}
		if field.Type != typeString {
			texts[i].Doc = strings.TrimSpace(field.Doc + " (" + field.Type + ", as YAML)")
		}
	}
	properties["data"] = objectSchema(texts, open)
	properties["immutable"] = map[string]any{"type": typeBoolean}
	required := []any{"apiVersion", "kind"}
	if anyRequired(fields) {
		required = append(required, "data")
	}
	form["title"], form["required"] = "ConfigMap", required
	return form
}

// head is what every form begins with.
func head(k configKind) map[string]any {
	return map[string]any{
		"type": "object",
		"properties": map[string]any{
			"apiVersion": map[string]any{"const": k.apiVersion},
			"kind":       map[string]any{"const": k.kind},
			"metadata":   map[string]any{"type": "object"},
		},
		"additionalProperties": false,
	}
}

func anyRequired(fields []ConfigField) bool {
	for _, f := range fields {
		if f.Required {
			return true
		}
	}
	return false
}

func objectSchema(fields []ConfigField, open bool) map[string]any {
	properties := make(map[string]any, len(fields))
	var required []any
	for _, f := range fields {
		properties[f.Name] = fieldSchema(f)
		if f.Required {
			required = append(required, f.Name)
		}
	}
	s := map[string]any{"type": "object", "properties": properties, "additionalProperties": open}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

func fieldSchema(f ConfigField) map[string]any {
	s := typeSchema(f.Type, f.Fields)
	description := f.Doc
	if f.Default != "" {
		description += defaultMark + f.Default
		if v, ok := defaultValue(f); ok {
			s["default"] = v
		}
	}
	if description != "" {
		s["description"] = description
	}
	// A required field must be there and not be empty.
	if bound := emptyBound(f.Type); f.Required && bound != "" {
		s[bound] = 1
	}
	return s
}

// typeSchema follows the grammar of [ConfigField].Type.
func typeSchema(name string, fields []ConfigField) map[string]any {
	if element, ok := strings.CutPrefix(name, listOf); ok {
		return map[string]any{"type": "array", "items": typeSchema(element, fields)}
	}
	if element, ok := strings.CutPrefix(name, mapOf); ok {
		return map[string]any{"type": "object", "additionalProperties": typeSchema(element, fields)}
	}
	switch name {
	case typeObject:
		return objectSchema(fields, false)
	case typeAny:
		return map[string]any{}
	default:
		return map[string]any{"type": name}
	}
}

// emptyBound is the keyword that refuses the empty value of a type.
func emptyBound(name string) string {
	switch {
	case name == typeString:
		return "minLength"
	case strings.HasPrefix(name, listOf):
		return "minItems"
	case strings.HasPrefix(name, mapOf):
		return "minProperties"
	default:
		return ""
	}
}

// defaultValue is the default as a value, when it is one and not a phrase.
func defaultValue(f ConfigField) (any, bool) {
	word, _, _ := strings.Cut(f.Default, ",")
	switch f.Type {
	case typeBoolean:
		v, err := strconv.ParseBool(word)
		return v, err == nil
	case typeInteger:
		v, err := strconv.ParseInt(word, 10, 64)
		return v, err == nil
	default:
		return nil, false
	}
}
