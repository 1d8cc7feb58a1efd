package plugin

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/sirupsen/logrus"
	"github.com/velero-krm/velero-krm/multiitem"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
)

// BackupMultiItemAction runs the pipelines of a Backup on its whole list before
// Velero writes it. It is registered under [Name] as [BackupItemAction] is, so a
// Velero with multi-item actions calls it in its place. Calls may overlap.
type BackupMultiItemAction struct {
	engine *engine
}

var _ multiitem.BackupMultiItemAction = (*BackupMultiItemAction)(nil)

// AppliesTo returns the selector of everything: which objects the pipelines
// select is known only with the Backup, and it comes to Execute. One that has no
// pipelines costs a message there.
func (a *BackupMultiItemAction) AppliesTo(context.Context) (multiitem.ResourceSelector, error) {
	return multiitem.ResourceSelector{}, nil
}

// Execute runs the Backup's pipelines on the items: in batches, any split of
// which gives the same, or on the whole list when a step has scope List. Each
// item is answered as it becomes; what a step removes is left out of the backup.
//
// # Errors
//
// A [*LoadError] when the Backup's pipelines cannot be had, before an item is
// asked for; that of the stream when the server is gone. A function that fails
// fails its items, with the pipeline's error as the message.
func (a *BackupMultiItemAction) Execute(ctx context.Context, run multiitem.Run, items *multiitem.Stream) error {
	var backup velerov1api.Backup
	if err := json.Unmarshal(run.Backup, &backup); err != nil {
		return fmt.Errorf("read the Backup: %w", err)
	}
	return a.engine.execute(ctx, backupRef(&backup), run, items)
}

// RestoreMultiItemAction runs the pipelines of a Restore on its whole list,
// Namespaces included, before Velero creates the first object. It is registered
// under [Name] as [RestoreItemAction] is, so a Velero with multi-item actions
// calls it in its place. Calls may overlap.
type RestoreMultiItemAction struct {
	engine *engine
}

var _ multiitem.RestoreMultiItemAction = (*RestoreMultiItemAction)(nil)

// AppliesTo returns the selector of everything, as of [BackupMultiItemAction].
func (a *RestoreMultiItemAction) AppliesTo(context.Context) (multiitem.ResourceSelector, error) {
	return multiitem.ResourceSelector{}, nil
}

// Execute runs the Restore's pipelines on the items as they are in the backup,
// otherwise as of [BackupMultiItemAction]. When a selector names a kind that the
// cluster does not have, the whole list is read first: the items fail together
// unless a CustomResourceDefinition among them brings it.
func (a *RestoreMultiItemAction) Execute(ctx context.Context, run multiitem.Run, items *multiitem.Stream) error {
	var restore velerov1api.Restore
	if err := json.Unmarshal(run.Restore, &restore); err != nil {
		return fmt.Errorf("read the Restore: %w", err)
	}
	return a.engine.execute(ctx, restoreRef(&restore), run, items)
}

// NewBackupMultiItemAction is the initializer of the multi-item action for
// backups. Velero with multi-item actions calls it instead of the single one.
func (h *Host) NewBackupMultiItemAction(log logrus.FieldLogger) (multiitem.BackupMultiItemAction, error) {
	e, err := h.newMultiEngine(log)
	if err != nil {
		return nil, err
	}
	return &BackupMultiItemAction{engine: e}, nil
}

// NewRestoreMultiItemAction is the initializer of the multi-item action for
// restores.
func (h *Host) NewRestoreMultiItemAction(log logrus.FieldLogger) (multiitem.RestoreMultiItemAction, error) {
	e, err := h.newMultiEngine(log)
	if err != nil {
		return nil, err
	}
	return &RestoreMultiItemAction{engine: e}, nil
}

func (h *Host) newMultiEngine(log logrus.FieldLogger) (*engine, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e, err := h.newEngine(log)
	if err != nil {
		return nil, err
	}
	e.multi = true
	return e, nil
}
