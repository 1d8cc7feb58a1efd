package pipeline

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Bounds of what a pipeline may hold: far above any that a person writes, and
// low enough that aliases of aliases cannot fill the memory.
const (
	maxDepth = 50
	maxNodes = 100_000
)

// decoder fills the API types from YAML nodes. Unlike the libraries' own it
// goes on after a problem and knows the line and path of each.
type decoder struct {
	problems
	nodes int
	full  bool
}

// key is one entry of a mapping.
type key struct {
	name, path  string
	node, value *yaml.Node
}

// decode fills v, which can be set, from n.
func (d *decoder) decode(n *yaml.Node, v reflect.Value, path string, depth int) {
	n, ok := d.enter(n, path, depth)
	if !ok {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.decodeStruct(n, v, path, depth)
	case reflect.Slice:
		d.decodeSlice(n, v, path, depth)
	case reflect.Map:
		d.decodeMap(n, v, path, depth)
	case reflect.String:
		if d.want(n, path, "a string", "!!str") {
			v.SetString(n.Value)
		}
	case reflect.Bool:
		if d.want(n, path, "true or false", "!!bool") {
			var b bool
			_ = n.Decode(&b) // cannot fail: the tag was resolved from the text
			v.SetBool(b)
		}
	default:
		panic("pipeline: type " + v.Type().String() + " in the API")
	}
}

// enter resolves an alias and keeps the bounds.
func (d *decoder) enter(n *yaml.Node, path string, depth int) (*yaml.Node, bool) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	d.nodes++
	if d.nodes > maxNodes || depth > maxDepth {
		if !d.full {
			d.addf(path, "write it out without aliases", "more than %d values or %d levels", maxNodes, maxDepth)
		}
		d.full = true
		return nil, false
	}
	return n, true
}

// want reports whether n is a scalar of the given tag, and adds a problem if not.
func (d *decoder) want(n *yaml.Node, path, what, tag string) bool {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == tag {
		return true
	}
	hint := ""
	if n.Kind == yaml.ScalarNode && tag == "!!str" && n.ShortTag() != "!!null" {
		hint = fmt.Sprintf("put it in quotes: %q", n.Value)
		if strings.HasSuffix(path, ".timeout") {
			hint = "write a number with a unit, as 30s, 500ms or 2m"
		}
	}
	if n.Kind == yaml.SequenceNode && strings.HasSuffix(path, ".context") {
		hint = "write context: true, and the list as facts"
	}
	if n.Kind != yaml.ScalarNode && strings.Contains(path, ".configMap") {
		hint = "write it as text, in quotes; or configure the step by config, a whole object"
	}
	d.wrongType(n, path, what, hint)
	return false
}

func (d *decoder) wrongType(n *yaml.Node, path, what, hint string) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		d.addf(path, "give it a value or leave the key out", "is empty, want %s", what)
		return
	}
	d.addf(path, hint, "is %s, want %s", describe(n), what)
}

// describe names the type of n for people.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
	}
	switch n.ShortTag() {
	case "!!str":
		return "a string"
	case "!!bool":
		return "a boolean"
	case "!!int", "!!float":
		return "a number"
	case "!!timestamp":
		return "a date"
	default:
		return "of type " + n.ShortTag()
	}
}

func (d *decoder) decodeStruct(n *yaml.Node, v reflect.Value, path string, depth int) {
	fields := map[string]int{}
	var names []string
	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); name != "" {
			fields[name] = i
			names = append(names, name)
		}
	}
	for _, k := range d.keys(n, path, "a mapping") {
		i, ok := fields[k.name]
		if !ok {
			d.addf(k.path, unknownKeyHint(k.name, names), "unknown key")
			continue
		}
		d.decode(k.value, v.Field(i), k.path, depth+1)
	}
}

func (d *decoder) decodeSlice(n *yaml.Node, v reflect.Value, path string, depth int) {
	if n.Kind != yaml.SequenceNode {
		d.wrongType(n, path, "a list", `write "- " before each entry`)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, c := range n.Content {
		p := fmt.Sprintf("%s[%d]", path, i)
		d.source.lines[p] = c.Line
		d.decode(c, v.Index(i), p, depth+1)
	}
}

// decodeMap fills a map of strings or of anything.
func (d *decoder) decodeMap(n *yaml.Node, v reflect.Value, path string, depth int) {
	keys := d.keys(n, path, "a mapping")
	if keys == nil {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, k := range keys {
		if v.Type().Elem().Kind() == reflect.Interface {
			value := d.value(k.value, k.path, depth+1)
			v.SetMapIndex(reflect.ValueOf(k.name), reflect.ValueOf(&value).Elem())
			continue
		}
		s := reflect.New(v.Type().Elem()).Elem()
		if value := k.value; isLiteral(path, value) {
			s.SetString(value.Value)
		} else {
			d.decode(value, s, k.path, depth+1)
		}
		v.SetMapIndex(reflect.ValueOf(k.name), s)
	}
}

// isLiteral reports whether n is a number or boolean in a configMap, where
// each value counts as the string that was written, as kpt has it.
func isLiteral(path string, n *yaml.Node) bool {
	return strings.HasSuffix(path, ".configMap") && n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null"
}

// keys returns the entries of a mapping and reports repeated ones. It is nil
// when n is none.
func (d *decoder) keys(n *yaml.Node, path, what string) []key {
	if n.Kind != yaml.MappingNode {
		d.wrongType(n, path, what, "")
		return nil
	}
	keys := make([]key, 0, len(n.Content)/2)
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := key{node: n.Content[i], value: n.Content[i+1]}
		if k.node.Kind != yaml.ScalarNode {
			d.addf(path, "", "has a key that is %s", describe(k.node))
			continue
		}
		k.name, k.path = k.node.Value, joinPath(path, k.node.Value)
		if k.node.ShortTag() == "!!merge" { // without quotes; it would be sent to the function as a key
			d.list = append(d.list, Problem{Path: k.path, Line: k.node.Line, Reason: "unknown key", Hint: mergeHint})
			continue
		}
		if line, ok := first[k.name]; ok {
			d.list = append(d.list, Problem{
				Path: k.path, Line: k.node.Line, Hint: "keep one of them",
				Reason: fmt.Sprintf("the key stands twice, first on line %d", line),
			})
			continue
		}
		first[k.name] = k.node.Line
		d.source.lines[k.path] = k.node.Line
		keys = append(keys, k)
	}
	return keys
}

// value returns what encoding/json would make of n, numbers as they are
// written.
func (d *decoder) value(n *yaml.Node, path string, depth int) any {
	n, ok := d.enter(n, path, depth)
	if !ok {
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for _, k := range d.keys(n, path, "a mapping") {
			m[k.name] = d.value(k.value, k.path, depth+1)
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = d.value(c, fmt.Sprintf("%s[%d]", path, i), depth+1)
		}
		return list
	default:
		return d.scalar(n, path)
	}
}

func (d *decoder) scalar(n *yaml.Node, path string) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool", "!!int", "!!float":
		if n.ShortTag() != "!!bool" && json.Valid([]byte(n.Value)) {
			return json.Number(n.Value)
		}
		var v any
		if err := n.Decode(&v); err != nil {
			d.addf(path, "", "cannot be read: %v", err)
			return nil
		}
		if _, err := json.Marshal(v); err != nil {
			d.addf(path, "put it in quotes", "is not a number that JSON knows")
			return nil
		}
		return v
	default:
		return n.Value
	}
}

// joinPath appends a key to a field path.
func joinPath(path, name string) string {
	switch {
	case strings.ContainsAny(name, ".[]\"") || name == "":
		return fmt.Sprintf("%s[%q]", path, name)
	case path == "":
		return name
	default:
		return path + "." + name
	}
}
