package fn

import (
	"encoding"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/velero-krm/velero-krm/internal/jsonvalue"
)

// decoder fills Go values from decoded JSON and collects every problem. It is
// not encoding/json, which stops at the first one and whose errors hold
// values.
type decoder struct {
	// text is true while the values of a ConfigMap's data are read.
	text     bool
	problems []Problem
}

// DecodeStrict fills the struct that into points to from a decoded JSON object,
// as krm.Item.Object returns it, in the way of configs: by the json names of the
// fields, null as if it were not there. It returns all that is wrong: unknown
// fields, with the one that was most likely meant, wrong types, and missing
// fields of the tag required:"true". A value is in none of it.
func DecodeStrict(from map[string]any, into any) []Problem {
	var d decoder
	d.fields(reflect.ValueOf(into).Elem(), from, "")
	return d.problems
}

func (d *decoder) problem(path, reason, hint string) {
	d.problems = append(d.problems, Problem{Path: path, Reason: reason, Hint: hint})
}

// structField is one field of a config struct.
type structField struct {
	name     string
	required bool
	doc      string
	index    []int
	typ      reflect.Type
}

// structFields lists the fields of t that have a json name, those of embedded
// structs included.
func structFields(t reflect.Type) []structField {
	var list []structField
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		list = append(list, structField{name, f.Tag.Get("required") == "true", f.Tag.Get("doc"), f.Index, f.Type})
	}
	return list
}

// fields fills the struct target from a mapping.
func (d *decoder) fields(target reflect.Value, from map[string]any, path string) {
	known := structFields(target.Type())
	var names []string
	for _, f := range known {
		names = append(names, f.name)
	}
	for _, key := range slices.Sorted(maps.Keys(from)) {
		if !slices.Contains(names, key) {
			d.problem(keyPath(path, key), "unknown field", didYouMean(key, names))
		}
	}
	bad := map[string]bool{}
	for _, f := range known {
		v := from[f.name]
		if v == nil { // null counts as absent
			continue
		}
		before := len(d.problems)
		d.value(target.FieldByIndex(f.index), v, keyPath(path, f.name))
		bad[f.name] = len(d.problems) > before
	}
	d.problems = append(d.problems, missingRequired(target, bad, path)...)
}

// missingRequired lists required fields that are empty; those in bad were told
// already.
func missingRequired(target reflect.Value, bad map[string]bool, path string) []Problem {
	var problems []Problem
	for _, f := range structFields(target.Type()) {
		v := target.FieldByIndex(f.index)
		empty := v.IsZero() || (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0
		if f.required && empty && !bad[f.name] {
			problems = append(problems, Problem{Path: keyPath(path, f.name), Reason: "is required", Hint: f.doc})
		}
	}
	return problems
}

func (d *decoder) value(target reflect.Value, from any, path string) {
	if d.text {
		d.fromText(target, from, path)
		return
	}
	if d.custom(target, from, path) {
		return
	}
	switch target.Kind() {
	case reflect.Pointer:
		target.Set(reflect.New(target.Type().Elem()))
		d.value(target.Elem(), from, path)
	case reflect.Interface:
		target.Set(reflect.ValueOf(from))
	case reflect.Struct:
		if m, ok := from.(map[string]any); ok {
			d.fields(target, m, path)
			return
		}
		d.wrongType(path, "map", from)
	case reflect.Map:
		d.mapping(target, from, path)
	case reflect.Slice:
		d.slice(target, from, path)
	default:
		d.scalar(target, from, path)
	}
}

func (d *decoder) wrongType(path, want string, got any) {
	d.problem(path, "must be a "+want+", is a "+jsonvalue.TypeName(got), typeHint(want, got))
}

// typeHint says what to write instead of a value of another type.
func typeHint(want string, got any) string {
	text, isText := got.(string)
	switch {
	case want == "string" && (jsonvalue.TypeName(got) == "number" || jsonvalue.TypeName(got) == "boolean"):
		return "put it in quotes"
	case want == "boolean" && (text == "true" || text == "false"):
		return "remove the quotes"
	case want == "boolean":
		return "write true or false"
	case isText && isNumber(want, text):
		return "remove the quotes"
	}
	return ""
}

// isNumber reports whether text would be what is wanted, were it no string.
func isNumber(want, text string) bool {
	switch want {
	case "whole number":
		_, err := strconv.ParseInt(text, 10, 64)
		return err == nil
	case "number":
		return text != "" && (text[0] == '-' || text[0] >= '0' && text[0] <= '9') && json.Valid([]byte(text))
	}
	return false
}

// custom fills types that read themselves.
func (d *decoder) custom(target reflect.Value, from any, path string) bool {
	switch u := target.Addr().Interface().(type) {
	case json.Unmarshaler:
		raw, err := json.Marshal(from)
		if err == nil {
			err = u.UnmarshalJSON(raw)
		}
		if err != nil {
			d.problem(path, err.Error(), "")
		}
	case encoding.TextUnmarshaler:
		s, ok := from.(string)
		if !ok {
			d.wrongType(path, "string", from)
		} else if err := u.UnmarshalText([]byte(s)); err != nil {
			d.problem(path, err.Error(), "")
		}
	default:
		return false
	}
	return true
}

func (d *decoder) mapping(target reflect.Value, from any, path string) {
	m, ok := from.(map[string]any)
	if !ok {
		d.wrongType(path, "map", from)
		return
	}
	t := target.Type()
	target.Set(reflect.MakeMapWithSize(t, len(m)))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		v := reflect.New(t.Elem()).Elem()
		d.element(v, m[key], keyPath(path, key))
		target.SetMapIndex(reflect.ValueOf(key).Convert(t.Key()), v)
	}
}

func (d *decoder) slice(target reflect.Value, from any, path string) {
	list, ok := from.([]any)
	if !ok {
		d.wrongType(path, "list", from)
		return
	}
	target.Set(reflect.MakeSlice(target.Type(), len(list), len(list)))
	for i := range list {
		d.element(target.Index(i), list[i], path+"["+strconv.Itoa(i)+"]")
	}
}

// element is a value within a list or map, where null stands for nothing.
func (d *decoder) element(target reflect.Value, from any, path string) {
	if from == nil && target.Kind() != reflect.Interface && target.Kind() != reflect.Pointer {
		d.problem(path, "must not be null", "")
		return
	}
	if from != nil {
		d.value(target, from, path)
	}
}

func (d *decoder) scalar(target reflect.Value, from any, path string) {
	switch target.Kind() {
	case reflect.String:
		if s, ok := from.(string); ok {
			target.SetString(s)
			return
		}
		d.wrongType(path, "string", from)
	case reflect.Bool:
		if b, ok := from.(bool); ok {
			target.SetBool(b)
			return
		}
		d.wrongType(path, "boolean", from)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if i, ok := from.(int64); !ok {
			d.wrongType(path, "whole number", from)
		} else if target.OverflowInt(i) {
			d.problem(path, "is too large", "")
		} else {
			target.SetInt(i)
		}
	case reflect.Float32, reflect.Float64:
		d.float(target, from, path)
	default:
		d.problem(path, "is of a Go type that a config cannot have: "+target.Type().String(), "")
	}
}

func (d *decoder) float(target reflect.Value, from any, path string) {
	switch n := from.(type) {
	case int64:
		target.SetFloat(float64(n))
	case json.Number:
		f, err := n.Float64()
		if err != nil {
			d.problem(path, "is too large", "")
			return
		}
		target.SetFloat(f)
	default:
		d.wrongType(path, "number", from)
	}
}
