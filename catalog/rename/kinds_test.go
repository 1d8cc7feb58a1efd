package rename

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/fn"
)

// TestEveryPlaceIsAPath guards the tables against a path that nobody reads.
func TestEveryPlaceIsAPath(t *testing.T) {
	table := map[groupKind]spec{}
	for group, adds := range tables() {
		for _, add := range adds {
			add(table)
		}
		if !slices.ContainsFunc(slices.Collect(maps.Keys(table)), func(gk groupKind) bool { return gk.group == group }) {
			t.Errorf("%q has no kinds", group)
		}
	}
	for gk := range table {
		own := map[groupKind]spec{}
		for _, add := range tables()[gk.group] {
			add(own)
		}
		if own[gk] == nil {
			t.Errorf("%v is not made for its group", gk)
		}
	}
	table[groupKind{"", "a pod"}] = podReferences("spec.template.spec").and(anyObject("metadata"))
	for kind, s := range table {
		for _, p := range s {
			if _, err := fn.ParsePath(p.path); err != nil {
				t.Errorf("%v: %s: %v", kind, p.path, err)
			}
			if err := new(node).add(p.path, p.reference); err != nil {
				t.Errorf("%v: %v", kind, err)
			}
			if p.of.kind == "" && p.form <= nameForm {
				t.Errorf("%v: %s: names an object of no kind", kind, p.path)
			}
		}
	}
}

func TestNode(t *testing.T) {
	root := &node{}
	ref := reference{form: textForm}
	for _, path := range []string{`metadata.annotations["example.com/a.b"]`, "spec.list[*].name", "metadata.annotations[*]"} {
		if err := root.add(path, ref); err != nil {
			t.Fatal(err)
		}
	}
	cases := map[string]struct {
		keys   []string
		reason string
	}{
		"a key with dots": {[]string{"metadata", "annotations", "example.com/a.b"}, "the key in brackets is one"},
		"any other":       {[]string{"metadata", "annotations", "other"}, "the rest goes to each"},
	}
	for name, c := range cases {
		n := root
		for _, key := range c.keys {
			n = n.child(key)
		}
		if n == nil || len(n.references) != 1 {
			t.Errorf("%s: %s; got %v", name, c.reason, n)
		}
	}
	if n := root.child("spec").child("list").each.child("name"); n == nil || len(n.references) != 1 {
		t.Errorf("in lists: got %v", n)
	}
	for _, path := range []string{`a["b`, "a..b", "a[0]"} {
		if err := new(node).add(path, ref); err == nil {
			t.Errorf("%s: want an error", path)
		}
	}
}

// TestFinder wants every text found that decodes to one with a name in it.
func TestFinder(t *testing.T) {
	many := []Rename{}
	for range maxFind + 1 {
		many = append(many, Rename{Kind: "Service", From: strings.Repeat("x", len(many)+1), To: "y"})
	}
	cases := map[string]struct {
		renames []Rename
		raw     string
		want    bool
		reason  string
	}{
		"plain":          {[]Rename{{Kind: "Service", From: "db"}}, `{"a":"db"}`, true, "it is there"},
		"not there":      {[]Rename{{Kind: "Service", From: "db"}}, `{"a":"d","\u003cb":1}`, false, "the escape is of no letter of the name"},
		"escaped":        {[]Rename{{Kind: "Service", From: "db"}}, `{"a":"\u0064b"}`, true, "JSON may spell it so"},
		"escaped late":   {[]Rename{{Kind: "Service", From: "db"}}, `{"a":"\u003c\u00e9d\u0062"}`, true, "every escape counts"},
		"variable":       {[]Rename{{Kind: "Service", From: "my-db"}}, `{"a":"$(MY_DB_SERVICE_HOST)"}`, true, "pods have variables for Services"},
		"cut off":        {[]Rename{{Kind: "Service", From: "db"}}, `{"a":"\u00`, false, "no more than JSON has"},
		"other letters":  {[]Rename{{Kind: "Service", From: "é"}}, `{}`, true, "it cannot tell"},
		"too many names": {many, `{}`, true, "searching for each would take longer"},
	}
	for name, c := range cases {
		if got := newFinder(newTable(c.renames)).in([]byte(c.raw)); got != c.want {
			t.Errorf("%s: %s: got %v", name, c.reason, got)
		}
	}
}
