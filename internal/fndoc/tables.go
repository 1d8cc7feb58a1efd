package fndoc

import (
	"fmt"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
)

// FillTables writes the tables of catalog/README.md anew: what stands between
// the line "<!-- NAME: made by make docs -->" and the next "<!-- end -->". It
// fails when one of them has no place.
func FillTables(page string, pages []*Page) (string, error) {
	for name, table := range map[string]string{"functions": functionTable(pages), "grants": grantTable(pages)} {
		before, rest, ok := strings.Cut(page, "<!-- "+name+": made by make docs -->\n")
		_, after, ends := strings.Cut(rest, "<!-- end -->\n")
		if !ok || !ends {
			return "", fmt.Errorf("fill table %q: the page has no place for it", name)
		}
		page = before + "<!-- " + name + ": made by make docs -->\n" + table + "<!-- end -->\n" + after
	}
	return page, nil
}

func functionTable(pages []*Page) string {
	var b strings.Builder
	b.WriteString("| function | what it does |\n|---|---|\n")
	for _, p := range pages {
		fmt.Fprintf(&b, "| [%s](%s/README.md) | %s |\n", p.Name, p.Name, cell(p.Summary))
	}
	return b.String()
}

// grantTable has the functions that need something granted.
func grantTable(pages []*Page) string {
	var b strings.Builder
	b.WriteString("| function | `allow` | `context` | `scope` |\n|---|---|---|---|\n")
	for _, p := range pages {
		if len(p.Needs) > 0 {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", p.Name, p.needCell("allow"), p.needCell("context"), p.needCell("scope"))
		}
	}
	return b.String()
}

// needCell is what a step must grant by one key.
func (p *Page) needCell(key string) string {
	var words []string
	for _, g := range p.Needs {
		if g.Key != key {
			continue
		}
		word := "`" + g.Value + "`"
		if g.When != fn.Always {
			word += " " + cell(g.When)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}
