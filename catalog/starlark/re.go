package starlark

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

const (
	// maxPattern bounds the text of a regular expression, in bytes, and
	// maxInstructions what it is compiled to: x{1000} is short.
	maxPattern      = 16 << 10
	maxInstructions = 20_000
	// compileSteps and instructionSteps are what it takes to compile one, twice: up
	// to 0.8 us for each instruction (BenchmarkSteps, 2026-11-22).
	compileSteps, instructionSteps = 80, 6
	// maxPatterns is how many compiled ones a run keeps.
	maxPatterns = 64
)

// reModule is the module re of starlib, which is less than Python's: match finds
// everywhere, all matches, and patterns and replacements are those of Go.
func reModule() *starlarkstruct.Module {
	r := &patterns{compiled: map[string]*pattern{}, methods: map[string]*starlark.Builtin{}}
	functions := map[string]builtin{"compile": r.compile}
	for name, f := range reFunctions() {
		functions[name] = r.function(f)
		r.methods[name] = starlark.NewBuiltin("regexp."+name, f.method)
	}
	return newModule("re", functions)
}

// reCall holds the arguments of any of the functions.
type reCall struct {
	pattern, repl, text    string
	maxsplit, count, flags int
}

// reFunction is a function of the module, and of patterns.
type reFunction struct {
	params []string // beside the pattern
	run    func(*pattern, *starlark.Thread, *reCall) (starlark.Value, error)
}

func reFunctions() map[string]reFunction {
	return map[string]reFunction{
		"findall": {[]string{"string", "flags?"}, (*pattern).findall},
		"match":   {[]string{"string", "flags?"}, (*pattern).match},
		"search":  {[]string{"string", "flags?"}, (*pattern).search},
		"split":   {[]string{"string", "maxsplit?", "flags?"}, (*pattern).split},
		"sub":     {[]string{"repl", "string", "count?", "flags?"}, (*pattern).sub},
	}
}

// into returns where an argument belongs.
func (c *reCall) into(param string) any {
	switch param {
	case "pattern":
		return &c.pattern
	case "repl":
		return &c.repl
	case "string":
		return &c.text
	case "maxsplit":
		return &c.maxsplit
	case "count":
		return &c.count
	}
	return &c.flags
}

// unpack reads arguments. starlib takes count and flags and does nothing with
// them, so that a script means something else than what happens.
func (c *reCall) unpack(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple, params ...string) error {
	pairs := make([]any, 0, 2*len(params))
	for _, p := range params {
		pairs = append(pairs, p, c.into(strings.TrimSuffix(p, "?")))
	}
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, pairs...); err != nil {
		return err
	}
	if len(c.text) > maxBytes || len(c.repl) > maxBytes {
		return fmt.Errorf("%s: %w", b.Name(), errText)
	}
	if c.count != 0 {
		return fmt.Errorf("%s: count must be 0: all matches are replaced", b.Name())
	}
	if c.flags != 0 {
		return fmt.Errorf("%s: flags must be 0: write them into the pattern, as in (?i)", b.Name())
	}
	return nil
}

// patterns keeps what a run compiles: most scripts use one for each object.
type patterns struct {
	compiled map[string]*pattern
	// methods are the functions of a pattern, which is their receiver.
	methods map[string]*starlark.Builtin
}

// method is a function without its first parameter.
func (f reFunction) method(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var c reCall
	if err := c.unpack(b, args, kwargs, f.params...); err != nil {
		return nil, err
	}
	return f.run(b.Receiver().(*pattern), thread, &c)
}

func (r *patterns) function(f reFunction) builtin {
	params := append([]string{"pattern"}, f.params...)
	return func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var c reCall
		if err := c.unpack(b, args, kwargs, params...); err != nil {
			return nil, err
		}
		p, err := r.get(thread, c.pattern)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.Name(), err)
		}
		return f.run(p, thread, &c)
	}
}

func (r *patterns) compile(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var c reCall
	if err := c.unpack(b, args, kwargs, "pattern", "flags?"); err != nil {
		return nil, err
	}
	p, err := r.get(thread, c.pattern)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return p, nil
}

func (r *patterns) get(thread *starlark.Thread, text string) (*pattern, error) {
	if p := r.compiled[text]; p != nil {
		return p, nil
	}
	p, err := newPattern(thread, text)
	if err != nil {
		return nil, err
	}
	if len(r.compiled) >= maxPatterns {
		clear(r.compiled)
	}
	p.methods = r.methods
	r.compiled[text] = p
	return p, nil
}

// pattern is a compiled regular expression, a value of scripts.
type pattern struct {
	text string
	// first finds a match in a whole text. next finds one in the rest of it, which
	// begins with the last character before the rest, so that ^ and \b know what is
	// there; its first group is the match.
	first, next *regexp.Regexp
	methods     map[string]*starlark.Builtin
	// work is what one character costs, in steps times workPerStep.
	work int
}

var errPattern = errors.New("the pattern is too large")

func newPattern(thread *starlark.Thread, text string) (*pattern, error) {
	if len(text) > maxPattern {
		return nil, errPattern
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, explainPattern(err)
	}
	size := instructions(parsed)
	if size > maxInstructions {
		return nil, errPattern
	}
	if err := spend(thread, uint64(compileSteps+size*instructionSteps)); err != nil {
		return nil, err
	}
	first, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	const before = `\A(?s:.)(?s:.*?)(`
	next, err := regexp.Compile(before + text + `)`)
	if err != nil { // a \Q that nothing ends
		next, err = regexp.Compile(before + text + `\E)`)
	}
	if err != nil {
		return nil, errPattern
	}
	return &pattern{text: text, first: first, next: next, work: charWork + size*(16+first.NumSubexp())/16}, nil
}

// explainPattern leaves out what is long: a whole pattern, for some mistakes.
func explainPattern(err error) error {
	const maxExpr = 40
	var e *syntax.Error
	if errors.As(err, &e) && len(e.Expr) > maxExpr {
		return errors.New(e.Code.String())
	}
	return err
}

// instructions estimates what a regular expression is compiled to. Where it
// repeats, it is copied.
func instructions(r *syntax.Regexp) int {
	n := 2 + len(r.Rune)/2
	for _, sub := range r.Sub {
		n += instructions(sub)
	}
	if r.Op == syntax.OpRepeat {
		n *= max(r.Min+1, r.Max, 1)
	}
	return n
}

// String returns the text of the pattern.
func (p *pattern) String() string { return p.text }

// Type returns the name of the type in scripts.
func (p *pattern) Type() string { return "regexp" }

// Freeze does nothing: a pattern cannot be changed.
func (p *pattern) Freeze() {}

// Truth is false for the empty pattern.
func (p *pattern) Truth() starlark.Bool { return p.text != "" }

// Hash is that of the text.
func (p *pattern) Hash() (uint32, error) { return starlark.String(p.text).Hash() }

// Attr returns a function of the module without its first parameter.
func (p *pattern) Attr(name string) (starlark.Value, error) {
	f, ok := p.methods[name]
	if !ok {
		return nil, nil
	}
	return f.BindReceiver(p), nil
}

// AttrNames returns the names of the functions.
func (p *pattern) AttrNames() []string {
	return slices.Sorted(maps.Keys(p.methods))
}
