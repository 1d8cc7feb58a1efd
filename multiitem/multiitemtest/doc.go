// Package multiitemtest is a suite for hosts and plugins of multi-item actions.
//
// [Run] takes a way to start a plugin process that serves what [Plugins]
// returns, and checks all that docs/protocol.md asks of both sides: ordinary
// work, windows, large items, and plugins that die, hang, panic or lie.
//
// Two ways come with it: [Loopback], a gRPC server in the test process, and
// [Process], the test binary itself as a child process under go-plugin, for
// which TestMain must call [ServeIfAsked]:
//
//	func TestMain(m *testing.M) {
//		multiitemtest.ServeIfAsked()
//		os.Exit(m.Run())
//	}
//
// A host with a process manager of its own, as Velero, gives its own [Connect].
package multiitemtest
