// Package behave holds the ways in which functions behave, well and badly,
// for tests of what runs functions.
//
// A [Behaviour] is written once. In the process it is a Go func over a list;
// as an executable it is a program over stdin and stdout, which a test binary
// becomes when it calls [Main] first in its TestMain and is started again with
// the arguments of [Behaviour.Args].
package behave
