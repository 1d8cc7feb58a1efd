// Package jsontext has what is needed to work on JSON as the text that it is:
// [Reader] walks a document that was checked before and decodes only what its
// caller looks at, [Decode] gives what a string stands for, and [AppendString]
// writes one that YAML readers take as well.
package jsontext
