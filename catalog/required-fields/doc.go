// Package requiredfields is the function required-fields: it checks that
// objects have the fields that they must have, and changes nothing.
//
// [Config] names the fields for each kind. When a field counts as there is in
// README.md.
package requiredfields
