package replace

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

var errNotYAML = errors.New("is not well-formed YAML")

// parseYAML reads any number of YAML documents and where their scalars are.
func parseYAML(text string) (document, error) {
	var docs []*yaml.Node
	dec := yaml.NewDecoder(strings.NewReader(text))
	for {
		doc := new(yaml.Node)
		err := dec.Decode(doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return document{}, errNotYAML
		}
		docs = append(docs, doc)
	}
	p := yamlParser{text: text, lines: lineStarts(text)}
	out := document{encode: func() (string, error) { return encodeYAML(docs) }}
	for _, doc := range docs {
		root, err := p.node(doc, 0)
		if err != nil {
			return document{}, err
		}
		out.roots = append(out.roots, root)
	}
	return out, nil
}

func encodeYAML(docs []*yaml.Node) (string, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	for _, doc := range docs {
		if err := enc.Encode(doc); err != nil {
			return "", err
		}
	}
	err := enc.Close()
	return b.String(), err
}

type yamlParser struct {
	text  string
	lines []int
}

// node converts what the YAML package read. Aliases are left out: what they
// stand for is replaced where it is written.
func (p yamlParser) node(y *yaml.Node, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	switch y.Kind {
	case yaml.DocumentNode:
		if len(y.Content) == 1 {
			return p.node(y.Content[0], depth+1)
		}
	case yaml.SequenceNode:
		n := &node{list: make([]*node, len(y.Content))}
		for i, c := range y.Content {
			child, err := p.node(c, depth+1)
			if err != nil {
				return nil, err
			}
			n.list[i] = child
		}
		return n, nil
	case yaml.MappingNode:
		return p.mapping(y, depth)
	case yaml.ScalarNode:
		if y.ShortTag() != "!!null" {
			return p.scalar(y), nil
		}
	case yaml.AliasNode:
	}
	return &node{}, nil
}

func (p yamlParser) mapping(y *yaml.Node, depth int) (*node, error) {
	n := &node{fields: make(map[string]*node, len(y.Content)/2)}
	for i := 0; i+1 < len(y.Content); i += 2 {
		child, err := p.node(y.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if key := y.Content[i]; key.Kind == yaml.ScalarNode {
			n.fields[key.Value] = child
		}
	}
	return n, nil
}

func (p yamlParser) scalar(y *yaml.Node) *node {
	n := &node{leaf: true, value: y.Value}
	tag := y.ShortTag()
	n.set = func(value string) {
		y.Value = value
		if tag == "!!str" {
			// Or a new value that looks like a number would become one.
			y.Tag = tag
		}
	}
	start, ok := p.offset(y.Line, y.Column)
	if !ok {
		return n
	}
	rest, length := p.text[start:], 0
	switch {
	case y.Style&yaml.DoubleQuotedStyle != 0:
		length, n.render = doubleQuoted(rest), strconv.Quote
	case y.Style&yaml.SingleQuotedStyle != 0:
		length, n.render = singleQuoted(rest), renderSingle
	case y.Style == 0 && strings.HasPrefix(rest, y.Value):
		length, n.render = len(y.Value), func(value string) string { return renderPlain(value, tag) }
	}
	n.start, n.end, n.splice = start, start+length, length > 0
	return n
}

// offset returns where a line and column, both from 1 and the column in
// characters, are in the text.
func (p yamlParser) offset(line, column int) (int, bool) {
	if line < 1 || line > len(p.lines) {
		return 0, false
	}
	at := p.lines[line-1]
	for range column - 1 {
		if at >= len(p.text) {
			return 0, false
		}
		_, size := utf8.DecodeRuneInString(p.text[at:])
		at += size
	}
	return at, true
}

func lineStarts(text string) []int {
	starts := []int{0}
	for i := range len(text) {
		if text[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// doubleQuoted and singleQuoted return the length of the quoted text that s
// starts with, 0 when it does not.
func doubleQuoted(s string) int {
	if !strings.HasPrefix(s, `"`) {
		return 0
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

func singleQuoted(s string) int {
	if !strings.HasPrefix(s, `'`) {
		return 0
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			continue
		}
		if i+1 == len(s) || s[i+1] != '\'' {
			return i + 1
		}
		i++
	}
	return 0
}

func renderSingle(value string) string {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return strconv.Quote(value)
	}
	return "'" + strings.ReplaceAll(value, "'", "''") + "'"
}

// renderPlain leaves the quotes out where that says the same: text must not
// become a number, and nothing may end a list in brackets.
func renderPlain(value, tag string) string {
	var doc yaml.Node
	if !strings.ContainsAny(value, ",[]{}\n") && yaml.Unmarshal([]byte(value), &doc) == nil && len(doc.Content) == 1 {
		n := doc.Content[0]
		if n.Kind == yaml.ScalarNode && n.Style == 0 && n.Value == value && (tag != "!!str" || n.ShortTag() == tag) && n.ShortTag() != "!!null" {
			return value
		}
	}
	return strconv.Quote(value)
}
