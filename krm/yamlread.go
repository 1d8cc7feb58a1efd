package krm

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yamlStream reads the documents of a YAML stream.
type yamlStream struct {
	dec *yaml.Decoder
}

func newYAMLStream(data []byte) *yamlStream {
	return &yamlStream{dec: yaml.NewDecoder(bytes.NewReader(data))}
}

// next returns the root of the next document, nil when the document is empty,
// and io.EOF after the last one. Other errors are a *SyntaxError.
func (y *yamlStream) next() (root *yaml.Node, err error) {
	defer func() {
		// yaml.v3 turns only its own errors into an error.
		if recover() != nil {
			root, err = nil, &SyntaxError{Reason: "not valid YAML"}
		}
	}()
	var doc yaml.Node
	if err := y.dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		return nil, YAMLError(err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, nil
	}
	root = doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" && root.Style&yaml.TaggedStyle == 0 {
		return nil, nil
	}
	return root, nil
}

// yamlErrorLine takes an error of yaml.v3 apart.
var yamlErrorLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// yamlReasons are how the reasons start that yaml.v3 gives without repeating
// the document.
var yamlReasons = []string{
	"block sequence entries", "control characters", "could not find", "did not find", "exceeded max depth",
	"expected low surrogate", "found ", "incomplete ", "invalid ", "mapping keys", "mapping values", "unexpected low",
}

// yamlParserReasons are how the reasons start that the parser of yaml.v3 gives,
// not its scanner.
var yamlParserReasons = []string{
	"did not find expected ','", "did not find expected '-'", "did not find expected <",
	"did not find expected key", "did not find expected node", "found duplicate %", "found incompatible YAML", "found undefined tag",
}

// YAMLError returns what err, an error of go.yaml.in/yaml/v3 about a document,
// says: its reason without what the document held, and the line, corrected
// where yaml.v3 counts from 0; Line is 0 when it names none.
func YAMLError(err error) *SyntaxError {
	out := &SyntaxError{Reason: "not valid YAML"}
	m := yamlErrorLine.FindStringSubmatch(err.Error())
	if m == nil {
		return out
	}
	reason := m[2]
	if n, err := strconv.Atoi(m[1]); err == nil {
		out.Line = n
		if slices.ContainsFunc(yamlParserReasons, func(p string) bool { return strings.HasPrefix(reason, p) }) {
			out.Line++ // yaml.v3 counts the lines of these from 0
		}
	}
	switch {
	case strings.HasPrefix(reason, "unknown anchor"):
		out.Reason = "unknown anchor"
	case slices.ContainsFunc(yamlReasons, func(p string) bool { return strings.HasPrefix(reason, p) }):
		out.Reason = reason
	}
	return out
}

func decodeYAML(data []byte, opts DecodeOptions) (*ResourceList, error) {
	stream := newYAMLStream(data)
	root, err := stream.next()
	for root == nil && err == nil {
		root, err = stream.next()
	}
	if errors.Is(err, io.EOF) {
		return nil, ErrNoResourceList
	}
	if err != nil {
		return nil, withHint(err, data)
	}
	env, err := yamlEnvelope(root, opts)
	if err != nil {
		return nil, withHint(err, data)
	}
	if env.kind != ResourceListKind && listAfterText(data) > 0 {
		return nil, textBefore()
	}
	list, err := env.finish()
	if err != nil {
		return nil, err
	}
	for {
		second, err := stream.next()
		switch {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, withHint(err, data)
		case second != nil:
			return nil, &SyntaxError{
				Line: second.Line, Reason: "a second document after the ResourceList", Hint: documentsHint,
			}
		}
	}
}

// withHint adds to a *SyntaxError what the usual mistakes are.
func withHint(err error, data []byte) error {
	var se *SyntaxError
	if !errors.As(err, &se) || se.Hint != "" {
		return err
	}
	switch {
	case listAfterText(data) > 0:
		return textBefore()
	case strings.HasPrefix(se.Reason, "expected a ResourceList"):
		se.Hint = stdoutHint
	case se.Reason == "found unexpected end of stream":
		se.Hint = truncatedHint(data)
	case strings.HasPrefix(se.Reason, "could not find expected ':'"):
		se.Hint = stdoutHint
	}
	return se
}

// yamlEnvelope reads a ResourceList.
func yamlEnvelope(root *yaml.Node, opts DecodeOptions) (*envelope, error) {
	if root.Kind != yaml.MappingNode {
		return nil, &SyntaxError{Line: root.Line, Reason: "expected a ResourceList"}
	}
	w := newNodeWriter(opts)
	pairs, err := w.pairs(root)
	if err != nil {
		return nil, err
	}
	env := &envelope{}
	var stray *yaml.Node
	for i, p := range pairs {
		var err error
		switch p.key {
		case "apiVersion":
			env.apiVersion = stringNode(p.value)
		case "kind":
			env.kind = stringNode(p.value)
		case "metadata":
		case "items":
			err = w.items(env, p.value)
		case "functionConfig":
			err = w.config(env, p.value)
		case "results":
			err = w.results(env, p.value)
		default:
			if stray == nil {
				stray = p.value
			}
			if i == 0 {
				env.problem = textBefore()
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if stray != nil && env.problem == nil {
		env.problem = &SyntaxError{
			Line: stray.Line, Reason: "unknown key in the ResourceList", Hint: stdoutHint,
		}
	}
	return env, nil
}

func stringNode(n *yaml.Node) string {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode {
		return n.Value
	}
	return ""
}

// scanItem is parseItem with a missing field reported apart.
func scanItem(raw []byte, named bool) (*Item, string, error) {
	it, err := parseItem(raw, named)
	var notKRM *NotKRMError
	if errors.As(err, &notKRM) {
		return nil, notKRM.Missing, nil
	}
	return it, "", err
}
