package fn

import (
	"encoding"
	"reflect"
	"strings"
)

// ConfigField describes one field of a function's config.
type ConfigField struct {
	// Name of the field in the config.
	Name string
	// Type is string, boolean, integer, number, any, "list of T" or "map of T",
	// where T may be "object" with Fields.
	Type string
	// Doc is one phrase, without the default; may be empty.
	Doc string
	// Default says what holds for a field that is not there: a value or a phrase.
	// Empty when nothing does. It is what follows "; default " in the tag doc.
	Default string
	// Required fields must be there and not be empty.
	Required bool
	// Fields of an object, or of the objects in a list or map.
	Fields []ConfigField
}

// The words of ConfigField.Type; those without a blank are also JSON Schema's.
const (
	typeString  = "string"
	typeBoolean = "boolean"
	typeInteger = "integer"
	typeNumber  = "number"
	typeAny     = "any"
	typeObject  = "object"
	listOf      = "list of "
	mapOf       = "map of "
)

// ConfigFields describes the config, in the order of the Go struct; empty for
// a function that takes none or reads its config itself.
func (f Function) ConfigFields() []ConfigField {
	if f.config == nil || f.config.Kind() != reflect.Struct {
		return nil
	}
	return describe(f.config)
}

// defaultMark separates what a field is for from its default, in the tag doc.
const defaultMark = "; default "

func describe(t reflect.Type) []ConfigField {
	var list []ConfigField
	for _, f := range structFields(t) {
		name, nested := describeType(f.typ)
		c := ConfigField{Name: f.name, Type: name, Required: f.required}
		c.Doc, c.Default, _ = strings.Cut(f.doc, defaultMark)
		if nested != nil {
			c.Fields = describe(nested)
		}
		list = append(list, c)
	}
	return list
}

// describeType returns the name of a type and the struct that is in it.
func describeType(t reflect.Type) (string, reflect.Type) {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return typeString, nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return describeType(t.Elem())
	case reflect.Slice:
		name, nested := describeType(t.Elem())
		return listOf + name, nested
	case reflect.Map:
		name, nested := describeType(t.Elem())
		return mapOf + name, nested
	case reflect.Struct:
		return typeObject, t
	case reflect.String:
		return typeString, nil
	case reflect.Bool:
		return typeBoolean, nil
	case reflect.Float32, reflect.Float64:
		return typeNumber, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return typeInteger, nil
	default:
		return typeAny, nil
	}
}
