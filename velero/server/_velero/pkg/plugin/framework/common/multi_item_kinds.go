/*
Copyright the Velero contributors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package common

import (
	"github.com/velero-krm/velero-krm/multiitem"
)

const (
	// PluginKindBackupMultiItemAction represents a backup multi-item action plugin.
	PluginKindBackupMultiItemAction = PluginKind(multiitem.KindBackup)

	// PluginKindRestoreMultiItemAction represents a restore multi-item action plugin.
	PluginKindRestoreMultiItemAction = PluginKind(multiitem.KindRestore)
)

// addMultiItemKinds adds the kinds of multi-item actions to all others.
func addMultiItemKinds(kinds map[string]PluginKind) {
	kinds[PluginKindBackupMultiItemAction.String()] = PluginKindBackupMultiItemAction
	kinds[PluginKindRestoreMultiItemAction.String()] = PluginKindRestoreMultiItemAction
}

// MultiItemKindOf returns the kind of multi-item action that replaces item
// actions of a kind, if there is one.
func MultiItemKindOf(kind PluginKind) (PluginKind, bool) {
	switch kind {
	case PluginKindBackupItemAction, PluginKindBackupItemActionV2:
		return PluginKindBackupMultiItemAction, true
	case PluginKindRestoreItemAction, PluginKindRestoreItemActionV2:
		return PluginKindRestoreMultiItemAction, true
	default:
		return "", false
	}
}
