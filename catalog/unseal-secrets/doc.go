// Package unsealsecrets is the function unseal-secrets: it brings back the
// values that seal-secrets encrypted.
//
// [Config] says where the private keys are. A Secret that cannot be opened
// fails by name.
package unsealsecrets
