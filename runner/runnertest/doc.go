// Package runnertest is the conformance suite of runner.Function: the 49
// obligations of an orchestrator of KRM functions, each a subtest, run against
// functions of a runtime by [Run].
//
// The obligations are those of the KRM Functions Specification and of what
// kyaml, kpt and porch were seen to do and not to do, and what Velero adds; [Items] lists them.
// Where this project decides against one, or where a runtime cannot have the
// problem, the subtest says so in its log and asserts what is nearest.
//
// How functions behave in these tests is in package behave.
package runnertest
