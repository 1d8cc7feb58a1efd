// Package sealed is the form of a Secret whose values are encrypted, which
// seal-secrets makes and unseal-secrets opens.
//
// A [Sealer] encrypts, a [Keyring] decrypts; [Marked] and [BoxOf] tell what a
// Secret is. A sealed Secret has two values: a key that age encrypted for the
// recipients, and, encrypted with that key by AES-256-GCM, a manifest of the
// Secret with all that may be secret in it. One Sealer makes one key: what age
// does for one recipient takes 90 µs, three times what it takes to decode an
// object, so the Secrets of one call share it (2026-11-22, two cores of an AMD
// EPYC). The manifest names the Secret, so that one cannot pass for another.
//
// Encryption does not say who sealed: whoever knows the public keys can make
// such a Secret.
package sealed
