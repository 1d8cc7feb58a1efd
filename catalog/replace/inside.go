package replace

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/velero-krm/velero-krm/fn"
)

// The formats of text that a field may hold.
const (
	formatYAML = "yaml"
	formatJSON = "json"
)

// maxDepth bounds the recursion over what a field holds; configuration files
// nest a few levels.
const maxDepth = 200

var errTooDeep = errors.New("is nested too deeply")

// node is one value of a text, with the place it has there.
type node struct {
	fields map[string]*node
	list   []*node
	// leaf is a scalar that is not null; value is its text.
	leaf  bool
	value string
	// start and end bound it in the text, when splice is true.
	start, end int
	splice     bool
	// render writes another value in the manner of this one.
	render func(value string) string
	// set changes the value where it was read from, for formats that can be
	// written anew as a whole; nil otherwise.
	set func(value string)
}

// tree returns the value as fn.Path understands it, every scalar as its text.
func (n *node) tree() any {
	switch {
	case n.leaf:
		return n.value
	case n.fields != nil:
		m := make(map[string]any, len(n.fields))
		for k, child := range n.fields {
			m[k] = child.tree()
		}
		return m
	case n.list != nil:
		list := make([]any, len(n.list))
		for i, child := range n.list {
			list[i] = child.tree()
		}
		return list
	}
	return nil
}

// find returns the value that keys and indexes lead to, nil when there is none.
func (n *node) find(elems []any) *node {
	for _, e := range elems {
		switch e := e.(type) {
		case string:
			n = n.fields[e]
		case int:
			n = n.list[e]
		}
		if n == nil {
			return nil
		}
	}
	return n
}

// document is a text and what was read from it.
type document struct {
	roots []*node
	// encode writes everything anew, after set; nil when the format needs none.
	encode func() (string, error)
}

func parse(format, text string) (document, error) {
	if format == formatJSON {
		return parseJSON(text)
	}
	return parseYAML(text)
}

// change is one value to replace.
type change struct {
	at    *node
	value string
}

// editInside replaces values in a text and leaves all else as it was written:
// comments, order and quotes. Only when a value is written in a way that
// cannot be exchanged in place (a block of lines) is the text written anew.
func editInside(format, text string, p fn.Path, replace func(string) string) (string, error) {
	doc, err := parse(format, text)
	if err != nil {
		return text, err
	}
	var changes []change
	want := make([]any, len(doc.roots))
	for i, root := range doc.roots {
		edited, _, err := p.Edit(root.tree(), func(at fn.Location, value any) (any, bool, error) {
			old, ok := value.(string)
			if !ok {
				return value, true, nil
			}
			next := replace(old)
			if n := root.find(at.Elems()); n != nil && next != old {
				changes = append(changes, change{n, next})
			}
			return next, true, nil
		})
		if err != nil {
			return text, err
		}
		want[i] = edited
	}
	if len(changes) == 0 {
		return text, nil
	}
	return rewrite(format, text, doc, changes, want)
}

// rewrite writes the changes and reads them back: what would not say the same
// to whoever reads the text is not written.
func rewrite(format, text string, doc document, changes []change, want []any) (string, error) {
	if next, ok := splice(text, changes); ok && says(format, next, want) {
		return next, nil
	}
	if doc.encode != nil {
		for _, c := range changes {
			c.at.set(c.value)
		}
		next, err := doc.encode()
		if err == nil && says(format, next, want) {
			return next, nil
		}
	}
	return text, fmt.Errorf("the new value cannot be written as %s", format)
}

func says(format, text string, want []any) bool {
	doc, err := parse(format, text)
	if err != nil || len(doc.roots) != len(want) {
		return false
	}
	for i, root := range doc.roots {
		if !reflect.DeepEqual(root.tree(), want[i]) {
			return false
		}
	}
	return true
}

// splice exchanges the values in place, from the last to the first.
func splice(text string, changes []change) (string, bool) {
	slices.SortFunc(changes, func(a, b change) int { return b.at.start - a.at.start })
	for _, c := range changes {
		if !c.at.splice {
			return "", false
		}
		text = text[:c.at.start] + c.at.render(c.value) + text[c.at.end:]
	}
	return text, true
}
