package plugin

import (
	"context"
	"errors"
	"fmt"

	"github.com/velero-krm/velero-krm/krm"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	riav2 "github.com/vmware-tanzu/velero/pkg/plugin/velero/restoreitemaction/v2"
)

// RestoreItemAction runs the pipelines of a Restore on each object before
// Velero creates it. Several goroutines may call it at once.
type RestoreItemAction struct {
	engine *engine
}

var _ riav2.RestoreItemAction = (*RestoreItemAction)(nil)

// Name returns [Name]; Velero does not ask.
func (a *RestoreItemAction) Name() string { return Name }

// AppliesTo loads the pipelines of the Restore that is starting, so that Velero
// ends it before it creates anything if they do not load, and returns the
// selector: nothing for a Restore without pipelines, otherwise everything.
func (a *RestoreItemAction) AppliesTo() (velero.ResourceSelector, error) {
	ctx, cancel := context.WithTimeout(a.engine.ctx, loadTimeout)
	defer cancel()
	return answer(ctx, a.engine, "Restore", a.engine.cluster.restores, startingRestore)
}

// Execute runs the Restore's pipelines on the object as it is in the backup
// and carries what they changed over to the object that Velero is about to
// create, which Velero and other plugins have changed already. An object that
// the pipelines remove is not restored. The output's UpdatedItem is nil when
// nothing changed; its AdditionalItems, which Velero does not wait for, are
// those that functions ask for.
//
// # Errors
//
// A [*LoadError] when the Restore's pipelines cannot be had; the pipeline's
// error, which names the step and the object, when a function failed; a
// [*krm.ConflictError] when Velero or another plugin changed the same field
// otherwise. Velero does not create the object and goes on with the others.
func (a *RestoreItemAction) Execute(input *velero.RestoreItemActionExecuteInput) (*velero.RestoreItemActionExecuteOutput, error) {
	var out *velero.RestoreItemActionExecuteOutput
	err := guarded(identify(input.ItemFromBackup), func() (err error) {
		out, err = a.execute(a.engine.ctx, input)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (a *RestoreItemAction) execute(ctx context.Context, input *velero.RestoreItemActionExecuteInput) (*velero.RestoreItemActionExecuteOutput, error) {
	unchanged := velero.NewRestoreItemActionExecuteOutput(nil)
	r, err := a.engine.runFor(ctx, restoreRef(input.Restore))
	if err != nil {
		return nil, err
	}
	if len(r.programs) == 0 {
		return unchanged, nil
	}
	item, err := toItem(input.ItemFromBackup)
	if err != nil {
		return nil, err
	}
	if !isCRD(item.Identity()) {
		if err := r.settleKinds(); err != nil {
			r.seen.Add(1)
			r.failed.Add(1)
			return nil, err
		}
	}
	o, err := r.applySingle(ctx, item)
	switch {
	case err != nil:
		return nil, err
	case o.out == nil:
		return unchanged.WithoutRestore(), nil
	case o.out == item:
		unchanged.AdditionalItems = identifiers(o.additional)
		return unchanged, nil
	}
	out, err := a.carry(ctx, item, o.out, input)
	if err != nil {
		r.failedLate(true)
		return nil, err
	}
	out.AdditionalItems = identifiers(o.additional)
	return out, nil
}

// carry brings what the pipelines changed to the object that is about to be
// created.
func (a *RestoreItemAction) carry(ctx context.Context, before, after *krm.Item, input *velero.RestoreItemActionExecuteInput) (*velero.RestoreItemActionExecuteOutput, error) {
	id := before.Identity()
	if err := checkNotMoved(id, after.Identity()); err != nil {
		return nil, err
	}
	onto, err := toItem(input.Item)
	if err != nil {
		return nil, err
	}
	base, changed, dropped, err := withoutReset(before, after)
	if err != nil {
		return nil, fmt.Errorf("carry changes to %s: %w", id, err)
	}
	if len(dropped) > 0 {
		a.engine.log.DebugContext(ctx, "changes of fields that Velero resets are dropped", "object", id.String(), "fields", dropped)
	}
	result, err := krm.Carry(base, changed, onto)
	if err != nil {
		return nil, conflict(id, err)
	}
	if result == onto || result.Equal(onto) {
		return velero.NewRestoreItemActionExecuteOutput(nil), nil
	}
	updated, err := toUnstructured(result)
	if err != nil {
		return nil, err
	}
	return velero.NewRestoreItemActionExecuteOutput(updated), nil
}

// checkNotMoved refuses another namespace: that is the Restore's to say.
func checkNotMoved(before, after krm.Identity) error {
	switch {
	case after.Namespace != before.Namespace:
		return fmt.Errorf("%s was moved to namespace %q: Velero restores into the namespace that the Restore says; use its spec.namespaceMapping", before, after.Namespace)
	case before.Kind == "Namespace" && before.Group() == "" && after.Name != before.Name:
		return fmt.Errorf("%s was renamed to %q: Velero restores into the namespace that the Restore says; use its spec.namespaceMapping", before, after.Name)
	}
	return nil
}

func conflict(id krm.Identity, err error) error {
	var c *krm.ConflictError
	if errors.As(err, &c) {
		return fmt.Errorf("carry changes to %s: %w; Velero or another plugin changed it before: let only one of them do it", id, err)
	}
	return fmt.Errorf("carry changes to %s: %w", id, err)
}

// isCRD reports whether an object is what Velero restores before all others.
func isCRD(id krm.Identity) bool {
	return id.Kind == "CustomResourceDefinition" && id.Group() == "apiextensions.k8s.io"
}

// Progress returns an error: the action starts no operations.
func (a *RestoreItemAction) Progress(string, *velerov1api.Restore) (velero.OperationProgress, error) {
	return velero.OperationProgress{}, riav2.AsyncOperationsNotSupportedError()
}

// Cancel does nothing: there is nothing to cancel.
func (a *RestoreItemAction) Cancel(string, *velerov1api.Restore) error { return nil }

// AreAdditionalItemsReady returns true: the action asks not to wait for them.
func (a *RestoreItemAction) AreAdditionalItemsReady([]velero.ResourceIdentifier, *velerov1api.Restore) (bool, error) {
	return true, nil
}
