package multiitem

import "context"

// BackupMultiItemAction changes what a backup writes. Implementations must be
// safe for concurrent use: backups may overlap.
type BackupMultiItemAction interface {
	// AppliesTo returns which items the action wants. It must return the same
	// each time; what depends on the run is decided in Execute.
	AppliesTo(ctx context.Context) (ResourceSelector, error)
	// Execute gets every selected item of one backup and answers each exactly
	// once. An error before the first item was asked for refuses the run:
	// nothing has been touched, and the backup fails with that message. An
	// error later fails the items that have no answer. Use [Item.Failed] for
	// the failure of one item. ctx ends when the backup is cancelled.
	Execute(ctx context.Context, run Run, items *Stream) error
}

// RestoreMultiItemAction changes what a restore creates. Implementations must
// be safe for concurrent use: restores may overlap.
type RestoreMultiItemAction interface {
	// AppliesTo: as of [BackupMultiItemAction].
	AppliesTo(ctx context.Context) (ResourceSelector, error)
	// Execute gets every selected item of one restore, Namespaces included,
	// before the first object is created. Otherwise as of
	// [BackupMultiItemAction].
	Execute(ctx context.Context, run Run, items *Stream) error
}

// action is what both kinds look like to the server.
type action interface {
	AppliesTo(ctx context.Context) (ResourceSelector, error)
	Execute(ctx context.Context, run Run, items *Stream) error
}

var (
	_ action = BackupMultiItemAction(nil)
	_ action = RestoreMultiItemAction(nil)
)
