// Package podspec knows where a pod template is in an object of any kind, and
// what in it names an image.
//
// Start with [Of], which answers for one fn.Object, or with [Paths] for the
// paths alone. Kinds are known by group and kind, in any version; a kind with
// the same name in another group is not taken for one of them.
package podspec
