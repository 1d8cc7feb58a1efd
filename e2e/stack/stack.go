package stack

import (
	"context"
	"errors"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Stack is a running control plane, S3 server and Velero server. Its methods
// may be called concurrently, except those that start or stop something.
type Stack struct {
	// ControlPlane is the cluster.
	ControlPlane *ControlPlane
	// S3 holds the backups. It may be another stack's.
	S3 *S3
	// Velero is nil while it is stopped.
	Velero *Velero
	// Dir holds data and one log file per process: controlplane.log,
	// versitygw.log, velero.log.
	Dir string

	cfg       Config
	remove    func() error
	unwatch   func() bool
	stopOnce  sync.Once
	stopError error

	mu      sync.Mutex // guards Velero's changes and stopped: ctx may end in a restart
	stopped bool
}

// Start starts the whole stack and returns when Velero can reach its bucket.
// When ctx ends, all processes are killed; the caller calls [Stack.Stop] in any
// case. When Start fails, nothing is left running, and the logs are kept.
//
// # Errors
//
// [*MissingProgramError], [*ProcessError].
func Start(ctx context.Context, cfg Config) (*Stack, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	remove, err := cfg.workspace()
	if err != nil {
		return nil, err
	}
	s := &Stack{Dir: cfg.Dir, cfg: cfg, remove: remove}
	if err := s.startAll(ctx); err != nil {
		s.stopProcesses()
		return nil, err
	}
	s.unwatch = context.AfterFunc(ctx, func() { _ = s.Stop() })
	return s, nil
}

// startAll starts control plane and S3 server side by side, then Velero.
func (s *Stack) startAll(ctx context.Context) error {
	for _, name := range []string{"controlplane", "versitygw", "velero-plugin-for-aws"} {
		if _, err := s.cfg.program(name); err != nil {
			return err
		}
	}
	var (
		wait  sync.WaitGroup
		s3Err error
		cpErr error
	)
	if s.S3 = s.cfg.S3; s.S3 == nil {
		wait.Go(func() { s.S3, s3Err = StartS3(ctx, s.cfg) })
	}
	s.ControlPlane, cpErr = StartControlPlane(ctx, s.cfg)
	wait.Wait()
	if err := errors.Join(cpErr, s3Err); err != nil {
		return err
	}
	for _, dir := range s.cfg.Manifests {
		if err := s.ControlPlane.ApplyDir(ctx, dir); err != nil {
			return err
		}
	}
	return s.StartVelero(ctx, s.cfg.Velero)
}

// ApplyDir applies the manifests of a folder, as [Stack.Apply] does.
func (s *Stack) ApplyDir(ctx context.Context, dir string) error {
	objects, err := ReadManifests(dir)
	if err != nil {
		return err
	}
	return s.Apply(ctx, objects...)
}

// Apply puts objects into the cluster and restarts Velero when CRDs are among
// them that were not there: Velero looks for kinds when it starts and then
// every five minutes, and leaves out of a backup what it has not seen. Use
// [ControlPlane.Apply] where that does not matter, [Config.Manifests] to save
// the restart.
func (s *Stack) Apply(ctx context.Context, objects ...*unstructured.Unstructured) error {
	stale := false
	for _, obj := range objects {
		if s.Velero == nil || rank(obj) != 0 {
			continue
		}
		err := s.ControlPlane.Client.Get(ctx, client.ObjectKeyFromObject(obj), &apiextensionsv1.CustomResourceDefinition{})
		stale = stale || apierrors.IsNotFound(err)
	}
	if err := s.ControlPlane.Apply(ctx, objects...); err != nil || !stale {
		return err
	}
	return s.RestartVelero(ctx, s.Velero.config)
}

// Stop ends every process and returns when none runs. It removes Dir, unless
// the caller named it or set Keep. Safe to call more than once and from several
// goroutines; each call returns when all is stopped.
func (s *Stack) Stop() error {
	s.stopOnce.Do(func() {
		if s.unwatch != nil {
			s.unwatch()
		}
		s.stopProcesses()
		if !s.cfg.Keep {
			s.stopError = s.remove()
		}
	})
	return s.stopError
}

// stopProcesses ends what runs, the users before what they use.
func (s *Stack) stopProcesses() {
	s.mu.Lock()
	s.stopped = true
	velero := s.Velero
	s.mu.Unlock()
	if velero != nil {
		velero.process.stop(0)
	}
	if s.S3 != nil && !s.shared() {
		s.S3.process.stop(0)
	}
	if s.ControlPlane != nil {
		s.ControlPlane.process.stop(0)
	}
}

// shared reports whether the S3 server is another stack's.
func (s *Stack) shared() bool { return s.cfg.S3 != nil }

// Processes returns the ids of all that the stack runs now: each server, its
// children, and the guard that kills them should this program die.
func (s *Stack) Processes() []int {
	running := []*process{s.ControlPlane.process}
	if !s.shared() {
		running = append(running, s.S3.process)
	}
	s.mu.Lock()
	if s.Velero != nil {
		running = append(running, s.Velero.process)
	}
	s.mu.Unlock()
	var pids []int
	for _, p := range running {
		pids = append(pids, groupMembers(p.pid)...)
		pids = append(pids, groupMembers(p.guard.cmd.Process.Pid)...)
	}
	return pids
}
