// Package setimageregistry is the function set-image-registry: it moves image
// references from one registry, or one part of it, to another.
//
// [Config] names what is moved where. How references are compared is in
// README.md.
package setimageregistry
