package starlark

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.starlark.net/starlark"
)

// FuzzFind wants from the bounded search what Go's own finds.
func FuzzFind(f *testing.F) {
	for _, seed := range []struct{ pattern, text string }{
		{`a*`, "baaac"},
		{``, "héllo\xff"},
		{`^a|\bb`, "ab ab\nab"},
		{`(?m)^.*$`, "one\n\ntwo\n"},
		{`(?i)(X)|(y)`, "xyYX"},
		{`\Qa.b`, "a.b aXb a.b"},
		{`\A.|.\z`, "abc"},
		{`a.*b|a`, strings.Repeat("a", 20)},
		{`(?U)a+`, "aaa"},
		{`\B`, "ab cd"},
		{`(|a)+`, "aab"},
		{`[^\x00-\x7f]`, "a\xe2\x82b\xe2\x82\xac"},
		{`,`, ",a,,b,"},
		{`$`, "x\ny"},
	} {
		f.Add(seed.pattern, seed.text, 2)
	}
	f.Fuzz(func(t *testing.T, expr, text string, maxsplit int) {
		thread := &starlark.Thread{}
		watchThread(t.Context(), thread, 0)
		p, err := newPattern(thread, expr)
		if errors.Is(err, errPattern) || len(text) > 1000 {
			return
		}
		want, wantErr := regexp.Compile(expr)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: want %v, got %v", expr, wantErr, err)
		}
		if err != nil {
			return
		}
		var got [][]int
		if err := p.each(thread, text, func(match []int) error {
			got = append(got, match)
			return nil
		}); err != nil {
			return // it takes too much
		}
		if diff := cmp.Diff(want.FindAllStringSubmatchIndex(text, -1), got); diff != "" {
			t.Fatalf("%q in %q (-want +got):\n%s", expr, text, diff)
		}
		sameSplit(t, want, p, text, maxsplit)
		sub, err := p.sub(&starlark.Thread{}, &reCall{text: text, repl: "<$0$1>"})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.ReplaceAllString(text, "<$0$1>"), string(sub.(starlark.String))); diff != "" {
			t.Fatalf("%q in %q (-want +got):\n%s", expr, text, diff)
		}
	})
}

func sameSplit(t *testing.T, want *regexp.Regexp, p *pattern, text string, maxsplit int) {
	t.Helper()
	got, err := p.split(&starlark.Thread{}, &reCall{text: text, maxsplit: maxsplit})
	if err != nil {
		t.Fatal(err)
	}
	limit := maxsplit
	if limit == 0 {
		limit = -1
	}
	parts := []string{}
	for e := range starlark.Elements(got.(starlark.Iterable)) {
		parts = append(parts, string(e.(starlark.String)))
	}
	if diff := cmp.Diff(want.Split(text, limit), parts); diff != "" {
		t.Fatalf("split %q by %q, %d (-want +got):\n%s", text, want, maxsplit, diff)
	}
}

// TestPatternsAreBounded gives what takes quadratic time or a lot of memory.
func TestPatternsAreBounded(t *testing.T) {
	tests := map[string]struct{ script, want string }{
		"quadratic":       {`re.findall("a.*b|a", "a" * 1000000)`, "it takes too many steps"},
		"many groups":     {`re.match("(" * 300 + "a*" + ")" * 300, "a" * 10000000)`, "it takes too many steps"},
		"one large match": {`re.sub("a*", "$0" * 1000, "a" * 1000000)`, "the value is too large"},
		"many matches":    {`re.findall("", "a" * 1500000)`, "it takes too many steps"},
		"long pattern":    {`re.compile("a" * 100000)`, "the pattern is too large"},
		"many copies":     {`re.compile("(a{1000}){1}" * 1000)`, "the pattern is too large"},
		"nested":          {`re.compile("(" * 2000 + ")" * 2000)`, "re.compile: expression nests too deeply"},
		"large text":      {`re.search("a", "a" * 100000000)`, "the text is too large"},
		"in a loop":       {`[re.search("x", "a" * 100000) for i in range(1000)]`, "it takes too many steps"},
		"compiled":        {`[re.compile("a{100}" * 10 + str(i)) for i in range(1000000)]`, "it takes too many steps"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := runModules(t, tc.script)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

// runModules runs a script that has all modules, within bounds; of steps it has
// fewer than others, which saves time.
func runModules(t *testing.T, script string) error {
	t.Helper()
	thread := &starlark.Thread{Load: newLoader()}
	watchThread(t.Context(), thread, 1)
	thread.Local(watchKey).(*watch).limit = 2_000_000
	_, err := starlark.ExecFileOptions(options(), thread, scriptName, loadAll()+script+"\n", predeclared(starlark.None))
	return err
}

func loadAll() string {
	var all strings.Builder
	for _, m := range modules() {
		all.WriteString(m.load() + "\n")
	}
	return all.String()
}
