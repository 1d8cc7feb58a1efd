package plugin

import (
	"context"
	"fmt"
	"time"

	"github.com/velero-krm/velero-krm/krm"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	biav2 "github.com/vmware-tanzu/velero/pkg/plugin/velero/backupitemaction/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// BackupItemAction runs the pipelines of a Backup on each object before Velero
// writes it. Several goroutines may call it at once.
type BackupItemAction struct {
	engine *engine
}

var _ biav2.BackupItemAction = (*BackupItemAction)(nil)

// Name returns [Name]; Velero does not ask.
func (a *BackupItemAction) Name() string { return Name }

// AppliesTo loads the pipelines of the Backup that is starting, so that Velero
// ends it before it writes anything if they do not load, and returns the
// resources that they select: none for a Backup without pipelines.
func (a *BackupItemAction) AppliesTo() (velero.ResourceSelector, error) {
	ctx, cancel := context.WithTimeout(a.engine.ctx, loadTimeout)
	defer cancel()
	selector, err := answer(ctx, a.engine, "Backup", a.engine.cluster.backups, startingBackup)
	if err != nil {
		a.tell(ctx, err)
	}
	return selector, err
}

// logTime is how long a line of the log may take to the server: it comes
// through a pipe beside the answer and is lost to the Backup if it comes after
// it, as one in twelve did on a loaded machine. The Backup ends anyway.
const logTime = 200 * time.Millisecond

// tell logs why the Backup ends. Velero writes that into the Backup's status,
// which velero backup describe and logs do not show; an error that is logged
// comes to both.
func (a *BackupItemAction) tell(ctx context.Context, err error) {
	a.engine.log.ErrorContext(ctx, "pipelines do not load, nothing is backed up", "error", err.Error())
	select {
	case <-ctx.Done():
	case <-time.After(logTime):
	}
}

// Execute returns the object as the Backup's pipelines make it, nil when they
// do not change it. An object that they remove is marked for Velero to leave
// out. The additional items are those that functions ask for. It starts no
// operation.
//
// # Errors
//
// A [*LoadError] when the Backup's pipelines cannot be had, and the pipeline's
// error, which names the step and the object, when a function failed. Velero
// leaves the object out and goes on with the others.
func (a *BackupItemAction) Execute(obj runtime.Unstructured, backup *velerov1api.Backup) (runtime.Unstructured, []velero.ResourceIdentifier, string, []velero.ResourceIdentifier, error) {
	var out runtime.Unstructured
	var additional []velero.ResourceIdentifier
	err := guarded(identify(obj), func() (err error) {
		out, additional, err = a.execute(a.engine.ctx, obj, backup)
		return err
	})
	return out, additional, "", nil, err
}

// execute returns a nil interface for an unchanged object.
func (a *BackupItemAction) execute(ctx context.Context, obj runtime.Unstructured, backup *velerov1api.Backup) (runtime.Unstructured, []velero.ResourceIdentifier, error) {
	r, err := a.engine.runFor(ctx, backupRef(backup))
	if err != nil || len(r.programs) == 0 {
		return nil, nil, err
	}
	item, err := toItem(obj)
	if err != nil {
		return nil, nil, err
	}
	o, err := r.applySingle(ctx, item)
	switch {
	case err != nil:
		return nil, nil, err
	case o.out == nil:
		return leftOut(obj), nil, nil
	}
	if err := r.checkBackedUp(o); err != nil {
		r.failedLate(o.out != o.in)
		return nil, nil, err
	}
	if o.out == o.in {
		return nil, identifiers(o.additional), nil // how Velero is told that nothing changed
	}
	updated, err := toUnstructured(o.out)
	if err != nil {
		return nil, nil, err
	}
	return updated, identifiers(o.additional), nil
}

// checkBackedUp refuses what a backup cannot hold: an object in the place of
// another one, or in one where it cannot be restored from, and what cannot be.
func (r *run) checkBackedUp(o *tracked) error {
	if err := r.checkAdditional(o.identity(), o.additional); err != nil {
		return err
	}
	if err := r.claim(o); err != nil || o.out == o.in {
		return err
	}
	if o.in != nil {
		if err := checkBackedUpType(o.in.Identity(), o.out.Identity()); err != nil {
			return err
		}
		// A restore looks for an object in the namespace that it was collected
		// from; Velero without multi-item actions would file it elsewhere.
		if err := checkNotMoved(o.in.Identity(), o.out.Identity()); err != nil {
			return err
		}
	}
	return checkNotLeftOut(o)
}

// checkNotLeftOut refuses a mark that a function made: Velero would leave the
// object out, which only a step that may Delete can ask for.
func checkNotLeftOut(o *tracked) error {
	had := false
	if o.in != nil {
		_, had = o.in.Annotation(velerov1api.SkipFromBackupAnnotation)
	}
	if _, has := o.out.Annotation(velerov1api.SkipFromBackupAnnotation); has && !had {
		return fmt.Errorf("%s: a function set the annotation %s, with which Velero leaves the object out of the backup: if it is meant to, let the function remove the object and the step allow Delete",
			o.identity(), velerov1api.SkipFromBackupAnnotation)
	}
	return nil
}

// leftOut marks a copy of the object for Velero 1.18.1 and later to leave out;
// run.load refuses earlier ones.
func leftOut(obj runtime.Unstructured) runtime.Unstructured {
	marked := (&unstructured.Unstructured{Object: obj.UnstructuredContent()}).DeepCopy()
	annotations := marked.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[velerov1api.SkipFromBackupAnnotation] = "true"
	marked.SetAnnotations(annotations)
	return marked
}

// checkBackedUpType refuses a new type: Velero files an object under the
// resource that it collected, and could not restore it from there.
func checkBackedUpType(before, after krm.Identity) error {
	if before.Kind == after.Kind && before.Group() == after.Group() {
		return nil
	}
	return fmt.Errorf("%s became %s: a backup files objects by the resource they were collected as; change the kind at restore, with phases: [Restore]", before, after)
}

// Progress returns an error: the action starts no operations.
func (a *BackupItemAction) Progress(string, *velerov1api.Backup) (velero.OperationProgress, error) {
	return velero.OperationProgress{}, biav2.AsyncOperationsNotSupportedError()
}

// Cancel does nothing: there is nothing to cancel.
func (a *BackupItemAction) Cancel(string, *velerov1api.Backup) error { return nil }
