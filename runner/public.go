package runner

import (
	"regexp"
	"strings"
	"sync"
)

// span is a part of a text, in bytes.
type span struct{ start, end int }

// public returns the parts of a text that say nothing about any Secret, whatever
// occurs in one: the names of objects of the input, as krm.Identity writes
// them, and the words of the function's own sayings. Taking out of them what a
// Secret happens to hold would tell everybody who knows these words that it
// holds them, and garble the message.
func (r *Redactor) public(text string) []span {
	return append(r.sayings.in(text), r.identities(text)...)
}

// maxKindBytes bounds the search for the beginning of a kind: a name of a CRD
// is at most 253 bytes long.
const maxKindBytes = 256

// identities returns where objects of the input are named.
func (r *Redactor) identities(text string) []span {
	var found []span
	for at := 0; ; at++ {
		next := strings.IndexByte(text[at:], ' ')
		if next < 0 {
			return found
		}
		at += next
		start := at
		for start > 0 && at-start < maxKindBytes && inKind(text[start-1]) {
			start--
		}
		end := at + 1
		for end < len(text) && inObjectName(text[end]) {
			end++
		}
		// A dot or colon belongs to the sentence when nothing follows it.
		for trimmed := end; trimmed > at+1 && start < at; trimmed-- {
			if r.named(text[start:trimmed]) {
				found = append(found, span{start, trimmed})
				break
			}
			if c := text[trimmed-1]; c != '.' && c != ':' {
				break
			}
		}
	}
}

// inKind reports whether a byte may stand in the kind and group of an object.
func inKind(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-'
}

// inObjectName reports whether a byte may stand in the namespace and name: those
// of some kinds have colons, as ClusterRoles.
func inObjectName(c byte) bool { return inKind(c) || c == '/' || c == ':' || c == '_' || c == '@' }

// named reports whether text names an object of the input.
func (r *Redactor) named(text string) bool {
	r.onceTexts.Do(func() {
		r.texts = make(map[string]bool)
		for _, list := range r.items {
			for _, it := range list {
				if it != nil {
					r.texts[it.Identity().String()] = true
				}
			}
		}
	})
	return r.texts[text]
}

// Sayings are what the results of one function always say: formats with %d for
// a number that counts something and %s for a text that comes from elsewhere.
// Their words stay whatever Secrets hold, and so do the numbers; what stands for
// %s is redacted, without the blanks around it: they are of the format and part of
// no echo. Only for functions whose words are known, as those of this
// project are: to declare one gives nothing away, because what is shown is in
// the format. The zero value has none; make others with [NewSayings].
type Sayings struct {
	syntax func() []*regexp.Regexp
}

// NewSayings returns the sayings of the formats.
func NewSayings(formats ...string) Sayings {
	if len(formats) == 0 {
		return Sayings{}
	}
	return Sayings{syntax: sync.OnceValue(func() []*regexp.Regexp {
		groups := strings.NewReplacer("%d", ")([0-9]+)(", "%s", ")(?:.*)(")
		all := make([]*regexp.Regexp, len(formats))
		for i, format := range formats {
			all[i] = regexp.MustCompile("(?s)^(" + groups.Replace(regexp.QuoteMeta(format)) + ")$")
		}
		return all
	})}
}

// in returns the parts of a text that are words or numbers of a saying; those
// that touch are one.
func (s Sayings) in(text string) []span {
	if s.syntax == nil {
		return nil
	}
	for _, syntax := range s.syntax() {
		groups := syntax.FindStringSubmatchIndex(text)
		if groups == nil {
			continue
		}
		var spans []span
		for i := 2; i+1 < len(groups); i += 2 {
			if n := len(spans); n > 0 && spans[n-1].end == groups[i] {
				spans[n-1].end = groups[i+1]
			} else {
				spans = append(spans, span{groups[i], groups[i+1]})
			}
		}
		return spans
	}
	return nil
}

// cover reports whether a text is words and numbers of a saying from end to end:
// nothing of it can be redacted, and nobody need look at a Secret for that.
func (s Sayings) cover(text string) bool {
	spans := s.in(text)
	return len(spans) == 1 && spans[0] == span{0, len(text)}
}

// unhideBlanks shows again what was hidden because blanks of public parts were
// counted in: those around what is filled in are the function's own, and none of
// a value that is echoed. What is too short without them to be looked for is
// shown with them; of what is longer, the blanks alone.
func unhideBlanks(hide []bool, text string, public []span, offset int) {
	for i := 0; i < len(hide); i++ {
		if !hide[i] {
			continue
		}
		run := span{i, i}
		for run.end < len(hide) && hide[run.end] {
			run.end++
		}
		i = run.end
		inner := run
		for _, p := range public {
			inner = inner.trim(text, span{max(p.start-offset, 0), min(p.end-offset, len(hide))})
		}
		if inner.end-inner.start < gramBytes {
			inner.start = run.end
			inner.end = run.end
		}
		clear(hide[run.start:inner.start])
		clear(hide[inner.end:run.end])
	}
}

// trim returns what is left of r without the ends that lie in p, as far as
// these are blanks alone.
func (r span) trim(text string, p span) span {
	if p.start <= r.start && r.start < p.end && p.end < r.end && strings.TrimLeft(text[r.start:p.end], " ") == "" {
		r.start = p.end
	}
	if r.start < p.start && p.start < r.end && r.end <= p.end && strings.TrimLeft(text[p.start:r.end], " ") == "" {
		r.end = p.start
	}
	return r
}

// unhide shows again what was hidden within public parts, which count from
// offset on. What is hidden beyond a part, too, is an echo that reaches into it
// and stays hidden.
func unhide(hide []bool, public []span, offset int) {
	for _, p := range public {
		from, to := max(p.start-offset, 0), min(p.end-offset, len(hide))
		for i := from; i < to; i++ {
			if !hide[i] {
				continue
			}
			run := i
			for i < len(hide) && hide[i] {
				i++
			}
			if before := run > 0 && hide[run-1]; before || i > to {
				continue
			}
			clear(hide[run:i])
		}
	}
}
