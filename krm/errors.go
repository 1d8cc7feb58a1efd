package krm

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrNoResourceList says that a function printed nothing. It never means
// "remove everything": a function says that with an empty items list.
var ErrNoResourceList = errors.New("no ResourceList on stdout")

// SyntaxError says where and why a document cannot be read.
type SyntaxError struct {
	// Line counts from 1; 0 means not known.
	Line int
	// Reason is one sentence without values of the document, which might be
	// secret.
	Reason string
	// Hint says what to do; may be empty. It is part of the error's text.
	Hint string
}

// Error returns "line <n>: <reason>: <hint>" without the parts that are not
// known.
func (e *SyntaxError) Error() string {
	var b strings.Builder
	if e.Line > 0 {
		b.WriteString("line " + strconv.Itoa(e.Line) + ": ")
	}
	b.WriteString(e.Reason)
	if e.Hint != "" {
		b.WriteString(": " + e.Hint)
	}
	return b.String()
}

// NotKRMError says that a value is not a KRM object.
type NotKRMError struct {
	// Index of the value in its list, -1 outside one.
	Index int
	// Missing is the field that is missing or has the wrong type, or empty
	// when the value is not an object at all.
	Missing string
}

// Error names the item and the field, never a value.
func (e *NotKRMError) Error() string {
	what := "not a KRM object"
	if e.Index >= 0 {
		what = fmt.Sprintf("items[%d] is not a KRM object", e.Index)
	}
	if e.Missing == "" {
		return what + ": expected a mapping"
	}
	return what + ": " + e.Missing + " is missing or has the wrong type"
}

// WrongKindError says that the document is of another kind than ResourceList.
type WrongKindError struct {
	APIVersion, Kind string
}

// Error names the kind that was found and the one that was expected.
func (e *WrongKindError) Error() string {
	return fmt.Sprintf("expected kind %s of %s, found kind %q of %q",
		ResourceListKind, ResourceListAPIVersion, e.Kind, e.APIVersion)
}

// ConflictError says that Carry found two different changes of one field.
type ConflictError struct {
	// Path of the field, as in [FieldChange], but that elements of a list that
	// are matched by name are written [name=web]; no values are shown.
	Path string
}

// Error names the field.
func (e *ConflictError) Error() string {
	return "conflict at " + e.Path + ": both sides changed the field to different values"
}
