package plugin

import (
	"errors"
	"fmt"
	"strings"
)

// LoadError says that a run's pipelines cannot be had. Nothing of the run may
// go through: whoever asked for a conversion must not get the unconverted.
type LoadError struct {
	// Run is the Backup or Restore, as "Restore velero/to-dr".
	Run string
	// Problems are all that is wrong, each with what to do about it.
	Problems []error
}

// Error returns one line for one problem, and a line for each of several.
func (e *LoadError) Error() string {
	if len(e.Problems) == 1 {
		return fmt.Sprintf("load pipelines of %s: %v", e.Run, e.Problems[0])
	}
	var b strings.Builder
	fmt.Fprintf(&b, "load pipelines of %s: %d problems:", e.Run, len(e.Problems))
	for _, p := range e.Problems {
		b.WriteString("\n- " + p.Error())
	}
	return b.String()
}

// Unwrap returns the problems.
func (e *LoadError) Unwrap() []error { return e.Problems }

// final reports whether loading again for the same run gives the same error:
// true for what is wrong with the pipelines, false for an API server that does
// not answer.
func final(err error) bool {
	var load *LoadError
	return errors.As(err, &load)
}
