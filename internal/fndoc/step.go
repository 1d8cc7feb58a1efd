package fndoc

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/velero-krm/velero-krm/fn"
)

// step writes the step of a pipeline that runs the function with config, which
// is kept as its author wrote it, and the phases of the pipeline where the
// function is not for both. What a step need not always grant stands
// there as a comment, but for the context when the example has one.
func step(p *Page, config []byte, context bool) (string, error) {
	var b strings.Builder
	list := "mutators"
	if p.Validates {
		list = "validators"
	}
	if len(p.Phases) == 1 {
		fmt.Fprintf(&b, "phases: [%s]\n", p.Phases[0])
	}
	fmt.Fprintf(&b, "%s:\n- builtin: %s\n", list, p.Name)
	writeGrants(&b, p.Needs, context)
	if len(config) == 0 {
		return b.String(), nil
	}
	fields, err := configLines(config)
	if err != nil {
		return "", err
	}
	b.WriteString(indent(fields, "  "))
	return b.String(), nil
}

// writeGrants writes each key once: what allow need not always have is named in
// a comment.
func writeGrants(b *strings.Builder, needs []fn.Grant, context bool) {
	var allow []string
	for _, g := range needs {
		if g.Key == "allow" && g.When == fn.Always {
			allow = append(allow, g.Value)
		}
	}
	allowed := len(allow) > 0
	if allowed {
		fmt.Fprintf(b, "  allow: [%s]\n", strings.Join(allow, ", "))
	}
	for _, g := range needs {
		switch always := g.When == fn.Always || g.Key == "context" && context; {
		case g.Key == "allow" && always:
		case always:
			fmt.Fprintf(b, "  %s\n", grantText(g))
		case g.Key == "allow" && allowed:
			fmt.Fprintf(b, "  # and in allow: %s   (%s)\n", g.Value, g.When)
		default:
			fmt.Fprintf(b, "  # %s   (%s)\n", grantText(g), g.When)
			allowed = allowed || g.Key == "allow"
		}
	}
}

// configLines is the config as the key of a step: configMap for a ConfigMap,
// else config.
func configLines(config []byte) (string, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(config, &doc); err != nil {
		return "", fmt.Errorf("read example's config: %w", err)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return "", fmt.Errorf("read example's config: it is no mapping")
	}
	object := doc.Content[0]
	if scalar(object, "kind") == "ConfigMap" {
		data := child(object, "data")
		if data == nil {
			return "", nil
		}
		return encode(map[string]*yaml.Node{"configMap": data})
	}
	remove(object, "metadata") // a step's config needs no name
	return encode(map[string]*yaml.Node{"config": object})
}

func child(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

func scalar(mapping *yaml.Node, key string) string {
	if v := child(mapping, key); v != nil {
		return v.Value
	}
	return ""
}

func remove(mapping *yaml.Node, key string) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			mapping.Content = append(mapping.Content[:i], mapping.Content[i+2:]...)
			return
		}
	}
}

func encode(v any) (string, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("encode example's config: %w", err)
	}
	return b.String(), nil
}

// indent puts prefix before every line that is not empty.
func indent(text, prefix string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString(prefix)
		}
		b.WriteString(line)
	}
	return b.String()
}
