// Package expect reads what is expected of the objects of an example, written
// by hand: each action's effects on each object, as values that fields have
// afterwards. [Read] reads it, [Object.After] makes of an object what it must
// become. Tests of the catalogue and of the real stack compare with the same
// file.
package expect
