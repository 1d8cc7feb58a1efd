package krm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/velero-krm/velero-krm/internal/jsontext"
)

// ParseConfig reads one functionConfig object, JSON or YAML. apiVersion and
// kind are required, a name is not. YAML is read as [Decode] reads it. JSON is
// kept and not copied.
//
// # Errors
//
// A [*SyntaxError] for what does not parse, is empty, or is more than one
// document; a [*NotKRMError].
func ParseConfig(data []byte) (*Item, error) {
	it, err := parseConfig(data)
	if err != nil {
		return nil, fmt.Errorf("parse function config: %w", err)
	}
	return it, nil
}

func parseConfig(data []byte) (*Item, error) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		it, err := parseItem(data, false)
		if !isSyntax(err) {
			return it, err
		}
		if fault := onlyJSON(data); fault != nil {
			return nil, fault
		}
		if it, yamlErr := configFromYAML(data); !isSyntax(yamlErr) {
			return it, yamlErr
		}
		return nil, err
	}
	return configFromYAML(data)
}

func configFromYAML(data []byte) (*Item, error) {
	var config *Item
	err := eachDocument(data, func(n *yaml.Node) error {
		if config != nil {
			return &SyntaxError{Line: n.Line, Reason: "a second document"}
		}
		raw, err := newNodeWriter(DecodeOptions{}).json(n)
		if err != nil {
			return err
		}
		config, err = parseItem(raw, false)
		return err
	})
	if err == nil && config == nil {
		return nil, &SyntaxError{Reason: "the document is empty"}
	}
	return config, err
}

// eachDocument calls f with the root of each YAML document that is not empty.
func eachDocument(data []byte, f func(*yaml.Node) error) error {
	stream := newYAMLStream(data)
	for {
		root, err := stream.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case root == nil:
			continue
		}
		if err := f(root); err != nil {
			return err
		}
	}
}

// ReadItems reads objects that a person keeps in files: YAML of any number of
// documents, JSON of any number of values, kind List, or ResourceList (its
// items). Empty documents are skipped. The elements of a typed list, such as
// DeploymentList, may leave out their apiVersion and kind, as the API server
// does. name is used in errors. YAML is read as [Decode] reads it.
//
// # Errors
//
// A [*SyntaxError] with the line in r; a [*NotKRMError] with the index of the
// object among those of its list, -1 outside one; errors of r.
func ReadItems(r io.Reader, name string) ([]*Item, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	items, err := readItems(bytes.TrimPrefix(data, []byte("\uFEFF")))
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	return items, nil
}

func readItems(data []byte) ([]*Item, error) {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		items, err := itemsFromJSON(data)
		if !isSyntax(err) {
			return items, err
		}
		if fault := onlyJSON(data); fault != nil {
			return nil, fault
		}
		// A flow mapping of YAML starts with '{', too.
		if items, yamlErr := itemsFromYAML(data); !isSyntax(yamlErr) {
			return items, yamlErr
		}
		return nil, err
	}
	return itemsFromYAML(data)
}

// onlyJSON returns what is wrong with JSON that must not be tried as YAML,
// because YAML would read it and silently change it; nil when it may be tried.
func onlyJSON(data []byte) error {
	s := scanner{data: data}
	for s.space(); s.pos < len(data) && s.value(); s.space() {
	}
	fault := faultError{fault: s.fault, pos: s.faultPos, data: data}
	if s.fault == noFault || fault.maybeYAML() {
		return nil
	}
	out := &SyntaxError{Line: lineAt(data, s.faultPos), Reason: s.fault.reason()}
	switch {
	case fault.atNaN():
		out.Reason = reasonNaN
	case s.fault == faultString:
		out.Hint = "write line breaks and tabs in JSON strings as \\n and \\t"
	}
	return out
}

func itemsFromYAML(data []byte) ([]*Item, error) {
	var items []*Item
	w := newNodeWriter(DecodeOptions{})
	err := eachDocument(data, func(n *yaml.Node) error {
		raw, err := w.json(n)
		if err != nil {
			return err
		}
		items, err = appendUnwrapped(items, raw)
		return err
	})
	return items, err
}

// itemsFromJSON reads values that follow one another.
func itemsFromJSON(data []byte) ([]*Item, error) {
	var items []*Item
	s := scanner{data: data}
	for s.space(); s.pos < len(data); s.space() {
		start := s.pos
		if !s.value() {
			return nil, s.err()
		}
		var err error
		if items, err = appendUnwrapped(items, data[start:s.pos:s.pos]); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// appendUnwrapped appends the object that raw, scanned before, holds, or the
// elements of the list that it is.
func appendUnwrapped(items []*Item, raw []byte) ([]*Item, error) {
	apiVersion, kind, elements := listOf(raw)
	if elements.value == 0 {
		it, err := parseItem(raw, true)
		if err != nil {
			return nil, err
		}
		return append(items, it), nil
	}
	inner := strings.TrimSuffix(kind, "List")
	if kind == ResourceListKind {
		inner = ""
	}
	s := scanner{data: raw, pos: elements.value}
	if s.space() != '[' {
		return items, nil // null
	}
	s.openList()
	for i := 0; s.nextElement(i == 0); i++ {
		start := s.pos
		if !s.value() {
			return nil, s.err()
		}
		it, err := parseItem(typed(raw[start:s.pos:s.pos], apiVersion, inner), true)
		var notKRM *NotKRMError
		if errors.As(err, &notKRM) {
			return nil, &NotKRMError{Index: i, Missing: notKRM.Missing}
		}
		if err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	return items, nil
}

// listOf returns what a List or ResourceList holds; elements is zero when raw
// is no list. A list is an object whose kind ends in List and that has items,
// no spec and no name, which the metadata of lists cannot have: a custom
// resource may be called AllowList.
func listOf(raw []byte) (apiVersion, kind string, elements entry) {
	named := false
	for e := range entries(raw, 0) {
		switch {
		case e.is(raw, "apiVersion"):
			apiVersion = stringAt(raw[e.value:e.valueEnd])
		case e.is(raw, "kind"):
			kind = stringAt(raw[e.value:e.valueEnd])
		case e.is(raw, "items"):
			if c := raw[e.value]; c == '[' || c == 'n' {
				elements = e
			}
		case e.is(raw, "metadata"):
			named = hasName(raw, e.value)
		case e.is(raw, "spec"):
			return "", "", entry{}
		}
	}
	if !strings.HasSuffix(kind, "List") || named && kind != "List" && kind != ResourceListKind {
		return "", "", entry{}
	}
	return apiVersion, kind, elements
}

// hasName reports whether the metadata at offset at names an object.
func hasName(raw []byte, at int) bool {
	for e := range entries(raw, at) {
		if e.is(raw, "name") {
			return stringAt(raw[e.value:e.valueEnd]) != ""
		}
	}
	return false
}

func stringAt(value []byte) string {
	if value[0] != '"' {
		return ""
	}
	return jsontext.Decode(value[1:len(value)-1], false)
}

// typed gives an element of a typed list the apiVersion and kind that the API
// server leaves out there.
func typed(raw []byte, apiVersion, kind string) []byte {
	if raw[0] != '{' || kind == "" || apiVersion == "" {
		return raw
	}
	hasVersion, hasKind := false, false
	for e := range entries(raw, 0) {
		hasVersion = hasVersion || e.is(raw, "apiVersion")
		hasKind = hasKind || e.is(raw, "kind")
	}
	if hasVersion || hasKind || emptyMapping(raw, 0) {
		return raw
	}
	out := jsontext.AppendString([]byte(`{"apiVersion":`), apiVersion)
	out = append(jsontext.AppendString(append(out, `,"kind":`...), kind), ',')
	return append(out, raw[1:]...)
}
