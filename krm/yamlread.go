package krm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const defaultAliasNodes = 1_000_000

// textPerNode is how many bytes of text weigh as much as a node when aliases
// are expanded: an alias of one long string is a bomb, too.
const textPerNode = 64

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
		return nil, rewriteYAMLError(err)
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

// rewriteYAMLError keeps the line and the reason of an error of yaml.v3 and
// drops what the document said.
func rewriteYAMLError(err error) *SyntaxError {
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
				Line: second.Line, Reason: "a second document after the ResourceList", Hint: stdoutHint,
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

// nodeWriter turns YAML nodes into JSON.
type nodeWriter struct {
	budget  int
	most    int
	depth   int
	open    map[*yaml.Node]bool // aliases being expanded
	scratch []byte
}

func newNodeWriter(opts DecodeOptions) *nodeWriter {
	most := opts.MaxAliasNodes
	if most <= 0 {
		most = defaultAliasNodes
	}
	return &nodeWriter{budget: most, most: most, open: map[*yaml.Node]bool{}}
}

// json returns the JSON of n in a slice of its own.
func (w *nodeWriter) json(n *yaml.Node) ([]byte, error) {
	w.depth = 0
	out, err := w.append(w.scratch[:0], n)
	if err != nil {
		return nil, err
	}
	w.scratch = out
	return bytes.Clone(out), nil
}

func (w *nodeWriter) items(env *envelope, n *yaml.Node) error {
	return w.inAlias(n, func(n *yaml.Node) error {
		if isNull(n) {
			return nil
		}
		if n.Kind != yaml.SequenceNode {
			env.notKRM(-1, "items")
			return nil
		}
		for i, e := range n.Content {
			raw, err := w.json(e)
			if err != nil {
				return err
			}
			it, missing, err := scanItem(raw, true)
			if err != nil {
				return err
			}
			env.addItem(it, missing, i)
		}
		return nil
	})
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func (w *nodeWriter) config(env *envelope, n *yaml.Node) error {
	if isNull(n) {
		return nil
	}
	raw, err := w.json(n)
	if err != nil {
		return err
	}
	it, missing, err := scanItem(raw, false)
	if err != nil {
		return err
	}
	env.setConfig(it, missing)
	return nil
}

func (w *nodeWriter) results(env *envelope, n *yaml.Node) error {
	raw, err := w.json(n)
	if err != nil {
		return err
	}
	return env.setResults(raw)
}

// append appends the JSON of n to dst.
func (w *nodeWriter) append(dst []byte, n *yaml.Node) ([]byte, error) {
	if len(w.open) > 0 {
		if err := w.spend(n, 1+len(n.Value)/textPerNode); err != nil {
			return nil, err
		}
	}
	w.depth++
	if w.depth > maxDepth && (n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode) {
		return nil, &SyntaxError{Line: n.Line, Reason: faultDepth.reason()}
	}
	var err error
	switch n.Kind {
	case yaml.MappingNode:
		dst, err = w.mapping(dst, n)
	case yaml.SequenceNode:
		dst, err = w.sequence(dst, n)
	case yaml.AliasNode:
		w.depth--
		err = w.inAlias(n, func(n *yaml.Node) error {
			dst, err = w.append(dst, n)
			return err
		})
		w.depth++
	default:
		dst, err = appendScalar(dst, n)
	}
	w.depth--
	return dst, err
}

// inAlias calls f with what n stands for, once for each way down to it.
func (w *nodeWriter) inAlias(n *yaml.Node, f func(*yaml.Node) error) error {
	if n.Kind != yaml.AliasNode {
		return f(n)
	}
	target := n.Alias
	if w.open[target] {
		return &SyntaxError{Line: n.Line, Reason: "an alias stands for a value that contains itself"}
	}
	w.open[target] = true
	defer delete(w.open, target)
	return f(target)
}

func (w *nodeWriter) sequence(dst []byte, n *yaml.Node) ([]byte, error) {
	if n.Tag != "!!seq" {
		return nil, badTag(n)
	}
	dst = append(dst, '[')
	for i, e := range n.Content {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = w.append(dst, e); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func (w *nodeWriter) mapping(dst []byte, n *yaml.Node) ([]byte, error) {
	pairs, err := w.pairs(n)
	if err != nil {
		return nil, err
	}
	dst = append(dst, '{')
	for i, p := range pairs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, p.key), ':')
		if dst, err = w.append(dst, p.value); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// yamlPair is one key of a mapping, merge keys resolved.
type yamlPair struct {
	key   string
	value *yaml.Node
}

// pairs returns what a mapping holds. Its own keys come before merged ones of
// the same name, and of those the first.
func (w *nodeWriter) pairs(n *yaml.Node) ([]yamlPair, error) {
	if n.Tag != "!!map" {
		return nil, badTag(n)
	}
	own := make([]yamlPair, 0, len(n.Content)/2)
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind == yaml.ScalarNode && k.Tag == "!!merge" {
			merged = append(merged, v)
			continue
		}
		key, err := keyText(k)
		if err != nil {
			return nil, err
		}
		own = append(own, yamlPair{key: key, value: v})
	}
	if i := duplicateKey(own); i >= 0 {
		return nil, &SyntaxError{Line: own[i].value.Line, Reason: faultDuplicate.reason()}
	}
	if len(merged) == 0 {
		return own, nil
	}
	return w.merge(own, merged)
}

// duplicateKey returns the index of the first key that was there before, -1
// when there is none.
func duplicateKey(pairs []yamlPair) int {
	if len(pairs) <= sortedFrom {
		for i := range pairs {
			for k := range i {
				if pairs[k].key == pairs[i].key {
					return i
				}
			}
		}
		return -1
	}
	seen := make(map[string]bool, len(pairs))
	for i := range pairs {
		if seen[pairs[i].key] {
			return i
		}
		seen[pairs[i].key] = true
	}
	return -1
}

// merge adds the pairs of merge keys to a mapping's own.
func (w *nodeWriter) merge(own []yamlPair, merged []*yaml.Node) ([]yamlPair, error) {
	m := merger{w: w, pairs: own, seen: make(map[string]bool, len(own))}
	for _, p := range own {
		m.seen[p.key] = true
	}
	for _, n := range merged {
		if err := w.inAlias(n, m.add); err != nil {
			return nil, err
		}
	}
	return m.pairs, nil
}

// merger collects what merge keys add to one mapping.
type merger struct {
	w     *nodeWriter
	pairs []yamlPair
	seen  map[string]bool
}

// add takes a mapping or a list of them.
func (m *merger) add(n *yaml.Node) error {
	if n.Kind != yaml.SequenceNode {
		return m.mapping(n)
	}
	for _, e := range n.Content {
		if err := m.w.inAlias(e, m.mapping); err != nil {
			return err
		}
	}
	return nil
}

func (m *merger) mapping(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return &SyntaxError{Line: n.Line, Reason: "a merge key needs a mapping"}
	}
	if m.w.depth++; m.w.depth > maxDepth {
		return &SyntaxError{Line: n.Line, Reason: faultDepth.reason()}
	}
	pairs, err := m.w.pairs(n)
	m.w.depth--
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if err := m.w.spend(n, 1); err != nil {
			return err
		}
		if !m.seen[p.key] {
			m.seen[p.key] = true
			m.pairs = append(m.pairs, p)
		}
	}
	return nil
}

// spend takes from what aliases may expand to.
func (w *nodeWriter) spend(n *yaml.Node, nodes int) error {
	if w.budget -= nodes; w.budget < 0 {
		return &SyntaxError{Line: n.Line, Reason: fmt.Sprintf("aliases expand to more than %d nodes", w.most)}
	}
	return nil
}

// keyText returns the text of a key as it was written.
func keyText(k *yaml.Node) (string, error) {
	if k.Kind == yaml.AliasNode {
		k = k.Alias
	}
	if k.Kind != yaml.ScalarNode {
		return "", &SyntaxError{Line: k.Line, Reason: "a key is not a scalar"}
	}
	if k.Style&yaml.TaggedStyle != 0 {
		if _, err := appendScalar(nil, k); err != nil {
			return "", err
		}
	}
	if k.Tag == "!!null" {
		return "null", nil
	}
	return k.Value, nil
}

func badTag(n *yaml.Node) error {
	return &SyntaxError{
		Line: n.Line, Reason: "a tag that JSON has no type for", Hint: "leave the tag out or use !!str",
	}
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
