// Package features holds the end-to-end tests, one file per feature, on the
// stack that package stack starts. They need the programs that `make stack`
// builds, and fail, naming the target, where one is missing.
package features
