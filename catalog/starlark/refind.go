package starlark

import (
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"
)

const (
	// workPerStep is how much a step does: so many instructions of a pattern, for
	// one character, which counts as charWork more. It is up to 30 and 60 ns for
	// them, a search 700 ns to begin (BenchmarkSteps, 2026-11-22).
	workPerStep, charWork = 8, 4
	findSteps             = 8
)

// countedText reads a text for a search and counts what is read. To find the
// matches of a pattern one after the other takes quadratic time for some, as
// `a.*b|a` in a text of a, each search reading to the end; what searches will
// read cannot be told before.
type countedText struct {
	text   string
	pos    int
	thread *starlark.Thread
	work   int
	// owed is work that is no step yet.
	owed int
	err  error
}

// ReadRune ends the text early when the script may not take more steps.
func (c *countedText) ReadRune() (rune, int, error) {
	if c.pos >= len(c.text) || c.err != nil {
		return 0, 0, io.EOF
	}
	if c.owed += c.work; c.owed >= workPerStep {
		c.err = spend(c.thread, uint64(c.owed/workPerStep))
		c.owed %= workPerStep
	}
	r, size := utf8.DecodeRuneInString(c.text[c.pos:])
	c.pos += size
	return r, size, nil
}

// errEnough ends each.
var errEnough = errors.New("enough")

// each calls f with the matches in a text, one after the other, as
// regexp.FindStringSubmatchIndex gives them. An empty one right behind another
// does not count.
func (p *pattern) each(thread *starlark.Thread, text string, f func(match []int) error) error {
	from, lastEnd := 0, -1
	for n := 0; from <= len(text); n++ {
		match, err := p.find(thread, text, from)
		if match == nil || err != nil {
			return err
		}
		if n >= maxParts {
			return errLarge
		}
		start, end := match[0], match[1]
		if start < end || end != lastEnd {
			err = f(match)
		}
		if errors.Is(err, errEnough) {
			return nil
		}
		if err != nil {
			return err
		}
		lastEnd = end
		if end > from {
			from = end
			continue
		}
		// At the end of the text this goes beyond it, which ends the search.
		_, size := utf8.DecodeRuneInString(text[from:])
		from += max(size, 1)
	}
	return nil
}

// find returns the first match that starts at or behind from, a boundary
// between characters; nil for none.
func (p *pattern) find(thread *starlark.Thread, text string, from int) ([]int, error) {
	if err := spend(thread, uint64(findSteps+p.work/workPerStep)); err != nil {
		return nil, err
	}
	in := countedText{text: text, thread: thread, work: p.work}
	if from == 0 {
		match := p.first.FindReaderSubmatchIndex(&in)
		return match, in.err
	}
	_, size := utf8.DecodeLastRuneInString(text[:from])
	in.pos = from - size
	base := in.pos
	match := p.next.FindReaderSubmatchIndex(&in)
	if match == nil || in.err != nil {
		return nil, in.err
	}
	match = match[2:]
	for i := range match {
		if match[i] >= 0 {
			match[i] += base
		}
	}
	return match, nil
}

// search returns where the first match starts and ends, or None.
func (p *pattern) search(thread *starlark.Thread, c *reCall) (starlark.Value, error) {
	match, err := p.find(thread, c.text, 0)
	if match == nil || err != nil {
		return starlark.None, err
	}
	return starlark.NewList([]starlark.Value{starlark.MakeInt(match[0]), starlark.MakeInt(match[1])}), nil
}

// match returns a tuple of the whole and the groups for each match.
func (p *pattern) match(thread *starlark.Thread, c *reCall) (starlark.Value, error) {
	var found []starlark.Value
	groups := 0
	err := p.each(thread, c.text, func(match []int) error {
		tuple := make(starlark.Tuple, len(match)/2)
		for i := range tuple {
			tuple[i] = starlark.String("")
			if start := match[2*i]; start >= 0 {
				tuple[i] = starlark.String(c.text[start:match[2*i+1]])
			}
		}
		found = append(found, tuple)
		if groups += len(tuple); groups > maxParts {
			return errLarge
		}
		return spend(thread, uint64(len(tuple)))
	})
	return starlark.NewList(found), err
}

// findall returns the texts of all matches.
func (p *pattern) findall(thread *starlark.Thread, c *reCall) (starlark.Value, error) {
	found := starlark.Tuple{}
	err := p.each(thread, c.text, func(match []int) error {
		found = append(found, starlark.String(c.text[match[0]:match[1]]))
		return nil
	})
	return found, err
}

// split returns what is between the matches. As in Go, and other than in Python,
// maxsplit is how many parts there are at most; 0 is all.
func (p *pattern) split(thread *starlark.Thread, c *reCall) (starlark.Value, error) {
	if c.text == "" && p.text != "" {
		return starlark.Tuple{starlark.String("")}, nil
	}
	parts := starlark.Tuple{}
	begin, end := 0, 0
	err := p.each(thread, c.text, func(match []int) error {
		if c.maxsplit > 0 && len(parts) == c.maxsplit-1 {
			return errEnough
		}
		if end = match[0]; match[1] > 0 { // nothing stands before an empty match at the start
			parts = append(parts, starlark.String(c.text[begin:end]))
		}
		begin = match[1]
		return nil
	})
	if end < len(c.text) { // an empty match at the end has nothing behind it
		parts = append(parts, starlark.String(c.text[begin:]))
	}
	return parts, err
}

// sub replaces all matches; $1 and ${name} are groups.
func (p *pattern) sub(thread *starlark.Thread, c *reCall) (starlark.Value, error) {
	var out []byte
	end, groups := 0, strings.Count(c.repl, "$")
	err := p.each(thread, c.text, func(match []int) error {
		if grows := len(c.repl) + groups*(match[1]-match[0]); len(out)+grows > maxBytes {
			return errLarge
		}
		out = append(out, c.text[end:match[0]]...)
		out = p.first.ExpandString(out, c.repl, c.text, match)
		end = match[1]
		return spend(thread, uint64(callSteps+groups+len(c.repl)/quickBytes))
	})
	return starlark.String(append(out, c.text[end:]...)), err
}
