package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/velero-krm/velero-krm/krm"
)

// Load reads one Pipeline, YAML or JSON, strictly: unknown keys, wrong types
// and values out of range are errors, all reported at once in a [*LoadError],
// each with its field path, line and a hint. name is used in errors.
func Load(data []byte, name string) (*Pipeline, error) {
	docs, err := documents(data, name)
	if err != nil {
		return nil, err
	}
	if len(docs) != 1 {
		return nil, documentError(name, docs)
	}
	return load(docs[0], name)
}

// LoadAll reads the Pipelines of all documents of one file, as [Load] reads
// one. Documents without content are skipped; a file without any is an error,
// and so are two pipelines of one name. It reports the problems of all
// documents in one [*LoadError].
func LoadAll(data []byte, name string) ([]*Pipeline, error) {
	docs, err := documents(data, name)
	if err != nil {
		return nil, err
	}
	if len(docs) == 0 {
		return nil, documentError(name, docs)
	}
	var all problems
	pipelines := make([]*Pipeline, 0, len(docs))
	seen := map[string]bool{}
	for _, doc := range docs {
		p, err := load(doc, name)
		var bad *LoadError
		if errors.As(err, &bad) {
			all.list = append(all.list, bad.Problems...)
			continue
		}
		if seen[p.Metadata.Name] {
			all.list = append(all.list, Problem{
				Path: "metadata.name", Line: p.source.line("metadata.name"),
				Reason: fmt.Sprintf("another pipeline of the file is named %q", p.Metadata.Name), Hint: "give it another name",
			})
		}
		seen[p.Metadata.Name] = true
		pipelines = append(pipelines, p)
	}
	if err := all.err(name); err != nil {
		return nil, err
	}
	return pipelines, nil
}

// documents parses data into the documents that have content.
func documents(data []byte, name string) ([]*yaml.Node, error) {
	if trimmed := bytes.TrimSpace(data); bytes.HasPrefix(trimmed, []byte("{")) && json.Valid(trimmed) {
		// Tabs are white space in JSON, and nothing else where it is valid; YAML refuses some.
		data = bytes.ReplaceAll(data, []byte("\t"), []byte(" "))
	}
	var docs []*yaml.Node
	for dec := yaml.NewDecoder(bytes.NewReader(data)); ; {
		root, err := nextDocument(dec)
		switch {
		case errors.Is(err, io.EOF):
			return docs, nil
		case err != nil:
			return nil, &LoadError{Pipeline: name, Problems: []Problem{syntaxProblem(err)}}
		case root != nil:
			docs = append(docs, root)
		}
	}
}

// nextDocument returns the root of the next document, nil when it has no content.
func nextDocument(dec *yaml.Decoder) (root *yaml.Node, err error) {
	defer func() {
		// yaml.v3 turns only its own errors into an error.
		if p := recover(); p != nil {
			root, err = nil, errNotYAML
		}
	}()
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	root = doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return nil, nil
	}
	return root, nil
}

var errNotYAML = errors.New("not valid YAML")

var yamlPrefix = regexp.MustCompile(`^yaml: (?:line \d+: )?`)

func syntaxProblem(err error) Problem {
	return Problem{
		Line:   krm.YAMLError(err).Line,
		Reason: "cannot be parsed: " + yamlPrefix.ReplaceAllString(err.Error(), ""),
		Hint:   "indent with spaces, and the same within one mapping",
	}
}

func documentError(name string, docs []*yaml.Node) error {
	p := Problem{Reason: "is empty", Hint: "write a document with apiVersion: " + APIVersion + " and kind: " + Kind}
	if len(docs) > 1 {
		p = Problem{
			Line: docs[1].Line, Reason: fmt.Sprintf("has %d documents, want one", len(docs)),
			Hint: "keep each pipeline in a file or key of its own",
		}
	}
	return &LoadError{Pipeline: name, Problems: []Problem{p}}
}

func load(root *yaml.Node, name string) (*Pipeline, error) {
	p, found := decode(root, name)
	if root.Kind == yaml.MappingNode {
		c := checker{problems: found}
		c.pipeline(p)
		found = c.problems
	}
	if err := found.err(name); err != nil {
		return nil, err
	}
	return p, nil
}

// decode returns what can be read of a document, and what cannot.
func decode(root *yaml.Node, name string) (*Pipeline, problems) {
	d := decoder{problems: problems{source: source{name: name, lines: map[string]int{"": root.Line}}}}
	p := &Pipeline{}
	d.decode(root, reflect.ValueOf(p).Elem(), "", 0)
	p.source = d.source
	return p, d.problems
}

// Open loads and compiles one Pipeline and reports the problems of both in one
// [*LoadError], which [Load] and [Compile] one after the other cannot: Compile
// never sees a pipeline that Load refused. name is used in errors.
func Open(data []byte, name string, env Env) (*Program, error) {
	docs, err := documents(data, name)
	if err != nil {
		return nil, err
	}
	if len(docs) != 1 {
		return nil, documentError(name, docs)
	}
	p, found := decode(docs[0], name)
	if docs[0].Kind != yaml.MappingNode {
		return nil, found.err(name)
	}
	return compile(p, name, env, found)
}

// displayName is how errors call a pipeline.
func (p *Pipeline) displayName() string {
	if p.Metadata.Name != "" {
		return p.Metadata.Name
	}
	return p.source.name
}

// SplitCommand splits the value of exec into the path and the arguments, as
// told at [Step].Exec.
//
// # Errors
//
// An error when a quote is not closed or the value ends with a backslash.
func SplitCommand(s string) ([]string, error) {
	var (
		words  []string
		word   strings.Builder
		inWord bool
		quote  rune
		escape bool
	)
	for _, r := range s {
		switch {
		case escape:
			word.WriteRune(r)
			escape = false
		case r == '\\' && quote != '\'':
			escape, inWord = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, inWord = r, true
		case quote == 0 && strings.ContainsRune(" \t\n", r):
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("quote %c is not closed", quote)
	}
	if escape {
		return nil, errors.New("ends with a backslash")
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}
