package stack

import (
	"fmt"
	"path/filepath"
	"strings"
)

// MissingProgramError says that a program has not been built.
type MissingProgramError struct {
	// Path is where it was looked for.
	Path string
	// Err is what the look came to.
	Err error
}

// Error names the path and the make target that builds it.
func (e *MissingProgramError) Error() string {
	return fmt.Sprintf("find program %s: %v; %s", filepath.Base(e.Path), e.Err, e.Hint())
}

// Unwrap returns the cause.
func (e *MissingProgramError) Unwrap() error { return e.Err }

// Hint says how to build it.
func (e *MissingProgramError) Hint() string {
	return fmt.Sprintf("run `make %s` (or `make stack` for all), or set %s", filepath.Base(e.Path), BinEnv)
}

// ProcessError says that a process ended or did not become ready.
type ProcessError struct {
	// Process is its name in the stack: controlplane, versitygw, velero.
	Process string
	// Status is "running", or how it ended: "exit status 1", "signal: killed".
	Status string
	// LogFile holds its output.
	LogFile string
	// Tail is the end of its output.
	Tail string
	// Err is what was being waited for or done.
	Err error
}

// Error names the process, its status and its log, and quotes the log's end.
func (e *ProcessError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %v\nlog %s", e.Process, e.Status, e.Err, e.LogFile)
	if e.Tail != "" {
		fmt.Fprintf(&b, ", which ends:\n%s", indent(e.Tail))
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *ProcessError) Unwrap() error { return e.Err }

// RunError says that a backup or restore ended in a phase other than Completed.
type RunError struct {
	// Kind is Backup or Restore.
	Kind string
	// Name is the object's name.
	Name string
	// Phase is how it ended.
	Phase string
	// Reasons are the validation errors, the failure reason, and the errors of
	// Velero's results file.
	Reasons []string
}

// Error names the object, its phase and every reason.
func (e *RunError) Error() string {
	text := fmt.Sprintf("%s %q ended %s", strings.ToLower(e.Kind), e.Name, e.Phase)
	if len(e.Reasons) == 0 {
		return text
	}
	return text + ":\n" + indent(strings.Join(e.Reasons, "\n"))
}

// indent sets quoted lines off from the sentence before them.
func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}
