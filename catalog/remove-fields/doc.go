// Package removefields is the function remove-fields: it removes the fields
// that paths point at.
//
// [Config] names the paths. Fields that identify an object cannot be removed;
// the other limits are in README.md.
package removefields
