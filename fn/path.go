package fn

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/velero-krm/velero-krm/internal/objectmeta"
)

// Path points at fields of an object, and may point at many. The zero Path
// points at the object itself. It reads itself from text, so that a config may
// have fields of this type. The text:
//
//	spec.replicas                               a field
//	metadata.annotations["example.com/a.b"]     a key with other characters, in ' or "
//	spec.containers[0].image                    an element of a list, from 0
//	spec.containers[name=web].image             elements whose field name is the string web
//	spec.containers[*].image, spec.*.image      every element, every key
//
// Keys outside of brackets are letters, digits, "_", "-" and "/". Depth is at
// most 64. A path that goes more than one key below metadata.labels or
// metadata.annotations, of the object or of a template in it, is none: they hold
// texts, and a dot in a key of theirs needs brackets.
type Path struct{ segments []segment }

// segment is one step of a Path.
type segment struct {
	kind  segmentKind
	key   string // of key and match
	value string // of match
	index int    // of index
}

type segmentKind uint8

const (
	keySegment segmentKind = iota
	indexSegment
	anySegment
	matchSegment
)

// maxPathDepth is beyond what any API has (a CRD's schema nests some 30 deep)
// and bounds the recursion.
const maxPathDepth = 64

// ParsePath reads a path.
func ParsePath(text string) (Path, error) {
	p := pathParser{rest: text}
	for first := true; p.rest != ""; first = false {
		if len(p.segments) == maxPathDepth {
			return Path{}, fmt.Errorf("path is deeper than %d", maxPathDepth)
		}
		if err := p.next(first); err != nil {
			return Path{}, fmt.Errorf("at character %d: %w", len(text)-len(p.rest)+1, err)
		}
	}
	if len(p.segments) == 0 {
		return Path{}, errors.New("path is empty")
	}
	path := Path{segments: p.segments}
	if err := path.checkTexts(); err != nil {
		return Path{}, err
	}
	return path, nil
}

// checkTexts refuses a path that looks for something inside of a label or
// annotation. Nearly always it is a key with dots, without brackets: read as it
// stands, nothing is found, or a map is written where Kubernetes has texts.
func (p Path) checkTexts() error {
	for i := 0; i+2 < len(p.segments); i++ {
		texts, below := p.segments[i+1], p.segments[i+2:]
		switch {
		case texts.kind != keySegment || !p.metadataOfObject(i):
		case texts.key != "labels" && texts.key != "annotations":
		case below[0].kind == indexSegment || below[0].kind == matchSegment:
			return fmt.Errorf("metadata.%s is a map and no list: write a key, as metadata.%s[\"example.com/a\"]", texts.key, texts.key)
		case len(below) > 1:
			return fmt.Errorf("goes deeper than the texts of metadata.%s: write a key with dots in brackets, as %s", texts.key, p.bracketed(i+2))
		}
	}
	return nil
}

// metadataOfObject reports whether a segment is the metadata of the object, or of
// a template in it. What else is called metadata may hold anything.
func (p Path) metadataOfObject(i int) bool {
	if s := p.segments[i]; s.kind != keySegment || s.key != "metadata" || i == 0 {
		return s.kind == keySegment && s.key == "metadata"
	}
	owner, element := p.segments[i-1], false
	if owner.kind != keySegment {
		if i < 2 || p.segments[i-2].kind != keySegment {
			return false
		}
		owner, element = p.segments[i-2], true
	}
	return objectmeta.Below(owner.key, element)
}

// bracketed returns the path with the keys from a segment on as one.
func (p Path) bracketed(from int) string {
	keys := make([]string, 0, len(p.segments))
	for _, s := range p.segments[from:] {
		if s.kind != keySegment {
			return `metadata.annotations["example.com/a"]`
		}
		keys = append(keys, s.key)
	}
	joined := append(slices.Clip(p.segments[:from]), segment{key: strings.Join(keys, ".")})
	return Path{segments: joined}.String()
}

type pathParser struct {
	rest     string
	segments []segment
}

func (p *pathParser) next(first bool) error {
	if p.rest[0] == '[' {
		return p.bracket()
	}
	rest := p.rest
	if !first {
		if rest[0] != '.' {
			return errors.New("expected '.' or '['")
		}
		rest = rest[1:]
	}
	if rest == "*" || strings.HasPrefix(rest, "*.") || strings.HasPrefix(rest, "*[") {
		p.add(segment{kind: anySegment}, rest[1:])
		return nil
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return !plainKeyRune(r) })
	if end < 0 {
		end = len(rest)
	}
	if end == 0 {
		return errors.New("expected a key; put keys with other characters in brackets and quotes")
	}
	p.add(segment{key: rest[:end]}, rest[end:])
	return nil
}

// bracket reads [*], [0], ["key"], ['key'] or [name=value].
func (p *pathParser) bracket() error {
	rest := p.rest[1:]
	if rest == "" {
		return errors.New("'[' is not closed")
	}
	if rest[0] == '"' || rest[0] == '\'' {
		key, rest, err := unquote(rest)
		if err != nil {
			return err
		}
		return p.closeBracket(segment{key: key}, rest)
	}
	end := strings.IndexAny(rest, "]=")
	if end < 0 {
		return errors.New("'[' is not closed")
	}
	word := rest[:end]
	if rest[end] == '=' {
		return p.match(word, rest[end+1:])
	}
	if word == "*" {
		return p.closeBracket(segment{kind: anySegment}, rest[end:])
	}
	index, err := strconv.ParseUint(word, 10, 31)
	if err != nil {
		return errors.New("expected a number, '*', a quoted key or name=value between the brackets")
	}
	return p.closeBracket(segment{kind: indexSegment, index: int(index)}, rest[end:])
}

func (p *pathParser) match(key, rest string) error {
	if key == "" || strings.IndexFunc(key, func(r rune) bool { return !plainKeyRune(r) }) >= 0 {
		return errors.New("expected a plain key before '='")
	}
	if rest != "" && (rest[0] == '"' || rest[0] == '\'') {
		value, rest, err := unquote(rest)
		if err != nil {
			return err
		}
		return p.closeBracket(segment{kind: matchSegment, key: key, value: value}, rest)
	}
	end := strings.IndexByte(rest, ']')
	if end < 0 {
		return errors.New("'[' is not closed")
	}
	return p.closeBracket(segment{kind: matchSegment, key: key, value: rest[:end]}, rest[end:])
}

func (p *pathParser) closeBracket(s segment, rest string) error {
	if rest == "" || rest[0] != ']' {
		return errors.New("expected ']'")
	}
	p.add(s, rest[1:])
	return nil
}

func (p *pathParser) add(s segment, rest string) {
	p.segments = append(p.segments, s)
	p.rest = rest
}

// unquote reads the quoted string that text starts with. Within "" the escapes
// of JSON and Go apply, within ” none do.
func unquote(text string) (value, rest string, err error) {
	if text[0] == '\'' {
		value, rest, ok := strings.Cut(text[1:], "'")
		if !ok {
			return "", "", errors.New("quote is not closed")
		}
		return value, rest, nil
	}
	quoted, err := strconv.QuotedPrefix(text)
	if err != nil {
		return "", "", errors.New("quote is not closed")
	}
	value, err = strconv.Unquote(quoted)
	if err != nil {
		return "", "", errors.New("quoted key is not well formed")
	}
	return value, text[len(quoted):], nil
}

func plainKeyRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
		r == '_' || r == '-' || r == '/'
}

// String returns the path in the form that ParsePath reads.
func (p Path) String() string {
	var b strings.Builder
	for i, s := range p.segments {
		switch s.kind {
		case keySegment:
			writeKey(&b, i, s.key)
		case indexSegment:
			fmt.Fprintf(&b, "[%d]", s.index)
		case anySegment:
			b.WriteString("[*]")
		case matchSegment:
			fmt.Fprintf(&b, "[%s=%s]", s.key, strconv.Quote(s.value))
		}
	}
	return b.String()
}

// MarshalText writes the path as String does.
func (p Path) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the path as ParsePath does.
func (p *Path) UnmarshalText(text []byte) error {
	parsed, err := ParsePath(string(text))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}

// Reaches reports whether the path may point at the field at keys, or at a
// mapping that holds it.
func (p Path) Reaches(keys ...string) bool {
	if len(p.segments) > len(keys) {
		return false
	}
	for i, s := range p.segments {
		if s.kind != anySegment && (s.kind != keySegment || s.key != keys[i]) {
			return false
		}
	}
	return true
}

// EndsInIndex reports whether the path points at list elements by number:
// removing one makes the next take its number.
func (p Path) EndsInIndex() bool {
	return len(p.segments) > 0 && p.segments[len(p.segments)-1].kind == indexSegment
}

// writeKey writes a key in the form in which every message shows it.
func writeKey(b *strings.Builder, position int, key string) {
	plain := key != "" && strings.IndexFunc(key, func(r rune) bool { return !plainKeyRune(r) || r == '/' }) < 0
	switch {
	case !plain:
		b.WriteString("[" + strconv.Quote(key) + "]")
	case position == 0:
		b.WriteString(key)
	default:
		b.WriteString("." + key)
	}
}

// FieldPath formats keys (string) and list indexes (int) as every message of
// this project shows them: spec.containers[0].image.
func FieldPath(elems ...any) string { return Location{elems}.String() }

// Location is where in an object a value is.
type Location struct{ elems []any }

// LocationOf returns the location at the end of keys (string) and list indexes
// (int), which are copied.
func LocationOf(elems ...any) Location { return Location{slices.Clone(elems)} }

// Elems returns the keys (string) and list indexes (int) that lead there.
func (l Location) Elems() []any { return slices.Clone(l.elems) }

// Path returns the path that points at the location and nowhere else. It has any
// keys and any depth, also those that [ParsePath] refuses.
func (l Location) Path() Path {
	segments := make([]segment, 0, len(l.elems))
	for _, e := range l.elems {
		switch e := e.(type) {
		case string:
			segments = append(segments, segment{key: e})
		case int:
			segments = append(segments, segment{kind: indexSegment, index: e})
		}
	}
	return Path{segments: segments}
}

// String returns the location in the form spec.containers[0].image.
func (l Location) String() string {
	var b strings.Builder
	for i, e := range l.elems {
		switch e := e.(type) {
		case string:
			writeKey(&b, i, e)
		case int:
			fmt.Fprintf(&b, "[%d]", e)
		}
	}
	return b.String()
}
