package stack

import (
	"context"
	"fmt"
	"slices"

	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ObjectOption changes a Backup or Restore before it is created.
type ObjectOption func(*metav1.ObjectMeta)

// WithLabels adds labels.
func WithLabels(labels map[string]string) ObjectOption {
	return func(m *metav1.ObjectMeta) { m.Labels = merge(m.Labels, labels) }
}

// WithAnnotations adds annotations.
func WithAnnotations(annotations map[string]string) ObjectOption {
	return func(m *metav1.ObjectMeta) { m.Annotations = merge(m.Annotations, annotations) }
}

func merge(into, from map[string]string) map[string]string {
	if into == nil {
		into = make(map[string]string, len(from))
	}
	for k, v := range from {
		into[k] = v
	}
	return into
}

// Backup creates a Backup and returns it when it has ended, in whatever phase;
// [Stack.Completed] says whether it went well. An error means that it could not
// be created or did not end before ctx or the server did.
func (s *Stack) Backup(ctx context.Context, name string, spec velerov1api.BackupSpec, opts ...ObjectOption) (*velerov1api.Backup, error) {
	backup := &velerov1api.Backup{ObjectMeta: s.meta(name, opts), Spec: spec}
	if err := s.run(ctx, backup); err != nil {
		return nil, fmt.Errorf("back up %q: %w", name, err)
	}
	return backup, nil
}

// Restore creates a Restore and returns it when it has ended, in whatever
// phase; see [Stack.Backup].
func (s *Stack) Restore(ctx context.Context, name string, spec velerov1api.RestoreSpec, opts ...ObjectOption) (*velerov1api.Restore, error) {
	restore := &velerov1api.Restore{ObjectMeta: s.meta(name, opts), Spec: spec}
	if err := s.run(ctx, restore); err != nil {
		return nil, fmt.Errorf("restore %q: %w", name, err)
	}
	return restore, nil
}

// Completed returns nil when a Backup or Restore ended Completed.
//
// # Errors
//
// [*RunError] with the phase and every reason that Velero gives.
func (s *Stack) Completed(ctx context.Context, obj client.Object) error {
	st := stateOf(obj)
	if st.phase == string(velerov1api.BackupPhaseCompleted) {
		return nil
	}
	failed := &RunError{Kind: st.kind, Name: obj.GetName(), Phase: st.phase, Reasons: st.reasons}
	read := s.RestoreResults
	if st.kind == "Backup" {
		read = s.BackupResults
	}
	// A run that failed early has no results file; its reasons are enough.
	if results, err := read(ctx, obj.GetName()); err == nil {
		failed.Reasons = append(failed.Reasons, results.Errors.Lines()...)
	}
	return failed
}

func (s *Stack) meta(name string, opts []ObjectOption) metav1.ObjectMeta {
	m := metav1.ObjectMeta{Namespace: VeleroNamespace, Name: name}
	for _, opt := range opts {
		opt(&m)
	}
	return m
}

// run creates obj and follows it until it has ended.
func (s *Stack) run(ctx context.Context, obj client.Object) error {
	if s.Velero == nil {
		return fmt.Errorf("velero is stopped")
	}
	api := s.ControlPlane.Client
	if err := api.Create(ctx, obj); err != nil {
		return err
	}
	var last state
	err := poll(ctx, func(ctx context.Context) (bool, error) {
		select {
		case <-s.Velero.process.ended:
			return false, errEnded
		default:
		}
		if err := api.Get(ctx, client.ObjectKeyFromObject(obj), obj); err != nil {
			return false, err
		}
		now := stateOf(obj)
		if now.phase != last.phase || now.done != last.done {
			s.cfg.Logger.Info(now.kind+" goes on", "name", obj.GetName(), "phase", now.phase, "items", now.done, "of", now.total)
		}
		last = now
		return now.ended(), fmt.Errorf("phase %q, %d of %d items", now.phase, now.done, now.total)
	})
	if err != nil {
		return s.Velero.process.failure(err)
	}
	return nil
}

// state is what a Backup and a Restore have in common.
type state struct {
	kind, phase string
	done, total int
	reasons     []string
}

// ended reports whether the phase is one that Velero does not leave by itself.
func (s state) ended() bool {
	return slices.Contains([]string{"Completed", "PartiallyFailed", "Failed", "FailedValidation"}, s.phase)
}

// stateOf reads the status of a *velerov1api.Backup or *velerov1api.Restore.
func stateOf(obj client.Object) state {
	switch o := obj.(type) {
	case *velerov1api.Backup:
		st := state{kind: "Backup", phase: string(o.Status.Phase), reasons: reasons(o.Status.ValidationErrors, o.Status.FailureReason)}
		if p := o.Status.Progress; p != nil {
			st.done, st.total = p.ItemsBackedUp, p.TotalItems
		}
		return st
	case *velerov1api.Restore:
		st := state{kind: "Restore", phase: string(o.Status.Phase), reasons: reasons(o.Status.ValidationErrors, o.Status.FailureReason)}
		if p := o.Status.Progress; p != nil {
			st.done, st.total = p.ItemsRestored, p.TotalItems
		}
		return st
	default:
		return state{kind: fmt.Sprintf("%T", obj)}
	}
}

func reasons(validation []string, failure string) []string {
	if failure == "" {
		return slices.Clone(validation)
	}
	return append(slices.Clone(validation), failure)
}
