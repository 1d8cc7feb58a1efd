// Package multiitem has the plugin types BackupMultiItemAction and
// RestoreMultiItemAction: what Velero's item actions do one object at a time,
// for a whole backup or restore in one streaming call.
//
// A plugin author implements [BackupMultiItemAction] or
// [RestoreMultiItemAction], puts it into a [Registry] and serves
// [Registry.Plugins] with go-plugin, next to other kinds where there are any:
//
//	registry := multiitem.NewRegistry()
//	err := registry.RegisterBackup("example.com/label", func(*slog.Logger) (multiitem.BackupMultiItemAction, error) {
//		return labeller{}, nil
//	})
//
// The action reads items from a [Stream] and answers each by its index:
//
//	func (labeller) Execute(ctx context.Context, run multiitem.Run, items *multiitem.Stream) error {
//		return items.Each(ctx, func(ctx context.Context, it *multiitem.Item) (multiitem.Answer, error) {
//			return it.Updated(label(it.Object)), nil
//		})
//	}
//
// A host, as the Velero server, adds [HostPlugins] to the kinds it dispenses
// and calls the actions through a [Runner], which starts plugin processes,
// sends the unanswered items again when one dies, and finds the item that kills
// it. [Client] is one call without that.
//
// Neither side ever holds the list: the host reads items from a [Source] as the
// plugin answers, at most a window ahead. docs/protocol.md is the contract, for
// plugins and hosts in other languages too.
package multiitem
