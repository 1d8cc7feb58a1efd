package replace

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

var errNotJSON = errors.New("is not well-formed JSON")

// parseJSON reads one JSON value and where its scalars are.
func parseJSON(text string) (document, error) {
	p := jsonParser{text: text, dec: json.NewDecoder(strings.NewReader(text))}
	p.dec.UseNumber()
	root, err := p.value(0)
	if err != nil {
		return document{}, err
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return document{}, errNotJSON
	}
	return document{roots: []*node{root}}, nil
}

type jsonParser struct {
	text string
	dec  *json.Decoder
}

func (p jsonParser) value(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	before := int(p.dec.InputOffset())
	token, err := p.dec.Token()
	if err != nil {
		return nil, errNotJSON
	}
	end := int(p.dec.InputOffset())
	start := before + len(p.text[before:end]) - len(strings.TrimLeft(p.text[before:end], " \t\r\n:,"))
	switch token {
	case json.Delim('{'):
		return p.object(depth)
	case json.Delim('['):
		return p.array(depth)
	case nil:
		return &node{}, nil
	}
	n := &node{leaf: true, start: start, end: end, splice: true, render: jsonString, value: p.text[start:end]}
	if s, ok := token.(string); ok {
		n.value = s
		return n, nil
	}
	n.render = jsonScalar
	return n, nil
}

func (p jsonParser) object(depth int) (*node, error) {
	n := &node{fields: map[string]*node{}}
	for p.dec.More() {
		key, err := p.dec.Token()
		if err != nil {
			return nil, errNotJSON
		}
		child, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		name, _ := key.(string)
		n.fields[name] = child
	}
	return n, p.close()
}

func (p jsonParser) array(depth int) (*node, error) {
	n := &node{list: []*node{}}
	for p.dec.More() {
		child, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.list = append(n.list, child)
	}
	return n, p.close()
}

func (p jsonParser) close() error {
	if _, err := p.dec.Token(); err != nil {
		return errNotJSON
	}
	return nil
}

func jsonString(value string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return `""` // a string cannot fail
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// jsonScalar writes what is a number or boolean again as one.
func jsonScalar(value string) string {
	if json.Valid([]byte(value)) && !strings.ContainsAny(value, "{[\" \t\r\n") && value != "null" {
		return value
	}
	return jsonString(value)
}
