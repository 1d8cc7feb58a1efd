package includes

import (
	"slices"
	"strings"
)

// glob is a pattern: parts one after the other.
type glob []part

// part is one of the things that a pattern is made of.
type part struct {
	kind partKind
	// text is what a literal stands for, and the characters of a class.
	text []rune
	// low and high are the ends of a class that is a range.
	low, high rune
	// not turns a class round.
	not bool
	// choices are those of braces.
	choices []glob
}

type partKind int

const (
	literal partKind = iota
	anything
	one
	class
	choice
)

// match reports whether a name is what the pattern says. Its time is at most the
// product of both lengths.
func (g glob) match(name string) bool {
	if prefix, suffix, ok := g.ends(); ok {
		return strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix)
	}
	text := []rune(name)
	at := make([]bool, len(text)+1)
	at[0] = true
	return g.step(text, at)[len(text)]
}

// ends returns what is in front of the one "*" of a pattern and what follows it.
// The library that Velero uses lets the two overlap: for it "prod-*-eu" matches
// "prod-eu" (gobwas/glob v0.2.3, match/prefix_suffix.go), and what Velero takes
// for included is included.
func (g glob) ends() (prefix, suffix string, ok bool) {
	stars := slices.DeleteFunc(slices.Clone(g), func(p part) bool { return p.kind != anything })
	if len(g) < 3 || len(stars) != len(g)-2 {
		return "", "", false
	}
	first, last := g[0], g[len(g)-1]
	return string(first.text), string(last.text), first.fixed() && last.fixed()
}

// fixed reports whether the part stands for one text.
func (p part) fixed() bool {
	return p.kind == literal || p.kind == class && len(p.text) == 1 && !p.not
}

// step returns where in a text the pattern may end that begins at one of the
// places at.
func (g glob) step(text []rune, at []bool) []bool {
	for _, p := range g {
		at = p.step(text, at)
	}
	return at
}

func (p part) step(text []rune, at []bool) []bool {
	next := make([]bool, len(at))
	switch p.kind {
	case anything:
		if from := slices.Index(at, true); from >= 0 {
			for i := from; i < len(next); i++ {
				next[i] = true
			}
		}
		return next
	case choice:
		for _, g := range p.choices {
			for i, there := range g.step(text, at) {
				next[i] = next[i] || there
			}
		}
		return next
	case literal, one, class:
	}
	for i, there := range at {
		if size := p.size(); there && i+size <= len(text) && p.is(text[i:i+size]) {
			next[i+size] = true
		}
	}
	return next
}

// size is how many characters a part stands for that is no "*" and no braces.
func (p part) size() int {
	if p.kind == literal {
		return len(p.text)
	}
	return 1
}

// is reports whether the part stands for a text of its size.
func (p part) is(text []rune) bool {
	switch {
	case p.kind == literal:
		return slices.Equal(p.text, text)
	case p.kind == one:
		return true
	case len(p.text) > 0:
		return slices.Contains(p.text, text[0]) != p.not
	}
	return (p.low <= text[0] && text[0] <= p.high) != p.not
}
