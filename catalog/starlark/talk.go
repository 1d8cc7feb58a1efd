package starlark

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.starlark.net/starlark"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

const (
	// maxLines and maxLine bound what print says: a result is a line of a log.
	maxLines = 100
	maxLine  = 1024
)

const hidden = "(text hidden: the list holds Secrets, and the script does not hold this text; keep Secrets out by the step's selectors)"

// speaker decides which texts of a script may be told. Where the list holds
// Secrets, these are the ones that stand in the script: any other may be made
// of their values.
type speaker struct {
	source  string
	secrets bool
	lines   int
	list    *fn.List
}

func newSpeaker(source string, list *fn.List) *speaker {
	s := &speaker{source: source, list: list}
	for range list.Of("", "Secret") {
		s.secrets = true
	}
	return s
}

// minText is how long a text must be to be looked for anywhere in the script:
// every script holds most characters, and so would tell a value that is printed
// one by one.
const minText = 6

// holds reports whether a text stands in the script; a short one as a literal.
func (s *speaker) holds(text string) bool {
	if text == "" || len(text) >= minText {
		return strings.Contains(s.source, text)
	}
	return strings.Contains(s.source, `"`+text+`"`) || strings.Contains(s.source, "'"+text+"'")
}

// tells reports whether a text may be told.
func (s *speaker) tells(text string) bool { return !s.secrets || s.holds(text) }

// tell returns text, or what stands for it.
func (s *speaker) tell(text string) string {
	if !s.tells(text) {
		return hidden
	}
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxLine {
		text = strings.ToValidUTF8(text[:maxLine], "") + "..."
	}
	return strings.ToValidUTF8(text, "?")
}

func (s *speaker) print(thread *starlark.Thread, text string) {
	s.lines++
	switch {
	case s.lines < maxLines:
		message := fmt.Sprintf("line %d: %s", thread.CallFrame(1).Pos.Line, s.tell(text))
		s.list.Report(krm.Result{Severity: krm.Info, Message: message})
	case s.lines == maxLines:
		s.list.Report(krm.Result{Severity: krm.Info, Message: "the script prints more, which is left out"})
	}
}

// keyError is what a dict says of a key that it does not have.
var keyError = regexp.MustCompile(`^key "(.*)" not in dict$`)

// explain says why and on which line a script failed.
func (s *speaker) explain(err error) error {
	var e *starlark.EvalError
	if !errors.As(err, &e) {
		return errors.New("run script: " + s.tell(err.Error()))
	}
	line := 0
	for _, frame := range e.CallStack {
		if frame.Pos.Filename() == scriptName && frame.Pos.Line > 0 {
			line = int(frame.Pos.Line)
		}
	}
	return fmt.Errorf("run script: line %d: %s", line, s.reason(e))
}

// reason says why a script failed. Why it was ended is no text of the script.
func (s *speaker) reason(e *starlark.EvalError) string {
	var c cancelled
	if errors.As(e, &c) {
		return c.Error()
	}
	if why, ok := strings.CutPrefix(e.Msg, "Starlark computation cancelled: "); ok {
		return why
	}
	if m := keyError.FindStringSubmatch(e.Msg); m != nil && s.holds(m[1]) {
		return e.Msg
	}
	return s.tell(strings.TrimPrefix(e.Msg, "fail: "))
}
