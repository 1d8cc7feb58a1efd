package runcontext_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/fn/runcontext"
	"github.com/velero-krm/velero-krm/krm"
)

// The pages that are made from the type. UPDATE_DOCS=1 writes them.
var (
	schemaFile = filepath.Join("..", "..", "docs", "run-context.schema.json")
	pageFile   = filepath.Join("..", "..", "docs", "run-context.md")
)

// What the table in the page stands between.
const tableStart, tableEnd = "<!-- fields: made from fn/runcontext by make docs -->\n", "<!-- end of fields -->\n"

// TestSchema compares the published JSON Schema with the type.
func TestSchema(t *testing.T) {
	schema := map[string]any{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       runcontext.Kind,
		"description": "What a function may know of the run it is part of. Newer versions may add fields.",
	}
	maps.Copy(schema, schemaOf(reflect.TypeFor[runcontext.RunContext]()))
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(schema); err != nil {
		t.Fatal(err)
	}
	compare(t, schemaFile, b.String())
}

// TestPage compares the table of fields with the type.
func TestPage(t *testing.T) {
	page, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), tableStart)
	_, after, closed := strings.Cut(rest, tableEnd)
	if !ok || !closed {
		t.Fatalf("%s has no place for the table of fields", pageFile)
	}
	var table strings.Builder
	table.WriteString("| field | type | what it is |\n|---|---|---|\n")
	writeRows(&table, reflect.TypeFor[runcontext.RunContext](), "")
	compare(t, pageFile, before+tableStart+table.String()+tableEnd+after)
}

// TestExample: the example of the page is what a plugin may write, and shows
// every field.
func TestExample(t *testing.T) {
	page, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	example, _, _ := strings.Cut(rest, "```\n")
	items, err := krm.ReadItems(strings.NewReader(example), pageFile)
	if err != nil || len(items) != 1 {
		t.Fatalf("the first block of %s is not one object: %v", pageFile, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(items[0].Raw()))
	decoder.DisallowUnknownFields()
	var c runcontext.RunContext
	if err := decoder.Decode(&c); err != nil {
		t.Fatalf("the example: %v", err)
	}
	if _, err := c.Item(); err != nil {
		t.Errorf("the example: %v", err)
	}
	shown := map[string]bool{}
	walk(items[0].Object(), "", shown)
	for _, field := range fieldsOf(reflect.TypeFor[runcontext.RunContext](), "") {
		if !shown[field.path] {
			t.Errorf("the example does not show %s", field.path)
		}
	}
}

// TestFullHasEveryField keeps full, which other tests rely on, complete.
func TestFullHasEveryField(t *testing.T) {
	item, err := full().Item()
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	walk(item.Object(), "", shown)
	for _, field := range fieldsOf(reflect.TypeFor[runcontext.RunContext](), "") {
		if !shown[field.path] {
			t.Errorf("full has no %s", field.path)
		}
	}
}

// compare compares a file with what it must be.
func compare(t *testing.T, path, want string) {
	t.Helper()
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Errorf("%s is not what the type says (-file +type); make docs writes it:\n%s", path, diff)
	}
}

// field is one field of the type, anywhere in it.
type field struct {
	path, doc string
	typ       reflect.Type
}

// fieldsOf lists the fields, each before those in it. In a path, [] stands for
// any element of a list and .* for any key of a map.
func fieldsOf(t reflect.Type, path string) []field {
	var list []field
	for i := range t.NumField() {
		name, _ := jsonName(t.Field(i))
		f := field{path: strings.TrimPrefix(path+"."+name, "."), doc: t.Field(i).Tag.Get("doc"), typ: t.Field(i).Type}
		list = append(list, f)
		if nested, suffix := structIn(f.typ); nested != nil {
			list = append(list, fieldsOf(nested, f.path+suffix)...)
		}
	}
	return list
}

// structIn returns the struct that a type holds, and the path to it.
func structIn(t reflect.Type) (reflect.Type, string) {
	suffix := ""
	for {
		switch t.Kind() {
		case reflect.Struct:
			return t, suffix
		case reflect.Pointer:
		case reflect.Slice:
			suffix += "[]"
		case reflect.Map:
			suffix += ".*"
		default:
			return nil, ""
		}
		t = t.Elem()
	}
}

func jsonName(f reflect.StructField) (name string, required bool) {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name, options == ""
}

func writeRows(b *strings.Builder, t reflect.Type, path string) {
	for _, f := range fieldsOf(t, path) {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", f.path, typeName(f.typ), f.doc)
	}
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Slice:
		return "list of " + typeName(t.Elem())
	case reflect.Map:
		return "map of " + typeName(t.Elem())
	case reflect.Bool:
		return "boolean"
	case reflect.Struct:
		return "object"
	default:
		return t.Kind().String()
	}
}

// schemaOf returns the JSON Schema of a type.
func schemaOf(t reflect.Type) map[string]any {
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Struct:
		return structSchema(t)
	default:
		s := map[string]any{"type": t.Kind().String()}
		if values := valuesOf(t); values != nil {
			s["enum"] = values
		}
		return s
	}
}

func structSchema(t reflect.Type) map[string]any {
	properties := map[string]any{}
	var required []string
	for i := range t.NumField() {
		name, must := jsonName(t.Field(i))
		s := schemaOf(t.Field(i).Type)
		s["description"] = t.Field(i).Tag.Get("doc")
		properties[name] = s
		if must {
			required = append(required, name)
		}
	}
	schema := map[string]any{"type": "object", "properties": properties}
	if required != nil {
		schema["required"] = required
	}
	return schema
}

// valuesOf lists what a text may be, nil for anything. Facts and states of the
// registry may become more.
func valuesOf(t reflect.Type) []string {
	if t == reflect.TypeFor[runcontext.Phase]() {
		return []string{string(runcontext.PhaseBackup), string(runcontext.PhaseRestore)}
	}
	return nil
}

// walk collects the paths of the fields of a value, as fieldsOf writes them.
func walk(value any, path string, shown map[string]bool) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			for _, name := range []string{key, "*"} {
				p := strings.TrimPrefix(path+"."+name, ".")
				shown[p] = true
				walk(v[key], p, shown)
			}
		}
	case []any:
		for _, element := range v {
			walk(element, path+"[]", shown)
		}
	}
}
