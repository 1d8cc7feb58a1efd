// Package setlabels is the function set-labels: it sets labels on objects and,
// when asked, on the pods they create.
//
// [Config] names the labels. Selectors are never changed; what follows from
// that for templates is in README.md.
package setlabels
