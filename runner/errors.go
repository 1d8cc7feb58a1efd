package runner

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/velero-krm/velero-krm/krm"
)

// Sentinels: what went wrong with a call, found by errors.Is in a
// [*FunctionError].
var (
	// ErrExit says that the function ended with another exit code than 0, or
	// by a signal.
	ErrExit = errors.New("function exited with an error")
	// ErrTimeout says that the function did not end in its time.
	ErrTimeout = errors.New("function did not finish in time")
	// ErrNotFound says that the executable is not there.
	ErrNotFound = errors.New("executable not found")
	// ErrNotExecutable says that the file has no execute permission or is no program.
	ErrNotExecutable = errors.New("file is not executable")
	// ErrWrongArchitecture says that the program is for another machine.
	ErrWrongArchitecture = errors.New("executable is of another architecture")
	// ErrDigest says that the executable is not the pinned one.
	ErrDigest = errors.New("executable does not have the pinned sha256")
	// ErrInputTooLarge says that the function was to be given more than it may get.
	ErrInputTooLarge = errors.New("input is too large")
	// ErrOutputTooLarge says that the function printed more than it may.
	ErrOutputTooLarge = errors.New("output is too large")
	// ErrPanic says that a function in this process panicked.
	ErrPanic = errors.New("function panicked")
	// ErrErrorResult says that the function exited 0 but gave a result of
	// severity error.
	ErrErrorResult = errors.New("function reported an error")
	// ErrNotTried says that the function was not run on an object alone: it had
	// failed on every object of its kind that it was run on alone, or too many
	// calls had timed out. The object may be one that it would succeed on.
	ErrNotTried = errors.New("not tried on this object alone")
	// ErrWholeList says that an object fails with the list that it is part of:
	// the function needs the whole list and did not name it, so that the error is
	// about others or about none. The cause is wrapped, too.
	ErrWholeList = errors.New("the whole list failed")
	// ErrNoAnswer says that a call ended without saying anything: a Go function
	// ended its goroutine.
	ErrNoAnswer = errors.New("function ended without an answer")

	// ErrRemoved says that an item was removed without permission.
	ErrRemoved = errors.New("function removed the object, which allow does not permit")
	// ErrRenamed says that the identity of an item changed without permission.
	ErrRenamed = errors.New("function changed the identity of the object, which allow does not permit")
	// ErrCreated says that an object was added without permission.
	ErrCreated = errors.New("function added an object, which allow does not permit")
	// ErrDuplicate says that two objects of the output claim to be the same one.
	ErrDuplicate = errors.New("function returned the object twice")
	// ErrUnknownID says that an object of the output carries an identity mark that no input had.
	ErrUnknownID = errors.New("function returned an object with an unknown id")
	// ErrAmbiguous says that an object lost its identity mark and more than
	// one input could be it.
	ErrAmbiguous = errors.New("function dropped the id of an object and it cannot be matched")
	// ErrFieldType says that a field of metadata got a type with which Velero
	// loses, without a word, all that stands beside it. errors.As finds the
	// [*krm.FieldTypeError].
	ErrFieldType = errors.New("function wrote metadata of a wrong type")
)

// sentinels are all of them.
func sentinels() []error {
	return []error{
		ErrExit, ErrTimeout, ErrNotFound, ErrNotExecutable, ErrWrongArchitecture, ErrDigest, ErrInputTooLarge,
		ErrOutputTooLarge, ErrPanic, ErrErrorResult, ErrNotTried, ErrWholeList, ErrNoAnswer,
		ErrRemoved, ErrRenamed, ErrCreated, ErrDuplicate, ErrUnknownID, ErrAmbiguous, ErrFieldType, krm.ErrNoResourceList, krm.ErrAdditionalItem,
	}
}

// FunctionError is why a call of a function failed.
//
// Its text never contains what the function read or wrote on stdout, and
// stderr only after [Redact]ing values of Secrets in the input.
type FunctionError struct {
	// Function is the name of the step or executable.
	Function string
	// ExitCode of the child, -1 when it did not exit by itself.
	ExitCode int
	// Signal that ended the child, such as "killed"; empty otherwise.
	Signal string
	// Stderr is the bounded, redacted tail of what it wrote to stderr.
	Stderr string
	// Results the function gave, also on failure.
	Results []krm.Result
	// Elapsed is how long the call took.
	Elapsed time.Duration
	// Hint says what to do next; may be empty.
	Hint string
	// Systemic is true when no other input could do better: the executable is
	// missing, say. Transform does not bisect then.
	Systemic bool
	// Err is the cause: one of the sentinels, a krm error, a context error, or
	// what the caller's own wrapper said about another FunctionError.
	Err error
}

// How much of stderr an error message shows: enough for the last lines of a
// stack or a usage text, short enough for one line of a log. All that was
// kept is in FunctionError.Stderr.
const (
	messageStderrBytes = 400
	messageStderrLines = 4
)

// Error reads `run function "route": exit code 3: <cause>: stderr: <tail> (hint)`.
func (e *FunctionError) Error() string {
	var b strings.Builder
	b.WriteString("run function")
	if e.Function != "" {
		b.WriteString(" " + strconv.Quote(e.Function))
	}
	cause := e.cause()
	for _, part := range []string{e.ending(), cause, e.stderrExcerpt()} {
		// A cause that is another failed call has said the rest itself.
		if part != "" && (part == cause || !e.wraps() || !strings.Contains(cause, part)) {
			b.WriteString(": ")
			b.WriteString(part)
		}
	}
	// Causes that know what to do say so themselves.
	if e.Hint != "" && !strings.Contains(b.String(), e.Hint) {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *FunctionError) Unwrap() error { return e.Err }

// wraps reports whether the cause is the failure of another call.
func (e *FunctionError) wraps() bool {
	var inner *FunctionError
	return errors.As(e.Err, &inner)
}

func (e *FunctionError) ending() string {
	switch {
	case e.Signal != "" && (e.Err == nil || errors.Is(e.Err, ErrExit)): // else it is we who killed it
		return "ended by signal: " + e.Signal
	case e.ExitCode > 0:
		return "exit code " + strconv.Itoa(e.ExitCode)
	default:
		return ""
	}
}

// cause is the text of Err; for a plain failure it is what the function
// itself said last, since "exit code 3" has been said already.
func (e *FunctionError) cause() string {
	if e.Err != nil && e.Err != ErrExit { //nolint:errorlint // only the bare sentinel adds nothing to "exit code 3"
		return e.Err.Error()
	}
	for _, r := range e.Results {
		if r.Failed() {
			return resultText(r)
		}
	}
	return ""
}

func (e *FunctionError) stderrExcerpt() string {
	text := strings.TrimSpace(e.Stderr)
	if text == "" {
		return ""
	}
	if cut := len(text) - messageStderrBytes; cut > 0 {
		text = "..." + strings.ToValidUTF8(text[cut:], "")
	}
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	if cut := len(lines) - messageStderrLines; cut > 0 {
		lines = lines[cut:]
	}
	return "stderr: " + strings.Join(lines, " | ")
}

// resultText is a result as part of a sentence.
func resultText(r krm.Result) string {
	text := strings.TrimSpace(r.Message)
	if r.Field != nil && r.Field.Path != "" {
		text = r.Field.Path + ": " + text
	}
	if ref := r.ResourceRef; ref != nil {
		text = refIdentity(ref).String() + ": " + text
	}
	return text
}

func refIdentity(ref *krm.ResourceRef) krm.Identity {
	return krm.Identity{APIVersion: ref.APIVersion, Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name}
}

// asFunctionError returns err as a FunctionError of its own, so that the
// caller may change it. What a wrapper says about a FunctionError stays: it is
// the cause then, and what is known of the call is taken over.
func asFunctionError(name string, err error) *FunctionError {
	var fe *FunctionError
	if !errors.As(err, &fe) {
		return &FunctionError{Function: name, Err: err}
	}
	own := *fe
	if name != "" {
		own.Function = name
	}
	if err != error(fe) { //nolint:errorlint // what is not the error itself is around it
		own.Err = err
	}
	return &own
}
