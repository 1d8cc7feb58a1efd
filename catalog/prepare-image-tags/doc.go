// Package prepareimagetags is the function prepare-image-tags: of the
// ImageStreamTags of a backup those are restored that no image import makes.
//
// [Config] may name the registry. What counts as local is in README.md.
package prepareimagetags
