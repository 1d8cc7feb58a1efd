package fntest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
)

// testCase is one folder.
type testCase struct {
	dir         string
	config      *krm.Item
	items       []*krm.Item
	expected    []*krm.Item
	results     string
	errors      []string
	wantFailure bool
}

func (c *testCase) list() *krm.ResourceList {
	return &krm.ResourceList{FunctionConfig: c.config, Items: c.items}
}

func load(t *testing.T, dir string) *testCase {
	t.Helper()
	c := &testCase{dir: dir, items: readItems(t, dir, "input.yaml")}
	if c.items == nil {
		t.Fatalf("%s has no input.yaml", dir)
	}
	if raw, ok := read(t, dir, "config.yaml"); ok {
		config, err := krm.ParseConfig(raw)
		if err != nil {
			t.Fatal(err)
		}
		c.config = config
	}
	c.expected = readItems(t, dir, "expected.yaml")
	raw, _ := read(t, dir, "results.txt")
	c.results = string(raw)
	raw, c.wantFailure = read(t, dir, "errors.txt")
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimSpace(line); line != "" {
			c.errors = append(c.errors, line)
		}
	}
	return c
}

// read returns a file, and false when it is not there.
func read(t *testing.T, dir, name string) ([]byte, bool) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false
	}
	if err != nil {
		t.Fatal(err)
	}
	return raw, true
}

func readItems(t *testing.T, dir, name string) []*krm.Item {
	t.Helper()
	raw, ok := read(t, dir, name)
	if !ok {
		return nil
	}
	items, err := krm.ReadItems(bytes.NewReader(raw), name)
	if err != nil {
		t.Fatal(err)
	}
	return append([]*krm.Item{}, items...)
}

// update writes what came out as what is expected.
func (c *testCase) update(t *testing.T, got outcome) {
	t.Helper()
	lines := got.errors()
	for i := range lines {
		lines[i] = regexp.QuoteMeta(lines[i])
	}
	c.write(t, "errors.txt", strings.Join(lines, "\n"))
	if len(lines) > 0 {
		c.write(t, "results.txt", "")
		c.write(t, "expected.yaml", "")
		return
	}
	var b bytes.Buffer
	if err := krm.WriteYAML(&b, got.items); err != nil {
		t.Fatal(err)
	}
	c.write(t, "expected.yaml", b.String())
	c.write(t, "results.txt", resultText(got.results))
}

// write writes a file, or removes it when it would be empty.
func (c *testCase) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(c.dir, name)
	if text == "" {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return
	}
	if err := os.WriteFile(path, []byte(strings.TrimRight(text, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// resultLine is a result as results.txt has it.
func resultLine(r krm.Result) string {
	line := string(r.Severity)
	if ref := r.ResourceRef; ref != nil {
		id := krm.Identity{APIVersion: ref.APIVersion, Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name}
		line += " " + id.String()
	}
	if r.Field != nil {
		line += " " + r.Field.Path
	}
	line += ": " + r.Message
	switch item, asks := r.Tags[krm.AdditionalItemTag]; {
	case !asks:
	case strings.HasSuffix(r.Message, " "+item):
		line += " (asked for)"
	default:
		line += " (asks for " + item + ")"
	}
	return line
}

func resultText(results []krm.Result) string {
	var b strings.Builder
	for _, r := range results {
		b.WriteString(resultLine(r) + "\n")
	}
	return b.String()
}

func compareText(t *testing.T, what, want, got string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func compareItems(t *testing.T, what string, want, got []*krm.Item) {
	t.Helper()
	same := len(want) == len(got)
	for i := 0; same && i < len(want); i++ {
		same = want[i].Equal(got[i])
	}
	if !same {
		t.Errorf("%s (-want +got):\n%s", what, cmp.Diff(itemText(want), itemText(got)))
	}
}

func itemText(items []*krm.Item) string {
	var b strings.Builder
	for i, item := range items {
		raw, err := json.MarshalIndent(item.Object(), "", "  ")
		if err != nil {
			raw = []byte(err.Error())
		}
		fmt.Fprintf(&b, "%d %s\n%s\n", i, item.Identity(), raw)
	}
	return b.String()
}
