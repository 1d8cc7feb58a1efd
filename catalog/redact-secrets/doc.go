// Package redactsecrets is the function redact-secrets: it takes the values out
// of Secrets, so that a backup does not have them.
//
// What is taken out does not come back. [Config] says what stays; what takes
// the place of the values is in README.md.
package redactsecrets
