package server

const (
	restoreFile = "pkg/restore/restore.go"
	restoreFunc = "(*restoreContext).execute"
)

// restoreEdits run the actions over all that a restore selected, before it
// creates the first object.
func restoreEdits() []Edit {
	return []Edit{
		{
			Name:   "restore: remember the actions",
			File:   restoreFile,
			Type:   "restoreContext",
			Insert: "// multiItems is nil when there are no multi-item actions.\nmultiItems *multiItems",
		},
		{
			Name:   "restore: run the actions on everything selected",
			File:   restoreFile,
			Func:   restoreFunc,
			Anchor: "crdResourceCollection, processedResources, w, e := ctx.getOrderedResourceCollection(",
			Where:  After,
			Insert: `if !ctx.runMultiItemActions(backupResources, &crdResourceCollection, processedResources, &w, &e) {
	warnings.Merge(&w)
	errs.Merge(&e)
	close(quit)
	return warnings, errs
}`,
		},
		{
			Name:   "restore: restore what the actions left",
			File:   restoreFile,
			Func:   restoreFunc,
			Anchor: "selectedResourceCollection, _, w, e := ctx.getOrderedResourceCollection(",
			Where:  Before,
			Insert: "backupResources, crdResourceCollection = ctx.multiItemCollection(backupResources, crdResourceCollection)",
		},
		{
			Name:   "restore: list what was left out",
			File:   restoreFile,
			Func:   restoreFunc,
			Anchor: "quit <- struct{}{}",
			Where:  Before,
			Insert: "ctx.finishMultiItems()",
		},
		{
			Name:   "restore: find additional items under their new names",
			File:   restoreFile,
			Func:   "(*restoreContext).restoreItem",
			Anchor: "itemPath := archive.GetItemFilePath(ctx.restoreDir, additionalItem.GroupResource.String(), additionalItem.Namespace, additionalItem.Name)",
			Where:  After,
			Insert: `if !ctx.multiItemAdditional(&additionalItem, &itemPath, &warnings, &errs) {
	continue
}`,
		},
		{
			Name:   "restore: additional items that were not selected",
			File:   restoreFile,
			Func:   "(*restoreContext).restoreItem",
			Anchor: "itemFromBackup := obj.DeepCopy()",
			Where:  Before,
			Insert: `if !ctx.multiItemLate(obj, groupResource, &warnings, &errs) {
	return warnings, errs, itemExists
}
backupResourceName = obj.GetName()
`,
		},
		{
			Name:   "restore: fail a restore that an action refused",
			File:   "pkg/controller/restore_controller.go",
			Func:   "(*restoreReconciler).runValidatedRestore",
			Anchor: "if restore.Status.Errors > 0 {",
			Where:  Before,
			Insert: `// Velero sets a reason only after this; here it comes from an action.
if restore.Status.FailureReason != "" {
	return errors.New(restore.Status.FailureReason)
}
`,
		},
	}
}
