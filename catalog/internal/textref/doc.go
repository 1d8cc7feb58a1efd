// Package textref is the forms in which texts refer to Services, service
// accounts and their namespaces, and the API groups of which it is known what
// their fields mean: what map-namespaces and rename have to agree on.
//
// [All] finds what a text refers to, [At] tells what a word of it is. A [Ref] is
// certain when nothing else can be meant; else it is for a person to look at.
// Both take time in proportion to the text, however hostile it is.
package textref
