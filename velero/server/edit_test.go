package server

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestApply(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("testdata", "source.go.txt"))
	if err != nil {
		t.Fatal(err)
	}
	// A run is in testdata/<name>.go.txt when it succeeds.
	cases := map[string]struct {
		reason string
		edits  []Edit
		want   []AnchorError
	}{
		"before": {
			reason: "goes above the comment of its anchor",
			edits:  []Edit{{Func: "(*list).collect", Anchor: "return items", Where: Before, Insert: "items = filter(items)"}},
		},
		"after": {
			reason: "goes after all lines of its anchor, and is formatted",
			edits:  []Edit{{Func: "collectAll", Anchor: "all := &list{", Where: After, Insert: "if all.limit==0 {\nreturn nil\n}"}},
		},
		"replace": {
			reason: "takes the place of its anchor, deep inside the function",
			edits:  []Edit{{Func: "collectAll", Anchor: "defer close(name)", Where: Replace, Insert: "defer release(name)"}},
		},
		"field": {
			reason: "adds a field to a struct type",
			edits:  []Edit{{Type: "list", Insert: "// extra is new.\nextra *extra"}},
		},
		"several": {
			reason: "keeps the order of edits at one place",
			edits: []Edit{
				{Func: "collectAll", Anchor: "return all.items", Where: Before, Insert: "first()"},
				{Func: "collectAll", Anchor: "return all.items", Where: Before, Insert: "second()"},
				{Type: "list", Insert: "extra *extra"},
			},
		},
		"no such anchor": {
			edits: []Edit{{Func: "collectAll", Anchor: "items := nothing()", Where: After, Insert: "x()"}},
			want:  []AnchorError{{What: "anchor"}},
		},
		"anchor twice": {
			reason: "the statement is there once in each branch",
			edits:  []Edit{{Func: "collectAll", Anchor: "log(name)", Where: After, Insert: "x()"}},
			want:   []AnchorError{{What: "anchor", Found: 2}},
		},
		"anchor in another function": {
			edits: []Edit{{Func: "collectAll", Anchor: "return items", Where: Before, Insert: "x()"}},
			want:  []AnchorError{{What: "anchor"}},
		},
		"anchor inside a statement": {
			reason: "nothing can be inserted next to the assignment of an if",
			edits:  []Edit{{Func: "collectAll", Anchor: "err := open(name)", Where: After, Insert: "x()"}},
			want:   []AnchorError{{What: "anchor"}},
		},
		"no anchor": {
			edits: []Edit{{Func: "collectAll", Where: After, Insert: "x()"}},
			want:  []AnchorError{{What: "anchor"}},
		},
		"no such function": {
			reason: "a method needs its receiver",
			edits:  []Edit{{Func: "collect", Anchor: "return items", Where: Before, Insert: "x()"}},
			want:   []AnchorError{{What: "function"}},
		},
		"no such type": {
			edits: []Edit{{Type: "name", Insert: "x int"}},
			want:  []AnchorError{{What: "type"}},
		},
		"all that do not fit": {
			edits: []Edit{
				{Func: "collectAll", Anchor: "items := nothing()", Where: After, Insert: "x()"},
				{Type: "missing", Insert: "x int"},
			},
			want: []AnchorError{{What: "anchor"}, {What: "type"}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Apply(source, tc.edits)
			if tc.want == nil {
				compareFile(t, tc.reason, strings.ReplaceAll(name, " ", "-"), got, err)
				return
			}
			var found []AnchorError
			for _, err := range flatten(err) {
				var anchor *AnchorError
				if errors.As(err, &anchor) {
					found = append(found, AnchorError{What: anchor.What, Found: anchor.Found})
				}
			}
			if diff := cmp.Diff(tc.want, found); diff != "" {
				t.Errorf("%s\nApply: what does not fit (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// flatten returns the errors that were joined.
func flatten(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

func compareFile(t *testing.T, reason, name string, got []byte, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s\nApply: %v", reason, err)
	}
	want, err := os.ReadFile(filepath.Join("testdata", name+".go.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s\nApply (-want +got):\n%s", reason, diff)
	}
}

// TestAnchorErrorText is about the message that stops a build.
func TestAnchorErrorText(t *testing.T) {
	edit := Edit{Name: "run", File: "pkg/a.go", Func: "F", Anchor: "x := y()", Type: "T"}
	cases := map[string]struct {
		err  AnchorError
		want string
	}{
		"anchor":   {AnchorError{Edit: edit, What: "anchor", Found: 2}, `apply edit "run" to pkg/a.go, function F: statement "x := y()" found 2 times, want once`},
		"function": {AnchorError{Edit: edit, What: "function"}, `apply edit "run" to pkg/a.go: function F found 0 times, want once`},
		"type":     {AnchorError{Edit: edit, What: "type"}, `apply edit "run" to pkg/a.go: struct type T found 0 times, want once`},
		"file":     {AnchorError{Edit: edit, What: "file"}, `apply edit "run" to pkg/a.go: no such file`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.err.Error()); diff != "" {
				t.Errorf("Error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestApplyNotGo(t *testing.T) {
	if _, err := Apply([]byte("package"), nil); err == nil {
		t.Error("Apply to what is no Go file: want an error")
	}
	source := []byte("package p\n\nfunc f() {\n\tg()\n}\n")
	if _, err := Apply(source, []Edit{{Func: "f", Anchor: "g()", Where: After, Insert: "if {"}}); err == nil {
		t.Error("Apply of what is no Go statement: want an error")
	}
}
