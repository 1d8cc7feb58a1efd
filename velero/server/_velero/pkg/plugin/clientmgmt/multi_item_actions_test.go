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
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	mia "github.com/velero-krm/velero-krm/multiitem"

	"github.com/vmware-tanzu/velero/pkg/plugin/clientmgmt/process"
	"github.com/vmware-tanzu/velero/pkg/plugin/framework"
	"github.com/vmware-tanzu/velero/pkg/plugin/framework/common"
	"github.com/vmware-tanzu/velero/pkg/test"
)

// multiItemRegistry is a registry that knows which item actions are replaced.
type multiItemRegistry struct {
	process.Registry
	ids []framework.PluginIdentifier
}

func (r multiItemRegistry) List(kind common.PluginKind) []framework.PluginIdentifier {
	var ids []framework.PluginIdentifier
	for _, id := range r.ids {
		if id.Kind == kind {
			ids = append(ids, id)
		}
	}
	return ids
}

func (r multiItemRegistry) Get(kind common.PluginKind, name string) (framework.PluginIdentifier, error) {
	return framework.PluginIdentifier{Kind: kind, Name: name, Command: "/command"}, nil
}

func (r multiItemRegistry) ReplacedByMultiItemAction(id framework.PluginIdentifier) bool {
	return id.Name == "example.com/replaced"
}

// processes makes restartable processes that do nothing.
type processes struct{}

func (processes) NewRestartableProcess(string, logrus.FieldLogger, logrus.Level) (process.RestartableProcess, error) {
	return nil, nil
}

func TestReplacedActionsAreLeftOut(t *testing.T) {
	var ids []framework.PluginIdentifier
	for _, kind := range []common.PluginKind{
		common.PluginKindBackupItemAction, common.PluginKindBackupItemActionV2,
		common.PluginKindRestoreItemAction, common.PluginKindRestoreItemActionV2,
	} {
		ids = append(ids, framework.PluginIdentifier{Kind: kind, Name: "example.com/kept"}, framework.PluginIdentifier{Kind: kind, Name: "example.com/replaced"})
	}
	m := NewManager(test.NewLogger(), logrus.InfoLevel, multiItemRegistry{ids: ids}).(*manager)
	m.restartableProcessFactory = processes{}

	v1, err := m.GetBackupItemActions()
	require.NoError(t, err)
	assert.Len(t, v1, 1)
	v2, err := m.GetBackupItemActionsV2()
	require.NoError(t, err)
	require.Len(t, v2, 1)
	assert.Equal(t, "example.com/kept", v2[0].Name())
	restoreV1, err := m.GetRestoreItemActions()
	require.NoError(t, err)
	assert.Len(t, restoreV1, 1)
	restoreV2, err := m.GetRestoreItemActionsV2()
	require.NoError(t, err)
	require.Len(t, restoreV2, 1)
	assert.Equal(t, "example.com/kept", restoreV2[0].Name())
}

func TestMultiItemActionsAreSorted(t *testing.T) {
	m := NewManager(test.NewLogger(), logrus.InfoLevel, multiItemRegistry{ids: []framework.PluginIdentifier{
		{Kind: common.PluginKindBackupMultiItemAction, Name: "example.com/b"},
		{Kind: common.PluginKindBackupMultiItemAction, Name: "example.com/a"},
		{Kind: common.PluginKindRestoreMultiItemAction, Name: "example.com/c"},
	}}).(*manager)
	var names []string
	for _, plugin := range m.MultiItemActions(mia.KindBackup) {
		names = append(names, plugin.Name)
	}
	assert.Equal(t, []string{"example.com/a", "example.com/b"}, names)
}
