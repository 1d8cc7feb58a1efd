package resourcemodifiers

import (
	"errors"
	"regexp"
	"strings"
)

// isPattern reports whether a name stands for more than itself.
func isPattern(name string) bool { return strings.ContainsAny(name, `*?[{\`) }

var errGlob = errors.New("is no pattern")

// compileGlob reads a pattern of the library that Velero uses
// (github.com/gobwas/glob): * and ? stop at the separator, unless it is 0, and
// ** does not; [abc], [!a-z] and {one,two} are alternatives; \ takes the next
// character as it is.
func compileGlob(text string, separator byte) (*regexp.Regexp, error) {
	g := globReader{rest: text, one: "."}
	if separator != 0 {
		g.one = "[^" + regexp.QuoteMeta(string(separator)) + "]"
	}
	pattern, err := g.read()
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile("^(?s:" + pattern + ")$")
	if err != nil {
		return nil, errGlob
	}
	return re, nil
}

type globReader struct {
	rest, one string
	depth     int
}

func (g *globReader) read() (string, error) {
	var b strings.Builder
	for g.rest != "" {
		c := g.rest[0]
		g.rest = g.rest[1:]
		switch {
		case c == '*' && strings.HasPrefix(g.rest, "*"):
			g.rest = g.rest[1:]
			b.WriteString(".*")
		case c == '*':
			b.WriteString(g.one + "*")
		case c == '?':
			b.WriteString(g.one)
		case c == '[':
			class, err := g.class()
			if err != nil {
				return "", err
			}
			b.WriteString(class)
		case c == '{':
			g.depth++
			b.WriteString("(?:")
		case c == '}' && g.depth > 0:
			g.depth--
			b.WriteString(")")
		case c == ',' && g.depth > 0:
			b.WriteString("|")
		case c == '\\':
			if g.rest == "" {
				return "", errGlob
			}
			b.WriteString(regexp.QuoteMeta(g.rest[:1]))
			g.rest = g.rest[1:]
		default:
			b.WriteString(regexp.QuoteMeta(string([]byte{c})))
		}
	}
	if g.depth != 0 {
		return "", errGlob
	}
	return b.String(), nil
}

// class reads what follows "[".
func (g *globReader) class() (string, error) {
	content, rest, ok := strings.Cut(g.rest, "]")
	g.rest = rest
	not := ""
	if strings.HasPrefix(content, "!") {
		not, content = "^", content[1:]
	}
	if !ok || content == "" || strings.ContainsAny(content, `\^[&~`) {
		return "", errGlob
	}
	return "[" + not + content + "]", nil
}
