package includes

import (
	"slices"
	"unicode/utf8"
)

// parse reads a pattern; false when it is not well formed. What that means is
// decided by the library that Velero uses: braces that are not closed end with
// the pattern, a class that is not closed is an error, and "}" and "," outside of
// braces and "]" outside of a class stand for themselves.
func parse(text string) (glob, bool) {
	// Its reader takes the character of number 0 for an end now and then.
	if !utf8.ValidString(text) || slices.Contains([]byte(text), 0) {
		return nil, false
	}
	p := parser{rest: []rune(text)}
	g := p.glob(0)
	return g, !p.bad
}

type parser struct {
	rest []rune
	bad  bool
}

// next takes one character; 0 at the end.
func (p *parser) next() rune {
	if len(p.rest) == 0 {
		return 0
	}
	r := p.rest[0]
	p.rest = p.rest[1:]
	return r
}

// maxDepth bounds braces in braces.
const maxDepth = 100

// glob reads until the end, or, within braces, until "," or "}", which stays.
func (p *parser) glob(depth int) glob {
	var g glob
	for len(p.rest) > 0 && !p.bad {
		if depth > 0 && (p.rest[0] == ',' || p.rest[0] == '}') {
			break
		}
		switch r := p.next(); r {
		case '*':
			g = append(g, part{kind: anything})
		case '?':
			g = append(g, part{kind: one})
		case '[':
			g = append(g, p.class())
		case '{':
			g = append(g, p.choice(depth+1))
		case '\\':
			if len(p.rest) > 0 {
				g = g.and(p.next())
			}
		default:
			g = g.and(r)
		}
	}
	return g
}

// and adds one character that stands for itself.
func (g glob) and(r rune) glob {
	if n := len(g); n > 0 && g[n-1].kind == literal {
		g[n-1].text = append(g[n-1].text, r)
		return g
	}
	return append(g, part{kind: literal, text: []rune{r}})
}

// choice reads what follows "{".
func (p *parser) choice(depth int) part {
	c := part{kind: choice}
	if p.bad = p.bad || depth > maxDepth; p.bad {
		return c
	}
	for {
		c.choices = append(c.choices, p.glob(depth))
		if p.next() != ',' {
			return c
		}
	}
}

// class reads what follows "[": a range, or characters up to "]".
func (p *parser) class() part {
	c := part{kind: class}
	if len(p.rest) > 0 && p.rest[0] == '!' {
		p.next()
		c.not = true
	}
	if len(p.rest) > 1 && p.rest[1] == '-' {
		c.low = p.next()
		p.next()
		c.high = p.next()
		p.bad = p.bad || p.next() != ']' || c.high < c.low
		return c
	}
	for len(p.rest) > 0 && p.rest[0] != ']' {
		r := p.next()
		if r == '\\' {
			r = p.next()
		}
		c.text = append(c.text, r)
	}
	p.bad = p.bad || p.next() != ']' || len(c.text) == 0
	return c
}
