package resourcemodifiers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	// maxYAMLDepth bounds the recursion; rules and patches are flat.
	maxYAMLDepth = 100
	// maxYAMLNodes bounds what aliases can make of a text: a ConfigMap holds at
	// most 1 MiB.
	maxYAMLNodes = 1 << 20
)

// parseYAML reads one YAML document, or JSON, into the types that
// krm.Item.Object has. What YAML 1.1, which Velero reads, and YAML 1.2
// understand differently is an error. No error holds a value.
func parseYAML(text string) (any, error) {
	dec := yaml.NewDecoder(strings.NewReader(text))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil || len(doc.Content) != 1 {
		return nil, errors.New("is not well-formed YAML")
	}
	var next yaml.Node
	if err := dec.Decode(&next); !errors.Is(err, io.EOF) {
		return nil, errors.New("holds more than one YAML document")
	}
	r := yamlReader{left: maxYAMLNodes}
	return r.value(doc.Content[0], 0)
}

type yamlReader struct{ left int }

func (r *yamlReader) value(n *yaml.Node, depth int) (any, error) {
	if r.left--; depth > maxYAMLDepth || r.left < 0 {
		return nil, errors.New("is nested too deeply or too large")
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			v, err := r.value(c, depth+1)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	case yaml.MappingNode:
		return r.mapping(n, depth)
	default:
		return scalar(n)
	}
}

func (r *yamlReader) mapping(n *yaml.Node, depth int) (any, error) {
	m := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return nil, atLine(key, "has a key that is no string")
		}
		if _, err := scalar(key); err != nil {
			return nil, err
		}
		if _, ok := m[key.Value]; ok {
			return nil, atLine(key, "has the same key twice")
		}
		v, err := r.value(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		m[key.Value] = v
	}
	return m, nil
}

func atLine(n *yaml.Node, reason string) error { return fmt.Errorf("line %d: %s", n.Line, reason) }

// oldNumber is what YAML 1.1 reads as a number and JSON does not.
var oldNumber = regexp.MustCompile(`^[-+]?(0[0-7_]+|0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*_[0-9_.]*|[0-9.]+(:[0-5]?[0-9])+(\.[0-9_]*)?|\.[0-9_]+|\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)

// scalar reads a value that is neither list nor map.
func scalar(n *yaml.Node) (any, error) {
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 || n.Style&yaml.TaggedStyle != 0 && n.Tag == "!!str" {
		return n.Value, nil
	}
	switch n.Tag {
	case "!!null":
		return nil, nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true"), nil
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil && !oldNumber.MatchString(n.Value) {
			return i, nil
		}
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value), nil
		}
		return nil, atLine(n, "has a number that YAML 1.1 and JSON read differently: write it in decimal, or in quotation marks")
	case "!!float":
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value), nil
		}
		return nil, atLine(n, "has a number that is none in JSON: write it in decimal, or in quotation marks")
	case "!!str", "!!timestamp":
	default:
		return nil, atLine(n, "has a value of an unknown type")
	}
	old := slices.Contains([]string{"y", "n", "yes", "no", "on", "off"}, strings.ToLower(n.Value))
	if old || oldNumber.MatchString(n.Value) {
		return nil, atLine(n, "has a word that YAML 1.1 reads as a boolean or number: write true, false or the number, or put it in quotation marks")
	}
	return n.Value, nil
}
