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

package process

import (
	"testing"

	hclog "github.com/hashicorp/go-hclog"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/velero-krm/velero-krm/multiitem"

	"github.com/vmware-tanzu/velero/pkg/plugin/framework"
	"github.com/vmware-tanzu/velero/pkg/plugin/framework/common"
	"github.com/vmware-tanzu/velero/pkg/test"
	"github.com/vmware-tanzu/velero/pkg/util/logging"
)

func TestReplacedByMultiItemAction(t *testing.T) {
	r := NewRegistry("", test.NewLogger(), logrus.InfoLevel).(*registry)
	for _, id := range []framework.PluginIdentifier{
		{Kind: common.PluginKindBackupItemAction, Name: "example.com/one"},
		{Kind: common.PluginKindBackupItemActionV2, Name: "example.com/both"},
		{Kind: common.PluginKindBackupMultiItemAction, Name: "example.com/both"},
		{Kind: common.PluginKindRestoreItemActionV2, Name: "example.com/both"},
		{Kind: common.PluginKindDeleteItemAction, Name: "example.com/both"},
		{Kind: common.PluginKindRestoreItemAction, Name: "example.com/old"},
		{Kind: common.PluginKindRestoreMultiItemAction, Name: "example.com/old"},
	} {
		require.NoError(t, r.register(id))
	}
	tests := map[string]struct {
		kind common.PluginKind
		name string
		want bool
	}{
		"no multi-item action of the name": {common.PluginKindBackupItemAction, "example.com/one", false},
		"one of the name":                  {common.PluginKindBackupItemActionV2, "example.com/both", true},
		"one of the name, for backups":     {common.PluginKindRestoreItemActionV2, "example.com/both", false},
		"one of the name, for v1":          {common.PluginKindRestoreItemAction, "example.com/old", true},
		"a kind that is not replaced":      {common.PluginKindDeleteItemAction, "example.com/both", false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, r.ReplacedByMultiItemAction(framework.PluginIdentifier{Kind: tc.kind, Name: tc.name}))
		})
	}
}

// TestClientKnowsMultiItemActions verifies that a plugin process can list and
// serve them.
func TestClientKnowsMultiItemActions(t *testing.T) {
	config := withMultiItemActions(newClientBuilder("velero", test.NewLogger(), logrus.InfoLevel).clientConfig())
	for _, kind := range multiitem.Kinds() {
		assert.Contains(t, config.Plugins, string(kind))
		assert.Contains(t, common.AllPluginKinds(), string(kind))
	}
	assert.Contains(t, config.Plugins, string(common.PluginKindBackupItemActionV2))
	assert.Contains(t, config.Cmd.Env, multiitem.KindsEnv+"=BackupMultiItemAction,RestoreMultiItemAction")
}

func TestStartMultiItemActionFails(t *testing.T) {
	_, err := StartMultiItemAction(framework.PluginIdentifier{
		Command: t.TempDir() + "/missing",
		Kind:    common.PluginKindBackupMultiItemAction,
		Name:    "example.com/one",
	}, test.NewLogger(), logrus.InfoLevel)
	require.ErrorContains(t, err, "error starting plugin")
}

// TestExitLogger verifies which of the words of go-plugin a backup counts.
func TestExitLogger(t *testing.T) {
	tests := map[string]struct {
		say  func(logger hclog.Logger)
		want logrus.Level
	}{
		"a process that died":            {func(l hclog.Logger) { l.Error("plugin process exited") }, logrus.WarnLevel},
		"a process that is slow to exit": {func(l hclog.Logger) { l.Warn("plugin failed to exit gracefully") }, logrus.InfoLevel},
		"another warning":                {func(l hclog.Logger) { l.Warn("another") }, logrus.WarnLevel},
		"another error":                  {func(l hclog.Logger) { l.Error("another") }, logrus.ErrorLevel},
		"what the plugin says":           {func(l hclog.Logger) { l.Named("stdio").Error("plugin process exited") }, logrus.ErrorLevel},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			counts := logging.NewLogHook()
			log := logrus.New()
			log.AddHook(counts)
			tc.say(exitLogger{newLogrusAdapter(log, logrus.InfoLevel)})
			for _, level := range []logrus.Level{logrus.InfoLevel, logrus.WarnLevel, logrus.ErrorLevel} {
				want := 0
				if level == tc.want {
					want = 1
				}
				assert.Equal(t, want, counts.GetCount(level), level)
			}
		})
	}
}
