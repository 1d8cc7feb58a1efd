package server

// Edits returns all that is changed in files of Velero. The rest of the change
// is new files, in ./_velero. The list is the same for every version.
func Edits() []Edit {
	var all []Edit
	for _, part := range [][]Edit{pluginEdits(), managerEdits(), backupEdits(), lateEdits(), finalizeEdits(), restoreEdits()} {
		all = append(all, part...)
	}
	return all
}

// pluginEdits let plugins list and serve the new kinds.
func pluginEdits() []Edit {
	return []Edit{
		{
			Name:   "know the kinds",
			File:   "pkg/plugin/framework/common/plugin_kinds.go",
			Func:   "AllPluginKinds",
			Anchor: "return allPluginKinds",
			Where:  Before,
			Insert: "addMultiItemKinds(allPluginKinds)",
		},
		{
			Name:   "dispense the kinds",
			File:   "pkg/plugin/clientmgmt/process/client_builder.go",
			Func:   "(*clientBuilder).client",
			Anchor: "return hcplugin.NewClient(b.clientConfig())",
			Where:  Replace,
			Insert: "return hcplugin.NewClient(withMultiItemActions(b.clientConfig()))",
		},
	}
}

// managerEdits leave out the item actions that a multi-item action replaces.
func managerEdits() []Edit {
	var edits []Edit
	for _, kind := range []struct{ function, kind string }{
		{"GetBackupItemActions", "PluginKindBackupItemAction"},
		{"GetBackupItemActionsV2", "PluginKindBackupItemActionV2"},
		{"GetRestoreItemActions", "PluginKindRestoreItemAction"},
		{"GetRestoreItemActionsV2", "PluginKindRestoreItemActionV2"},
	} {
		edits = append(edits, Edit{
			Name:   "leave out replaced actions: " + kind.function,
			File:   "pkg/plugin/clientmgmt/manager.go",
			Func:   "(*manager)." + kind.function,
			Anchor: "list := m.registry.List(common." + kind.kind + ")",
			Where:  After,
			Insert: "list = m.withoutReplaced(list)",
		})
	}
	return edits
}

const (
	backupFile        = "pkg/backup/backup.go"
	backupFunc        = "(*kubernetesBackupper).BackupWithResolvers"
	finalizeFunc      = "(*kubernetesBackupper).FinalizeBackup"
	itemBackupperFile = "pkg/backup/item_backupper.go"
	// newItemBackupper is the statement that makes the itemBackupper of a run.
	newItemBackupper = "itemBackupper := &itemBackupper{"
	crdBlock         = "if !backupRequest.ResourceIncludesExcludes.ShouldExclude(kuberesource.CustomResourceDefinitions.String()) &&"
)

// backupEdits run the actions over the collected list.
func backupEdits() []Edit {
	return []Edit{
		{
			Name:   "backup: run the actions on the list",
			File:   backupFile,
			Func:   backupFunc,
			Anchor: "items := collector.getAllItems()",
			Where:  After,
			Insert: `items, multiItems, err := kb.runMultiItemActions(log, backupRequest, collector, volumeSnapshotterGetter, items)
if err != nil {
	return err
}
defer multiItems.close()`,
		},
		{
			Name:   "backup: remember the actions",
			File:   itemBackupperFile,
			Type:   "itemBackupper",
			Insert: "// multiItems is nil when no multi-item action has anything to do.\nmultiItems *multiItems",
		},
		{
			Name:   "backup: hand the actions on",
			File:   backupFile,
			Func:   backupFunc,
			Anchor: newItemBackupper,
			Where:  After,
			Insert: "itemBackupper.multiItems = multiItems",
		},
		{
			Name:   "backup: remember where the actions left an item",
			File:   "pkg/backup/item_collector.go",
			Type:   "kubernetesResource",
			Insert: "// spooled is set when a multi-item action returned the object; path is empty or gone then.\nspooled *spooledItem",
		},
		{
			Name:   "backup: read what actions made of an item",
			File:   "pkg/backup/itemblock.go",
			Func:   "(*BackupItemBlock).addKubernetesResource",
			Anchor: "f, err := os.Open(item.path)",
			Where:  Replace,
			Insert: "f, err := b.itemBackupper.multiItems.open(item)",
		},
		{
			Name:   "backup: keep what actions made of an item",
			File:   "pkg/backup/itemblock.go",
			Func:   "(*BackupItemBlock).addKubernetesResource",
			Anchor: "defer os.Remove(f.Name())",
			Where:  Replace,
			Insert: "defer b.itemBackupper.multiItems.release(os.Remove, f.Name())",
		},
		{
			Name:   "backup: include what actions created",
			File:   itemBackupperFile,
			Func:   "(*itemBackupper).itemInclusionChecks",
			Anchor: "if mustInclude {",
			Where:  Before,
			Insert: "mustInclude = mustInclude || ib.multiItems.mustInclude(groupResource, metadata)",
		},
	}
}

// lateEdits take items that join the backup later through the actions.
func lateEdits() []Edit {
	return []Edit{
		{
			Name:   "late: additional items of item actions",
			File:   itemBackupperFile,
			Func:   "(*itemBackupper).executeActions",
			Anchor: "if len(itemList) == 0 {",
			Where:  Before,
			Insert: `if len(itemList) == 0 && ib.multiItems != nil {
	files, err := ib.backupLateItem(log, additionalItem, mustInclude, finalize, itemBlock)
	if err != nil {
		return nil, itemFiles, err
	}
	itemFiles = append(itemFiles, files...)
	continue
}`,
		},
		{
			Name:   "late: find related items under their new names",
			File:   backupFile,
			Func:   "(*kubernetesBackupper).executeItemBlockActions",
			Anchor: "itemsToAdd := itemsMap[relatedItem]",
			Where:  Before,
			Insert: `relatedItem, in := itemBlock.itemBackupper.multiItems.current(relatedItem)
if !in {
	continue
}`,
		},
		{
			Name:   "late: related items of item blocks",
			File:   backupFile,
			Func:   "(*kubernetesBackupper).executeItemBlockActions",
			Anchor: "itemBlock.AddUnstructured(relatedItem.GroupResource, item, gvr)",
			Where:  Before,
			Insert: `if item = itemBlock.itemBackupper.multiItems.late(log, relatedItem, item); item == nil {
	continue
}`,
		},
		{
			Name:   "late: created and additional items of late items",
			File:   backupFile,
			Func:   backupFunc,
			Anchor: crdBlock,
			Where:  Before,
			Insert: "kb.backupLateExtras(log, itemBackupper, backedUpGroupResources)",
		},
		{
			Name:   "late: custom resource definitions",
			File:   backupFile,
			Func:   "(*kubernetesBackupper).backupCRD",
			Anchor: "kb.backupItem(log, gvr.GroupResource(), itemBackupper, unstructured, gvr, nil)",
			Where:  Before,
			Insert: `unstructured = itemBackupper.multiItems.late(log, velero.ResourceIdentifier{GroupResource: gvr.GroupResource(), Name: gr.String()}, unstructured)
if unstructured == nil {
	return
}`,
		},
		{
			Name:   "late: what definitions bring along",
			File:   backupFile,
			Func:   backupFunc,
			Anchor: crdBlock,
			Where:  After,
			Insert: "kb.backupLateExtras(log, itemBackupper, backedUpGroupResources)",
		},
	}
}

// finalizeEdits take items through the actions that are read again when
// asynchronous operations have ended.
func finalizeEdits() []Edit {
	return []Edit{
		{
			Name:   "finalize: run the actions on the list",
			File:   backupFile,
			Func:   finalizeFunc,
			Anchor: "items := collector.getItemsFromResourceIdentifiers(resourceIDs)",
			Where:  After,
			Insert: `items, multiItems, err := kb.finalizeMultiItemActions(log, backupRequest, collector, items)
if err != nil {
	return err
}
defer multiItems.close()`,
		},
		{
			Name:   "finalize: hand the actions on",
			File:   backupFile,
			Func:   finalizeFunc,
			Anchor: newItemBackupper,
			Where:  After,
			Insert: "itemBackupper.multiItems = multiItems",
		},
	}
}
