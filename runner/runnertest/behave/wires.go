package behave

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v3"
)

// wires are behaviours on the wire: they read and print with encoding/json and
// yaml.v3 and not with package krm, which is what is being tested.
func wires() []Behaviour {
	return []Behaviour{
		{Name: "tell-envelope", Program: tellEnvelope},
		{Name: "json-recode", Program: recode(readJSON, printJSON)},
		{Name: "yaml-read", Program: recode(readYAML, printJSON)},
		{Name: "yaml-print", Program: recode(readJSON, printYAML)},
		{Name: "print-bare-yaml", Program: fixed("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n" +
			"- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: plain}\n  data:\n    answer: yes\n    day: 2001-12-14\n    oct: 0o14\n")},
		{Name: "two-documents", Program: around("", "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: second}\n")},
		{Name: "text-before", Program: around("2026/11/22 starting up\n", "")},
		{Name: "text-after", Program: around("", "\ndone, all went well\n")},
		{Name: "bare-documents", Program: fixed("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n")},
		{Name: "kind-list", Program: fixed(`{"apiVersion":"v1","kind":"List","items":[]}`)},
		{Name: "scalar-item", Program: fixed(`{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList","items":["hello"]}`)},
		{Name: "non-krm-item", Program: fixed(`{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList","items":[{"foo":"bar"}]}`)},
		{Name: "no-items", Program: fixed(`{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList"}`)},
		{Name: "null-items", Program: fixed("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n")},
		{Name: "duplicate-keys-json", Program: fixed(`{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList","items":[` +
			`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"1","k":"2"}}]}`)},
		{Name: "duplicate-keys-yaml", Program: fixed("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n" +
			"- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n  data:\n    k: a\n    k: b\n")},
		{Name: "alias-bomb", Program: aliasBomb},
		{Name: "truncate", Program: truncate},
		{Name: "legacy-results", Program: legacyResults},
		{Name: "noisy", Program: noisy},
		{Name: "endless-stdout", Program: endlessStdout},
		{Name: "write-before-read", Program: writeBeforeRead},
		{Name: "close-stdin", Program: closeStdin},
		{Name: "echo-stdin-to-stderr", Program: echoTo(func(p *Process) io.Writer { return p.Stderr })},
		{Name: "echo-stdin-folded", Program: echoFolded},
		{Name: "echo-stdin-as-text", Program: echoAsText},
	}
}

// tellEnvelope prints a list without items and with one result whose tags say
// what the input looked like.
func tellEnvelope(p *Process) int {
	data, err := io.ReadAll(p.Stdin)
	if err != nil {
		return 1
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	documents := 0
	first := map[string]json.RawMessage{}
	for {
		var doc map[string]json.RawMessage
		if err := dec.Decode(&doc); err == io.EOF {
			break
		} else if err != nil {
			_, _ = fmt.Fprintln(p.Stderr, err)
			return 1
		}
		if documents++; documents == 1 {
			first = doc
		}
	}
	tags := map[string]string{"documents": strconv.Itoa(documents), "utf8": strconv.FormatBool(utf8.Valid(data))}
	for _, key := range []string{"apiVersion", "kind", "functionConfig"} {
		tags[key] = string(first[key])
	}
	tags["items"] = strings.TrimSpace(string(first["items"]))[:1]
	return printJSON(p, map[string]any{
		"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": first["items"],
		"results": []any{map[string]any{"message": "envelope", "severity": "info", "tags": tags}},
	})
}

func readJSON(data []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var list map[string]any
	err := dec.Decode(&list)
	return list, err
}

func readYAML(data []byte) (map[string]any, error) {
	var list map[string]any
	err := yaml.Unmarshal(data, &list)
	return list, err
}

func printJSON(p *Process, list map[string]any) int {
	if err := json.NewEncoder(p.Stdout).Encode(list); err != nil {
		return 1
	}
	return 0
}

func printYAML(p *Process, list map[string]any) int {
	// Numbers are text to encoding/json and must not become text in YAML.
	if err := yaml.NewEncoder(p.Stdout).Encode(plainNumbers(list)); err != nil {
		return 1
	}
	return 0
}

func plainNumbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = plainNumbers(v[k])
		}
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	}
	return v
}

// recode reads in one way and prints in another, and changes nothing.
func recode(read func([]byte) (map[string]any, error), print func(*Process, map[string]any) int) func(*Process) int {
	return func(p *Process) int {
		data, err := io.ReadAll(p.Stdin)
		if err != nil {
			return 1
		}
		list, err := read(data)
		if err != nil {
			_, _ = fmt.Fprintln(p.Stderr, err)
			return 1
		}
		return print(p, list)
	}
}

func fixed(output string) func(*Process) int {
	return func(p *Process) int {
		_, _ = io.Copy(io.Discard, p.Stdin)
		_, _ = io.WriteString(p.Stdout, output)
		return 0
	}
}

// around prints the input as it came, with text before and after.
func around(before, after string) func(*Process) int {
	return func(p *Process) int {
		_, _ = io.WriteString(p.Stdout, before)
		_, _ = io.Copy(p.Stdout, p.Stdin)
		_, _ = io.WriteString(p.Stdout, after)
		return 0
	}
}

func aliasBomb(p *Process) int {
	var b strings.Builder
	b.WriteString("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n")
	b.WriteString("- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: bomb}\n  a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, "  a%d: &a%d [%s]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9))
	}
	return fixed(b.String())(p)
}

// truncate prints the first two thirds of the input.
func truncate(p *Process) int {
	data, err := io.ReadAll(p.Stdin)
	if err != nil {
		return 1
	}
	_, _ = p.Stdout.Write(data[:len(data)*2/3])
	return 0
}

// legacyResults prints results as old SDKs do.
func legacyResults(p *Process) int {
	data, err := io.ReadAll(p.Stdin)
	if err != nil {
		return 1
	}
	in, err := readJSON(data)
	if err != nil {
		return 1
	}
	in["results"] = map[string]any{"items": []any{map[string]any{
		"message": "old shape", "severity": "warning",
		"resourceRef": map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap",
			"metadata": map[string]any{"name": "a", "namespace": "ns"},
		},
		"field": map[string]any{"path": "data.k", "suggestedValue": "better"},
	}}}
	return printJSON(p, in)
}

// noisy writes a megabyte to stderr and fails.
func noisy(p *Process) int {
	_, _ = io.Copy(io.Discard, p.Stdin)
	w := bufio.NewWriter(p.Stderr)
	_, _ = w.WriteString("this is the first line\n")
	for range 1 << 14 {
		_, _ = w.WriteString("................................................................")
	}
	_, _ = w.WriteString("\nthis is the last line\n")
	_ = w.Flush()
	return 1
}

func endlessStdout(p *Process) int {
	block := bytes.Repeat([]byte(" "), 1<<16)
	for {
		if _, err := p.Stdout.Write(block); err != nil {
			return 1
		}
	}
}

// writeBeforeRead writes 100 MB before it reads: half to each stream, line
// ends on stdout so that the list that follows can be read.
func writeBeforeRead(p *Process) int {
	block := bytes.Repeat([]byte("\n"), 1<<20)
	for range 50 {
		_, _ = p.Stderr.Write(block)
		_, _ = p.Stdout.Write(block)
	}
	_, _ = io.Copy(p.Stdout, p.Stdin)
	return 0
}

// closeStdin does not read and removes all objects.
func closeStdin(p *Process) int {
	_ = p.Stdin.Close()
	_, _ = io.WriteString(p.Stdout, `{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList","items":[]}`)
	return 0
}

func echoTo(w func(p *Process) io.Writer) func(*Process) int {
	return func(p *Process) int {
		_, _ = io.Copy(w(p), p.Stdin)
		return 4
	}
}

// echoFolded writes its input to stderr in lines of 17 bytes, quoted.
func echoFolded(p *Process) int {
	data, _ := io.ReadAll(p.Stdin)
	for len(data) > 0 {
		n := min(17, len(data))
		_, _ = fmt.Fprintf(p.Stderr, "  %q\n", data[:n])
		data = data[n:]
	}
	return 4
}

// echoAsText prints its input on stdout as a text that is no list.
func echoAsText(p *Process) int {
	_, _ = io.WriteString(p.Stdout, "got: ")
	_, _ = io.Copy(p.Stdout, p.Stdin)
	return 0
}
