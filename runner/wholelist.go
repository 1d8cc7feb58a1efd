package runner

import (
	"fmt"
	"slices"

	"github.com/velero-krm/velero-krm/krm"
)

// failsWhole reports whether a list that must stay together fails as a whole.
// It goes on without objects only if the function says that it can, by naming
// them: what the function did to one object without permission may be half of
// something that it did to others, too. rounds is as in process.
func (e *engine) failsWhole(v verdict, rounds int) bool {
	if !e.opts.WholeList || v.onlyBlamed {
		return false
	}
	return !v.byFunction || e.opts.AllOrNothing || rounds+1 >= wholeListRounds
}

// leftOut are the objects that a run of the whole list is without since they
// failed before. They stay where they are, so nothing may take their place.
func (e *engine) leftOut() []krm.Identity {
	if !e.opts.WholeList {
		return nil // other goroutines write outcomes
	}
	var ids []krm.Identity
	for _, o := range e.outcomes {
		if o.Status == Failed {
			ids = append(ids, o.In.Identity())
		}
	}
	return ids
}

// failWhole is v with the error of the objects that it does not blame.
func (e *engine) failWhole(v verdict) verdict {
	why := ""
	switch {
	case e.opts.AllOrNothing:
	case v.byFunction:
		why = fmt.Sprintf(", for it named further objects in each of %d runs", wholeListRounds)
	case v.about != (krm.Identity{}):
		why = ", for what it did to " + v.about.String()
	case slices.ContainsFunc(v.err.Results, krm.Result.Failed):
		why = ", for it does not name the objects that it is about"
	}
	err := *v.err
	err.Err = &listError{why: why, text: v.err.cause(), cause: v.err.Err}
	v.err = &err
	return v
}

// listError is the cause of the failure of a whole list.
type listError struct {
	why, text string
	cause     error
}

// Error reads "the whole list failed: <cause>".
func (e *listError) Error() string {
	text := ErrWholeList.Error() + e.why
	if e.text != "" {
		text += ": " + e.text
	}
	return text
}

// Unwrap returns the sentinel and the cause.
func (e *listError) Unwrap() []error {
	if e.cause == nil {
		return []error{ErrWholeList}
	}
	return []error{ErrWholeList, e.cause}
}
