package runner

import (
	"errors"
	"time"

	"github.com/velero-krm/velero-krm/krm"
)

// Sentinels: what went wrong with a call, found by errors.Is in a
// [*FunctionError].
var (
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
	// ErrOutputTooLarge says that the function printed more than it may.
	ErrOutputTooLarge = errors.New("output is too large")
	// ErrPanic says that a function in this process panicked.
	ErrPanic = errors.New("function panicked")
	// ErrErrorResult says that the function exited 0 but gave a result of
	// severity error.
	ErrErrorResult = errors.New("function reported an error")

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
)

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
	// Err is the cause: one of the sentinels, a krm error, a context error.
	Err error
}

// Error reads `run function "route": exit code 3: <cause>: stderr: <tail> (hint)`.
func (e *FunctionError) Error() string { panic("todo") }

// Unwrap returns the cause.
func (e *FunctionError) Unwrap() error { return e.Err }
