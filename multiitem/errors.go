package multiitem

import (
	"errors"
	"fmt"
)

// What can end a call before it succeeded; [CallError] wraps one of them.
var (
	// ErrDied means that the plugin process died or its connection broke.
	ErrDied = errors.New("plugin process died")
	// ErrStalled means that the plugin sent nothing for Limits.ProgressTimeout.
	ErrStalled = errors.New("plugin stopped answering")
	// ErrPanicked means that the action panicked.
	ErrPanicked = errors.New("action panicked")
	// ErrUnknownIndex means an answer for an item that was not sent.
	ErrUnknownIndex = errors.New("answer for an item that was not sent")
	// ErrAnsweredTwice means a second answer for an item.
	ErrAnsweredTwice = errors.New("second answer for an item")
	// ErrMissing means that the plugin closed the call without all answers.
	ErrMissing = errors.New("items without an answer at the end")
	// ErrMalformed means a message that the protocol does not allow.
	ErrMalformed = errors.New("malformed message")
	// ErrAction means that the action returned an error.
	ErrAction = errors.New("action returned an error")
	// ErrNotFound means that the plugin has no action of that name and kind.
	ErrNotFound = errors.New("action not found")
	// ErrProtocol means that the plugin says the host broke the protocol.
	ErrProtocol = errors.New("plugin refused a message")
	// ErrUnsupported means that the plugin does not serve multi-item actions.
	ErrUnsupported = errors.New("plugin does not serve multi-item actions")
)

// Errors of single items and of runs.
var (
	// ErrTooLarge means that an item exceeds Limits.MaxItemBytes.
	ErrTooLarge = errors.New("item too large")
	// ErrGaveUp means that a [Runner] starts no further process.
	ErrGaveUp = errors.New("too many failures in a row")
	// ErrEnd is what a [Source] returns when it has no item at an index.
	ErrEnd = errors.New("no more items")
)

// Errors that authors of actions see.
var (
	// ErrClosed means that a [Stream] was used after Execute had returned.
	ErrClosed = errors.New("stream is closed")
	// ErrNotAsked means an answer for an item that the action was not given, or
	// had answered already.
	ErrNotAsked = errors.New("no answer due for this item")
	// ErrStarted means that it is too late to ask for the whole list, or to
	// decline, because items were asked for before.
	ErrStarted = errors.New("items were asked for already")
)

// CallError tells how a call of Execute failed. errors.Is finds the reason
// among the sentinels of this package.
type CallError struct {
	// Action is the name of the action.
	Action string
	// Reason is one of the sentinels, as [ErrDied].
	Reason error
	// Detail says more; may be empty. For [ErrAction] it is the action's error.
	Detail string
	// Index of the item that the error is about, -1 when it is about no single
	// one.
	Index int
	// Unanswered are the indexes that were sent and have no answer, in
	// ascending order. They can be sent again.
	Unanswered []int
	// Started is false when the action failed before it asked for items:
	// nothing was sent.
	Started bool
	// WholeList is true when the action had asked for the whole list: no answer
	// was taken, and all that was sent is unanswered.
	WholeList bool
	// Err is the cause underneath, as a gRPC status; may be nil.
	Err error
}

// Error names the action, what happened and, where there is one, the item.
func (e *CallError) Error() string {
	s := fmt.Sprintf("call action %q: %v", e.Action, e.Reason)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Index >= 0 {
		s += fmt.Sprintf(" (index %d)", e.Index)
	}
	if n := len(e.Unanswered); n > 0 {
		s += fmt.Sprintf(", %d items unanswered", n)
	}
	return s
}

// Unwrap returns the reason and the cause.
func (e *CallError) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Reason}
	}
	return []error{e.Reason, e.Err}
}

// Hint says what to do about it.
func (e *CallError) Hint() string {
	switch {
	case errors.Is(e.Reason, ErrDied):
		return "look for the end of the plugin process in the server's log; the container's memory limit is a common cause"
	case errors.Is(e.Reason, ErrStalled):
		return "look what the plugin waits for, or raise the progress timeout"
	case errors.Is(e.Reason, ErrPanicked):
		return "the stack is in the plugin's log; report it to the plugin's author"
	case errors.Is(e.Reason, ErrUnsupported), errors.Is(e.Reason, ErrNotFound):
		return "check that the plugin's image and the server fit each other"
	case errors.Is(e.Reason, ErrAction):
		return ""
	default:
		return "the plugin breaks the protocol of multi-item actions; report it to its author"
	}
}

// retriable reports whether another process may do better.
func (e *CallError) retriable() bool {
	for _, final := range []error{ErrAction, ErrNotFound, ErrProtocol, ErrUnsupported} {
		if errors.Is(e.Reason, final) {
			return false
		}
	}
	return true
}

// ItemError is why an item failed without the action saying so.
type ItemError struct {
	// Action is the name of the action.
	Action string
	// Item is the object, Index its index.
	Item  ResourceIdentifier
	Index int
	// Err is the cause: [ErrTooLarge], [ErrGaveUp] or *[CallError].
	Err error
}

// Error names the action, the object and the cause.
func (e *ItemError) Error() string {
	return fmt.Sprintf("process %s with action %q: %v", e.Item, e.Action, e.Err)
}

// Unwrap returns the cause.
func (e *ItemError) Unwrap() error { return e.Err }

// Hint says what to do about it; empty when there is nothing to say.
func (e *ItemError) Hint() string {
	if call, ok := errors.AsType[*CallError](e.Err); ok {
		return call.Hint()
	}
	if errors.Is(e.Err, ErrTooLarge) {
		return "leave the object out of what the plugin applies to, or raise the limit of the host"
	}
	return ""
}

// answer returns the answer that stands for the error.
func (e *ItemError) answer() Answer {
	return Answer{Index: e.Index, Status: Failed, Message: e.Error(), Err: e}
}
