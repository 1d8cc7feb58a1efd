package krm

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/velero-krm/velero-krm/internal/jsontext"
)

const defaultAliasNodes = 1_000_000

// textPerNode is how many bytes of text weigh as much as a node when aliases
// are expanded: an alias of one long string is a bomb, too.
const textPerNode = 64

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
		dst = append(jsontext.AppendString(dst, p.key), ':')
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
	if err := m.w.spend(n, 1); err != nil { // also when it is empty
		return err
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
