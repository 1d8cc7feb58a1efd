// Package sealsecrets is the function seal-secrets: it encrypts the values of
// Secrets with age, so that a backup does not have them in clear and a restore
// can bring them back.
//
// [Config] says for whom. What a sealed Secret looks like is in README.md; the
// function unseal-secrets opens it.
package sealsecrets
