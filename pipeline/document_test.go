package pipeline

import (
	"errors"
	"io"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestSyntaxErrorLine: yaml.v3 counts the lines of some errors from 0.
func TestSyntaxErrorLine(t *testing.T) {
	cases := map[string]struct {
		reason, text string
		line         int
	}{
		"scanner":     {reason: "counted from 1", text: "a: 1\nb: 2\n  c: 3\n", line: 3},
		"key":         {reason: "indented less than its neighbours", text: "a:\n  - b\n c: d\n", line: 3},
		"list":        {reason: "an entry in a mapping", text: "a: 1\n- b\n", line: 2},
		"flow":        {reason: "a bracket that is not closed", text: "x: 1\na: {b\nc: d\n", line: 2},
		"end of flow": {reason: "the file ends in it", text: "a: 1\nb: [1,\n", line: 3},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Load([]byte(tc.text), "p.yaml")
			var bad *LoadError
			if !errors.As(err, &bad) || len(bad.Problems) != 1 || bad.Problems[0].Line != tc.line {
				t.Errorf("%s: got %v, want line %d", tc.reason, err, tc.line)
			}
		})
	}
}

// TestNextDocumentRecovers: a fault of the YAML library does not end the process.
func TestNextDocumentRecovers(t *testing.T) {
	if root, err := nextDocument(yaml.NewDecoder(faulty{})); root != nil || !errors.Is(err, errNotYAML) {
		t.Errorf("got %v, %v", root, err)
	}
}

// faulty makes the decoder panic inside of itself.
type faulty struct{}

var _ io.Reader = faulty{}

func (faulty) Read([]byte) (int, error) { panic("index out of range") }
