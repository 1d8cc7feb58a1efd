// Package stack starts the real thing for tests and the demo: etcd and
// kube-apiserver, an S3 server, and a Velero server with its AWS plugin, each a
// process of its own on free loopback ports. Several stacks may run side by
// side.
//
// In a test:
//
//	s := stack.ForTest(t,
//		stack.WithPlugins("../../bin/velero-plugin-krm"),
//		stack.WithEnv("VELERO_KRM_DEBUG=1"))
//	if err := s.ApplyDir(t.Context(), "testdata/app"); err != nil {
//		t.Fatal(err)
//	}
//	backup, err := s.Backup(t.Context(), "app", velerov1api.BackupSpec{IncludedNamespaces: []string{"app"}})
//	if err != nil {
//		t.Fatal(err)
//	}
//	if err := s.Completed(t.Context(), backup); err != nil {
//		t.Fatal(err) // names the phase and Velero's own errors
//	}
//	if err := s.ControlPlane.DeleteNamespace(t.Context(), "app"); err != nil {
//		t.Fatal(err)
//	}
//	restore, err := s.Restore(t.Context(), "app", velerov1api.RestoreSpec{
//		BackupName:       "app",
//		NamespaceMapping: map[string]string{"app": "app-dr"},
//	}, stack.WithLabels(map[string]string{"velero-krm.io/pipeline": "to-dr"}))
//
// In a program, [Start] with a context that ends on SIGINT, and [Stack.Stop].
// A second stack that is started with the first one's S3 server, [Config.S3], is
// another cluster to restore into.
//
// The pieces also start alone: [StartControlPlane], [StartS3], [Stack.StartVelero].
// [Stack.RestartVelero] changes the plugins or the Velero build and keeps the
// cluster and the bucket.
//
// Afterwards [ControlPlane.Client] reads what was restored, and
// [Stack.BackupContents], [Stack.BackupResults], [Stack.RestoreResults],
// [Stack.BackupLog] and [Stack.RestoreLog] read what Velero stored.
//
// # What the control plane lacks
//
// No controller runs. Deployments make no pods, volume claims stay Pending,
// namespaces get no service account and no kube-root-ca.crt, nothing is garbage
// collected, and a deleted namespace stays Terminating for ever: use
// [ControlPlane.DeleteNamespace]. Authorization allows everything.
//
// # Processes
//
// Each process leads a process group, which is killed whole by Stop, by the end
// of the context given to Start, and by the death of the program that started
// it. Logs lie in one file per process below [Config.Dir]; errors name the
// process, its exit status, the file and its last lines. Linux only.
package stack
