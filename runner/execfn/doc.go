// Package execfn runs KRM functions that are executables: a ResourceList on
// stdin, a ResourceList on stdout, messages on stderr, exit code 0 for success.
//
// [New] checks all that can be checked before an object is touched: the file
// is there, may be executed, is built for this machine or is a script whose
// interpreter exists, and has the pinned content. The [Exec] it returns is a
// runner.Function.
//
// # What a child gets
//
// An environment of a few fixed variables and nothing else of ours, a working
// directory of its own that is removed afterwards, no terminal, no core dump.
// It runs in a process group of its own, which is killed as a whole when the
// context ends, when it prints too much, and after it exited, so a grandchild
// that holds stdout open delays nobody. A process that leaves its group
// (setsid) is found and killed by what it holds of stdin, stdout and stderr; one
// that leaves the group and closes all three goes on: to contain that is the
// work of a container. The child is killed when this process dies.
//
// What a child leaves behind and we kill is collected by process 1 of the
// container, or not at all if that does not collect: functions should wait for
// the processes they start.
//
// # What counts
//
// First how it ended, then what it printed: with another exit code than 0 its
// stdout is searched for results and never for items. That it did not read its
// stdin is no error by itself.
//
// The package needs Linux.
package execfn
