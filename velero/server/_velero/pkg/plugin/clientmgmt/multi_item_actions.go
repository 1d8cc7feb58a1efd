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

package clientmgmt

import (
	"context"
	"slices"
	"strings"

	mia "github.com/velero-krm/velero-krm/multiitem"

	"github.com/vmware-tanzu/velero/pkg/plugin/clientmgmt/process"
	"github.com/vmware-tanzu/velero/pkg/plugin/framework"
	"github.com/vmware-tanzu/velero/pkg/plugin/framework/common"
	"github.com/vmware-tanzu/velero/pkg/plugin/multiitem"
)

var _ multiitem.Getter = (*manager)(nil)

// MultiItemActions returns the registered multi-item actions of a kind in the
// order of their names. CleanupClients does not end their processes.
func (m *manager) MultiItemActions(kind mia.Kind) []multiitem.Plugin {
	ids := slices.Clone(m.registry.List(common.PluginKind(kind)))
	slices.SortFunc(ids, func(a, b framework.PluginIdentifier) int { return strings.Compare(a.Name, b.Name) })

	plugins := make([]multiitem.Plugin, 0, len(ids))
	for _, id := range ids {
		plugins = append(plugins, multiitem.Plugin{
			Name: id.Name,
			Start: func(context.Context) (*mia.Process, error) {
				return process.StartMultiItemAction(id, m.logger, m.logLevel)
			},
		})
	}
	return plugins
}

// withoutReplaced leaves out the item actions that a multi-item action of the
// same name replaces.
func (m *manager) withoutReplaced(ids []framework.PluginIdentifier) []framework.PluginIdentifier {
	registry, ok := m.registry.(interface {
		ReplacedByMultiItemAction(id framework.PluginIdentifier) bool
	})
	if !ok {
		return ids
	}
	return slices.DeleteFunc(slices.Clone(ids), registry.ReplacedByMultiItemAction)
}
