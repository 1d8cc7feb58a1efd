// Package catalog lists the functions of this project, each of which has a
// folder of its own with its code, its README and its fixtures.
//
// [Functions] returns all of them, [Lookup] one by name. Every function is
// idempotent, touches its own kinds alone, keeps fields it does not know, and
// returns objects it does not change as they came.
package catalog
