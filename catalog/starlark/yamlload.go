package starlark

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.yaml.in/yaml/v3"

	"github.com/velero-krm/velero-krm/krm"
)

const (
	// maxYAML bounds a text of YAML, in bytes: what a ConfigMap can hold. Reading
	// takes a hundred bytes of memory for each.
	maxYAML = 1 << 20
	// yamlBytes is how many bytes of it are read or written in one step, yamlSteps
	// what it takes to begin, nodeSteps to read a value and remarkSteps a comment:
	// 100 ns for a byte, 1 us for a value, 3 for a comment (BenchmarkSteps,
	// 2026-11-22).
	yamlBytes, yamlSteps, nodeSteps, remarkSteps = 1, 50, 8, 20
	// maxAliased is how many values aliases may make that stand in the text once,
	// text counting as one for so many bytes.
	maxAliased, aliasedBytes = 100_000, 64
)

func yamlModule() *starlarkstruct.Module {
	return newModule("yaml", map[string]builtin{"dumps": dumpYAML, "loads": loadYAML})
}

func loadYAML(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text string
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "source", &text); err != nil {
		return nil, err
	}
	if len(text) > maxYAML {
		return nil, fmt.Errorf("%s: %w", b.Name(), errText)
	}
	if err := spend(thread, uint64(yamlSteps+len(text)/yamlBytes+remarks(text)*remarkSteps)); err != nil {
		return nil, err
	}
	root, err := parseYAML(thread, text)
	if err != nil || root == nil {
		return starlark.None, wrapIn(b, err)
	}
	r := yamlReader{thread: thread, open: map[*yaml.Node]bool{}}
	v, err := r.value(root)
	return v, wrapIn(b, err)
}

// remarks returns how many comments there are at most.
func remarks(text string) int {
	return strings.Count(text, " #") + strings.Count(text, "\t#") + strings.Count(text, "\n#") + strings.Count(text, "\r#")
}

// wrapIn adds the name of a function to its error.
func wrapIn(b *starlark.Builtin, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", b.Name(), err)
}

// parseYAML returns what a text holds; nil when that is nothing.
func parseYAML(thread *starlark.Thread, text string) (root *yaml.Node, err error) {
	defer func() {
		// The library turns only its own errors into an error.
		if recover() != nil {
			root, err = nil, errors.New("not valid YAML")
		}
	}()
	dec := yaml.NewDecoder(strings.NewReader(text))
	var doc yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, krm.YAMLError(err)
	}
	if err := noMore(thread, dec); err != nil {
		return nil, err
	}
	if len(doc.Content) != 1 {
		return nil, nil
	}
	return doc.Content[0], nil
}

// noMore reads further documents, in which must be nothing.
func noMore(thread *starlark.Thread, dec *yaml.Decoder) error {
	for {
		var doc yaml.Node
		switch err := dec.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return krm.YAMLError(err)
		}
		for _, n := range doc.Content {
			if n.ShortTag() != "!!null" || n.Value != "" {
				return atLine(&doc, "a second document, which would be lost")
			}
		}
		if err := spend(thread, nodeSteps); err != nil {
			return err
		}
	}
}

// atLine returns an error that says nothing of what stands there.
func atLine(n *yaml.Node, reason string) error {
	return &krm.SyntaxError{Line: n.Line, Reason: reason}
}

// yamlReader makes values of a script from nodes. Each alias gives a value of
// its own: to change one must not change the others.
type yamlReader struct {
	thread         *starlark.Thread
	depth, aliased int
	open           map[*yaml.Node]bool // aliases that are being followed
}

func (r *yamlReader) value(n *yaml.Node) (starlark.Value, error) {
	if err := r.count(n); err != nil {
		return nil, err
	}
	r.depth++
	defer func() { r.depth-- }()
	switch n.Kind {
	case yaml.AliasNode:
		r.depth--
		defer func() { r.depth++ }()
		return follow(r, n, r.value)
	case yaml.MappingNode:
		return r.mapping(n)
	case yaml.SequenceNode:
		return r.sequence(n)
	default:
		return scalar(n)
	}
}

func (r *yamlReader) count(n *yaml.Node) error {
	if r.depth > maxDepth {
		return atLine(n, "nested too deeply")
	}
	if len(r.open) > 0 {
		r.aliased += 1 + len(n.Value)/aliasedBytes
	}
	if r.aliased > maxAliased {
		return atLine(n, fmt.Sprintf("aliases make more than %d values", maxAliased))
	}
	return spend(r.thread, nodeSteps)
}

// follow calls f with what n stands for.
func follow[T any](r *yamlReader, n *yaml.Node, f func(*yaml.Node) (T, error)) (T, error) {
	if n.Kind != yaml.AliasNode {
		return f(n)
	}
	if r.open[n.Alias] {
		var none T
		return none, atLine(n, "an alias stands for a value that contains itself")
	}
	r.open[n.Alias] = true
	defer delete(r.open, n.Alias)
	return f(n.Alias)
}

func (r *yamlReader) sequence(n *yaml.Node) (starlark.Value, error) {
	elements := make([]starlark.Value, len(n.Content))
	for i, e := range n.Content {
		v, err := r.value(e)
		if err != nil {
			return nil, err
		}
		elements[i] = v
	}
	return starlark.NewList(elements), nil
}

// mapping refuses a key that is there twice: starlib takes the last, and the
// others are lost.
func (r *yamlReader) mapping(n *yaml.Node) (*starlark.Dict, error) {
	d := starlark.NewDict(len(n.Content) / 2)
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Kind == yaml.ScalarNode && n.Content[i].ShortTag() == "!!merge" {
			merged = append(merged, n.Content[i+1])
			continue
		}
		key, err := r.key(n.Content[i])
		if err != nil {
			return nil, err
		}
		if _, found, err := d.Get(key); found || err != nil {
			return nil, atLine(n.Content[i], "a key that is there twice, or is no scalar")
		}
		v, err := r.value(n.Content[i+1])
		if err != nil {
			return nil, err
		}
		if err := d.SetKey(key, v); err != nil {
			return nil, err
		}
	}
	for _, m := range merged {
		if err := r.merge(d, m); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// key leaves words as on text, other than starlib: a mapping that is loaded and
// dumped would have the key true instead.
func (r *yamlReader) key(n *yaml.Node) (starlark.Value, error) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" {
		return starlark.String(n.Value), r.count(n)
	}
	return r.value(n)
}

// merge adds what a merge key stands for, a mapping or a list of them, without
// what is there already.
func (r *yamlReader) merge(d *starlark.Dict, n *yaml.Node) error {
	_, err := follow(r, n, func(n *yaml.Node) (struct{}, error) {
		sources := []*yaml.Node{n}
		if n.Kind == yaml.SequenceNode {
			sources = n.Content
		}
		for _, s := range sources {
			if err := r.mergeOne(d, s); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	return err
}

func (r *yamlReader) mergeOne(d *starlark.Dict, n *yaml.Node) error {
	v, err := r.value(n)
	if err != nil {
		return err
	}
	from, ok := v.(*starlark.Dict)
	if !ok {
		return atLine(n, "a merge key needs a mapping")
	}
	for k, e := range from.Entries() {
		if _, found, _ := d.Get(k); found {
			continue
		}
		if err := d.SetKey(k, e); err != nil {
			return err
		}
	}
	return nil
}

// scalar returns a value as YAML 1.1 has it, which is what Kubernetes and
// starlib read; times are text.
func scalar(n *yaml.Node) (starlark.Value, error) {
	text := n.Value
	wrong := atLine(n, "a value that does not fit its tag")
	switch tag := n.ShortTag(); tag {
	case "!!null":
		return starlark.None, nil
	case "!!bool":
		if v, ok := boolOf(text); ok {
			return v, nil
		}
		return nil, wrong
	case "!!int":
		if v, ok := integer(text); ok {
			return v, nil
		}
		return nil, wrong
	case "!!float":
		if n.Style == 0 && isLarge(text) {
			return number(text), nil
		}
		if v, ok := float(text); ok {
			return v, nil
		}
		return nil, wrong
	case "!!binary":
		raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			return nil, wrong
		}
		return starlark.String(raw), nil
	case "!!str", "!!timestamp", "!!merge":
		if v, ok := boolOf(text); ok && n.Style == 0 {
			return v, nil
		}
		return starlark.String(text), nil
	default:
		return nil, atLine(n, "a tag that is not known")
	}
}

func boolOf(text string) (starlark.Bool, bool) {
	switch text {
	case "true", "True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON":
		return true, true
	case "false", "False", "FALSE", "n", "N", "no", "No", "NO", "off", "Off", "OFF":
		return false, true
	}
	return false, false
}

// integer reads the notations of YAML 1.1 and 1.2.
func integer(text string) (starlark.Value, bool) {
	text = strings.TrimPrefix(strings.ReplaceAll(text, "_", ""), "+")
	if i, err := strconv.ParseInt(text, 0, 64); err == nil {
		return starlark.MakeInt64(i), true
	}
	if i, err := strconv.ParseUint(text, 0, 64); err == nil {
		return starlark.MakeUint64(i), true
	}
	return nil, false
}

// isLarge reports whether text is an integer of which a float keeps no more than
// 16 digits.
func isLarge(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	return digits != "" && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}

func float(text string) (starlark.Value, bool) {
	text = strings.ReplaceAll(text, "_", "")
	switch strings.ToLower(text) {
	case ".nan":
		return starlark.Float(math.NaN()), true
	case ".inf", "+.inf":
		return starlark.Float(math.Inf(1)), true
	case "-.inf":
		return starlark.Float(math.Inf(-1)), true
	}
	f, err := strconv.ParseFloat(text, 64)
	return starlark.Float(f), err == nil
}
