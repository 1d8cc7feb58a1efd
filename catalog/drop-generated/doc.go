// Package dropgenerated is the function drop-generated: it takes out objects
// that OpenShift or a controller makes again by itself.
//
// [Config] chooses among the sorts; README.md says what each is.
package dropgenerated
