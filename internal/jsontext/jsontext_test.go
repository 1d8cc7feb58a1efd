package jsontext_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/internal/jsontext"
)

var documents = map[string]string{
	"object":           `{"a":"b","c":[1,-2.5e+3,true,false,null,{}],"d":{"e":[]}}`,
	"white space":      " \n{ \"a\" :\t[ 1 , { } , [ ] ]\r\n, \"b\" : null } ",
	"quotes in text":   `["\"","\\","\\\"]","}{","a\\\\"]`,
	"brackets in text": `{"]}":"[{","{":["}"]}`,
	"escapes":          `["\u0041\n\/","\ud83d\ude00","\ud83d","é"]`,
	"no UTF-8":         "[\"\xff\"]",
	"text alone":       `"a"`,
	"number alone":     `0.10`,
	"word alone":       `true`,
}

// walk decodes what follows by the methods of a Reader.
func walk(r *jsontext.Reader) any {
	switch r.Kind() {
	case '{':
		m := map[string]any{}
		for r.Open(); r.More(); {
			key := jsontext.Decode(r.Key())
			m[key] = walk(r)
		}
		return m
	case '[':
		l := []any{}
		for r.Open(); r.More(); {
			l = append(l, walk(r))
		}
		return l
	case '"':
		return jsontext.Decode(r.Text())
	}
	switch text := string(r.Literal()); text {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	default:
		return json.Number(text)
	}
}

// check compares what a Reader says of a valid document with encoding/json.
func check(t *testing.T, document []byte) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	var want any
	if err := dec.Decode(&want); err != nil {
		t.Fatal(err)
	}
	r := jsontext.Reader{Data: document}
	if diff := cmp.Diff(want, walk(&r)); diff != "" {
		t.Errorf("walk (-want +got):\n%s", diff)
	}
	if kind := r.Kind(); kind != 0 || r.Pos != len(document) {
		t.Errorf("after the walk: at %d of %d, kind %q", r.Pos, len(document), kind)
	}
	r = jsontext.Reader{Data: document}
	if got, want := string(r.Skip()), strings.Trim(string(document), " \t\r\n"); got != want {
		t.Errorf("skip: want %q, got %q", want, got)
	}
}

func TestReader(t *testing.T) {
	for name, document := range documents {
		t.Run(name, func(t *testing.T) { check(t, []byte(document)) })
	}
}

func FuzzReader(f *testing.F) {
	for _, document := range documents {
		f.Add([]byte(document))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		if json.Valid(document) {
			check(t, document)
		}
	})
}

// FuzzAppendString checks that any text comes back, in ASCII that is printable
// or UTF-8 that YAML readers take.
func FuzzAppendString(f *testing.F) {
	for _, seed := range []string{"", "plain", "\"\\\n\r\t\x00\x7f", "\u0085\u2028\ufeff\uffff", "é😀", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		written := jsontext.AppendString(nil, text)
		var got string
		if err := json.Unmarshal(written, &got); err != nil {
			t.Fatalf("%q: %v", written, err)
		}
		if want := string([]rune(text)); got != want {
			t.Errorf("want %q, got %q", want, got)
		}
		if content := written[1 : len(written)-1]; jsontext.Decode(content, false) != got {
			t.Errorf("%q: decoded as %q", content, jsontext.Decode(content, false))
		}
		for _, r := range string(written) {
			if jsontext.UnsafeInYAML(r) {
				t.Errorf("%q holds %U", written, r)
			}
		}
	})
}
