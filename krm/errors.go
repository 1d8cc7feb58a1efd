package krm

import "errors"

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
	// Hint says what to do; may be empty.
	Hint string
}

func (e *SyntaxError) Error() string { panic("todo") }

// NotKRMError says that a value is not a KRM object.
type NotKRMError struct {
	// Index of the value in its list, -1 outside one.
	Index int
	// Missing is the field that is missing or has the wrong type, or empty
	// when the value is not an object at all.
	Missing string
}

func (e *NotKRMError) Error() string { panic("todo") }

// WrongKindError says that the document is of another kind than ResourceList.
type WrongKindError struct {
	APIVersion, Kind string
}

func (e *WrongKindError) Error() string { panic("todo") }
