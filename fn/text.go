package fn

import (
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fromText fills target from a value of a ConfigMap's data: strings as they
// are, true and false, numbers, and everything else as YAML. A list of strings
// may also be written with commas or one to a line.
func (d *decoder) fromText(target reflect.Value, from any, path string) {
	text, ok := from.(string)
	if !ok {
		d.wrongType(path, "string", from)
		return
	}
	d.text = false
	defer func() { d.text = true }()
	v, err := textValue(target, text)
	if err != nil {
		d.problem(path, err.Error(), "")
		return
	}
	if v != nil {
		d.value(target, v, path)
	}
}

// textValue returns what text says as a value for target; nil means absent.
func textValue(target reflect.Value, text string) (any, error) {
	if isText(target) {
		return text, nil
	}
	trimmed := strings.TrimSpace(text)
	if target.Kind() == reflect.Slice && isText(reflect.New(target.Type().Elem()).Elem()) && !looksLikeYAMLList(trimmed) {
		return splitList(trimmed), nil
	}
	return parseYAML(trimmed)
}

// isText reports whether a value of that type is filled from a string.
func isText(v reflect.Value) bool {
	if !v.CanAddr() {
		return v.Kind() == reflect.String
	}
	switch v.Addr().Interface().(type) {
	case json.Unmarshaler:
		return false
	case encoding.TextUnmarshaler:
		return true
	}
	return v.Kind() == reflect.String
}

func looksLikeYAMLList(text string) bool {
	return strings.HasPrefix(text, "[") || text == "-" || strings.HasPrefix(text, "- ")
}

func splitList(text string) []any {
	list := []any{}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == '\n' }) {
		if word = strings.TrimSpace(word); word != "" {
			list = append(list, word)
		}
	}
	return list
}

// maxConfigDepth bounds the recursion; configs are flat.
const maxConfigDepth = 100

// parseYAML reads one value. Its errors hold nothing of the text.
func parseYAML(text string) (any, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, errors.New("is not well-formed YAML")
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return fromYAML(doc.Content[0], 0)
}

func fromYAML(n *yaml.Node, depth int) (any, error) {
	if depth > maxConfigDepth {
		return nil, errors.New("is nested too deeply")
	}
	switch n.Kind {
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			v, err := fromYAML(c, depth+1)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	case yaml.MappingNode:
		return mapFromYAML(n, depth)
	case yaml.ScalarNode:
		return scalarFromYAML(n), nil
	default:
		return nil, errors.New("has a YAML alias, which a config value must not")
	}
}

func mapFromYAML(n *yaml.Node, depth int) (any, error) {
	m := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return nil, errors.New("has a key that is no string")
		}
		if _, ok := m[key.Value]; ok {
			return nil, errors.New("has the same key twice")
		}
		v, err := fromYAML(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		m[key.Value] = v
	}
	return m, nil
}

// scalarFromYAML keeps as strings all that is not a plain YAML 1.2 null,
// boolean or decimal number; dates stay strings.
func scalarFromYAML(n *yaml.Node) any {
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return i
		}
	case "!!float":
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value)
		}
	}
	return n.Value
}
