package runner

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// gramBytes is the length from which a run that occurs in a secret is taken
// out: long enough that words of a message rarely match by chance, short
// enough that a piece of a password does not get through.
const gramBytes = 6

// redactAll sets the value of each text in texts to its redacted form, with
// one pass over the secrets; false when there are no secrets.
func (r *Redactor) redactAll(texts map[string]string) bool {
	r.once.Do(r.load)
	if len(r.values) == 0 && len(r.shorts.known) == 0 {
		return false
	}
	found := r.gramsIn(texts)
	for text := range texts {
		texts[text] = redactText(text, found, r.shorts, r.public(text))
	}
	return true
}

// grams are runs of gramBytes bytes, as numbers, with a filter before the
// map: nearly no run of a secret occurs in a text, and there may be megabytes
// of secrets.
type grams struct {
	filter [1 << 10]uint64
	seen   map[uint64]bool // true once it was found in a secret
}

func newGrams() *grams { return &grams{seen: make(map[uint64]bool)} }

func slot(gram uint64) (word, bit uint64) {
	h := gram * 0x9e3779b97f4a7c15 >> 48
	return h >> 6, h & 63
}

func (g *grams) want(gram uint64) {
	word, bit := slot(gram)
	g.filter[word] |= 1 << bit
	g.seen[gram] = false
}

func (g *grams) mark(gram uint64) {
	word, bit := slot(gram)
	if g.filter[word]&(1<<bit) == 0 {
		return
	}
	if _, wanted := g.seen[gram]; wanted {
		g.seen[gram] = true
	}
}

// eachGram calls f with every run of gramBytes bytes and where it starts.
// Runs of white space alone are none.
func eachGram(text []byte, f func(gram uint64, start int)) {
	const mask = 1<<(8*gramBytes) - 1
	var gram uint64
	visible := -1 // the last position that is not white space
	for i, c := range text {
		gram = (gram<<8 | uint64(c)) & mask
		if !isSpace(c) {
			visible = i
		}
		if start := i - gramBytes + 1; start >= 0 && visible >= start {
			f(gram, start)
		}
	}
}

// found are the runs that texts and secrets have in common: in the bytes as
// they are, and with escapes, quotes and white space squeezed out of both.
type found struct{ plain, squeezed *grams }

func (r *Redactor) gramsIn(texts map[string]string) found {
	f := found{plain: newGrams(), squeezed: newGrams()}
	for text := range texts {
		eachGram([]byte(text), func(gram uint64, _ int) { f.plain.want(gram) })
		eachGram(squeeze(text).text, func(gram uint64, _ int) { f.squeezed.want(gram) })
	}
	for _, value := range r.values {
		eachGram(value, func(gram uint64, _ int) { f.plain.mark(gram) })
		eachGram(squeezeValue(value), func(gram uint64, _ int) { f.squeezed.mark(gram) })
	}
	return f
}

// redactText replaces what f and shorts mark outside of the public parts. What
// was replaced before stays.
func redactText(text string, f found, s shorts, public []span) string {
	parts := strings.Split(text, Redacted)
	offset := 0
	for i, part := range parts {
		hide := make([]bool, len(part))
		eachGram([]byte(part), func(gram uint64, start int) {
			if f.plain.seen[gram] {
				fill(hide, start, start+gramBytes)
			}
		})
		view := squeeze(part)
		eachGram(view.text, func(gram uint64, start int) {
			if f.squeezed.seen[gram] {
				fill(hide, view.start[start], view.end[start+gramBytes-1])
			}
		})
		unhideBlanks(hide, part, public, offset)
		s.hide(hide, part)
		unhide(hide, public, offset)
		offset += len(part) + len(Redacted)
		parts[i] = replaceHidden(part, hide)
	}
	return strings.Join(parts, Redacted)
}

func fill(hide []bool, from, to int) {
	for i := from; i < to; i++ {
		hide[i] = true
	}
}

// shorts are values too short for grams, by their first two bytes: there may
// be thousands, and as many texts.
type shorts struct {
	known  map[string]bool
	byHead map[[2]byte][]string
}

func (s *shorts) add(value string) {
	if s.known[value] {
		return
	}
	if s.known == nil {
		s.known, s.byHead = make(map[string]bool), make(map[[2]byte][]string)
	}
	s.known[value] = true
	head := [2]byte{value[0], value[1]}
	s.byHead[head] = append(s.byHead[head], value)
}

// hide hides the values where they stand alone.
func (s *shorts) hide(hide []bool, text string) {
	for start := 0; start+1 < len(text); start++ {
		if start > 0 && isWord(text[start-1]) && isWord(text[start]) {
			continue
		}
		for _, value := range s.byHead[[2]byte{text[start], text[start+1]}] {
			end := start + len(value)
			if strings.HasPrefix(text[start:], value) && (end == len(text) || !isWord(text[end]) || !isWord(text[end-1])) {
				fill(hide, start, end)
			}
		}
	}
}

func replaceHidden(text string, hide []bool) string {
	if !bytesContainTrue(hide) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case !hide[i]:
			b.WriteByte(text[i])
		case i == 0 || !hide[i-1]:
			b.WriteString(Redacted)
		}
	}
	return b.String()
}

func bytesContainTrue(hide []bool) bool {
	for _, h := range hide {
		if h {
			return true
		}
	}
	return false
}

// squeezed is a text without escapes, quotes and white space, and where each
// of its bytes comes from.
type squeezed struct {
	text       []byte
	start, end []int
}

// squeeze decodes the escapes that JSON, YAML, Go and Python write, and leaves
// out what quoting, folding and indenting add.
func squeeze(text string) squeezed {
	s := squeezed{
		text:  make([]byte, 0, len(text)),
		start: make([]int, 0, len(text)), end: make([]int, 0, len(text)),
	}
	var char []byte
	for i, size := 0, 0; i < len(text); {
		char, size = unescape(char[:0], text[i:])
		for _, c := range char {
			if !squeezedOut(c) {
				s.text = append(s.text, c)
				s.start = append(s.start, i)
				s.end = append(s.end, i+size)
			}
		}
		i += size
	}
	return s
}

func squeezeValue(value []byte) []byte {
	if !bytes.ContainsFunc(value, func(r rune) bool { return r < utf8.RuneSelf && squeezedOut(byte(r)) }) {
		return value
	}
	squeezed := make([]byte, 0, len(value))
	for _, c := range value {
		if !squeezedOut(c) {
			squeezed = append(squeezed, c)
		}
	}
	return squeezed
}

// unescape appends the bytes that text starts with to dst and tells how many
// bytes of text stand for them.
func unescape[T string | []byte](dst []byte, text T) (char []byte, size int) {
	if text[0] != '\\' || len(text) == 1 {
		return append(dst, text[0]), 1
	}
	c := text[1]
	switch c {
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'v':
		c = '\v'
	case 'f':
		c = '\f'
	case 'b':
		c = '\b'
	case 'u', 'x', 'U':
		if char, size := unescapeCode(dst, text); size > 0 {
			return char, size
		}
	}
	return append(dst, c), 2
}

// unescapeCode reads \xHH, \uHHHH and \UHHHHHHHH; size is 0 when it is none.
func unescapeCode[T string | []byte](dst []byte, text T) (char []byte, size int) {
	switch text[1] {
	case 'x':
		size = 4
	case 'u':
		size = 6
	default:
		size = 10
	}
	if len(text) < size {
		return nil, 0
	}
	code, err := strconv.ParseUint(string(text[2:size]), 16, 32)
	switch {
	case err != nil:
		return nil, 0
	case size == 4:
		return append(dst, byte(code)), size
	}
	return utf8.AppendRune(dst, rune(code)), size
}

func squeezedOut(c byte) bool { return isSpace(c) || c == '"' || c == '\'' || c == '\\' }

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\v' || c == '\f'
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c >= utf8.RuneSelf
}
